"""Every route × scope × sort of key, every route × another tenant's ids, and what is not served."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from businesses.models import Business
from dialects.invoiced.tests.conftest import Invoiced
from dialects.invoiced.urls import urlpatterns

pytestmark = pytest.mark.django_db

READERS, WRITERS = {"all", "read", "write"}, {"all", "write"}


def routes() -> Iterator[tuple[str, str]]:
    """Every method and path, with names in braces where a row is named; the last pattern is for everything else."""
    for pattern in urlpatterns[:-1]:
        path = "/" + re.sub(r"\(\?P<(\w+)>\[\^/\]\+\)", r"{\1}", str(pattern.pattern).strip("^$"))
        for method in list(pattern.callback.actions):
            if method != "head":
                yield method.upper(), path


def body_of(method: str) -> Any:
    return {"name": "x", "notes": "x"} if method in {"POST", "PATCH"} else None


def test_there_are_as_many_as_we_think() -> None:
    assert len(list(routes())) == 22


@pytest.mark.parametrize("scope", ["all", "read", "write", "webhooks"])
def test_scopes(alice: Business, scope: str) -> None:
    program = Invoiced(alice, scope)
    for method, path in [*routes(), ("GET", "/plans"), ("POST", "/plans"), ("PUT", "/x/1"), ("DELETE", "/plans/1")]:
        response = program.call(method, path.format(id=0, contact=0, note=0), body_of(method))
        if scope in (READERS if method == "GET" else WRITERS):
            assert response.status_code in {200, 201, 204, 400, 404}, (method, path, response.content)
        else:
            assert (response.status_code, response.json()["type"]) == (403, "invalid_request"), (method, path)


@pytest.mark.parametrize("key", ["", "oim_" + "0" * 64, "nonsense"])
def test_wrong_keys(invoiced: Invoiced, key: str) -> None:
    invoiced.key = key
    for method, path in routes():
        response = invoiced.call(method, path.format(id=1, contact=1, note=1), body_of(method))
        assert response.status_code == 401, (method, path)
        assert response.json()["message"]
        assert response["WWW-Authenticate"].startswith("Basic")


def test_bearer_too(invoiced: Invoiced) -> None:
    assert invoiced.call("GET", "/customers", Authorization=f"Bearer {invoiced.key}").status_code == 200


def test_nothing_of_anothers_is_opened(invoiced: Invoiced, bobs: Invoiced) -> None:
    customer = invoiced.post("/customers", {"name": "A", "email": "a@b.test"}).json()["id"]
    contact = invoiced.post(f"/customers/{customer}/contacts", {"name": "C"}).json()["id"]
    note = invoiced.post(f"/customers/{customer}/notes", {"notes": "N"}).json()["id"]
    own = bobs.post("/customers", {"name": "B"}).json()["id"]
    probes = 0
    for method, path in routes():
        if "{" not in path:
            continue
        foreign = bobs.call(method, path.format(id=customer, contact=contact, note=note), body_of(method))
        assert foreign.status_code == 404, (method, path)
        nested = bobs.call(method, path.format(id=own, contact=contact, note=note), body_of(method))
        assert nested.status_code == 404 or "contact" not in path, (method, path)
        probes += 1
    assert probes == 18
    assert bobs.post("/notes", {"customer_id": customer, "notes": "x"}).status_code == 400
    assert bobs.post("/customers", {"name": "C", "parent_customer": customer}).json()["param"] == "parent_customer"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", "/subscriptions"), ("POST", "/plans"), ("PUT", "/invoices/1/payment_plan"), ("PATCH", "/coupons/1")),
        *(("GET", "/customers/1/payment_sources"), ("GET", "/customers/"), ("DELETE", "/invoices/1"), ("GET", "/")),
    ],
)
def test_what_is_not_served_is_named(invoiced: Invoiced, method: str, path: str) -> None:
    response = invoiced.call(method, path)
    assert response.status_code == 404
    assert response.json() == {"type": "invalid_request", "message": f"This server does not serve {method} {path}."}
