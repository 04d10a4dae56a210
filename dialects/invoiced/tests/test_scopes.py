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


class Anything(dict[str, Any]):
    """An id for whatever a path names."""

    def __missing__(self, name: str) -> int:
        return 0


def belongings(program: Invoiced) -> dict[str, Any]:
    """One of everything that a path can name, by the folder that its id stands in or the name of its parameter."""
    customer = program.post("/customers", {"name": "A", "email": "a@b.test"}).json()["id"]
    document = {"customer": customer, "items": [{"name": "Work", "quantity": 1, "unit_cost": 100}]}
    made = {
        "invoices": document,
        "estimates": document,
        "credit_notes": document,
        "payments": {"customer": customer, "amount": 5},
        "credit_balance_adjustments": {"customer": customer, "amount": 5},
        "files": {"url": "https://example.com/a.pdf", "name": "a.pdf", "type": "application/pdf"},
        "items": {"name": "Hour", "unit_cost": 100, "id": "hour"},
        "tax_rates": {"name": "VAT", "value": 19, "id": "vat"},
        "customers/{id}/contacts": {"name": "C"},
        "customers/{id}/notes": {"notes": "N"},
        "customers/{id}/line_items": {"name": "L", "quantity": 1, "unit_cost": 1},
    }
    found = {path: program.post(f"/{path.format(id=customer)}", body).json()["id"] for path, body in made.items()}
    nested = {name.rpartition("/")[2].removesuffix("s"): found[name] for name in made if name.startswith("customers/")}
    event = program.get("/events").json()[0]["id"]
    return {**found, **nested, "line": nested["line_item"], "customers": customer, "events": event}


def spelt(path: str, ids: dict[str, Any]) -> str:
    """The path with these ids in it."""
    return path.format_map(Anything({**ids, "id": ids.get(path.split("/")[1], 0)}))


@pytest.mark.parametrize("scope", ["all", "read", "write", "webhooks"])
def test_scopes(alice: Business, scope: str) -> None:
    program = Invoiced(alice, scope)
    for method, path in [*routes(), ("GET", "/plans"), ("POST", "/plans"), ("PUT", "/x/1"), ("DELETE", "/plans/1")]:
        response = program.call(method, spelt(path, {}), body_of(method))
        if scope in (READERS if method == "GET" else WRITERS):
            assert response.status_code in {200, 201, 204, 400, 404}, (method, path, response.content)
        else:
            assert (response.status_code, response.json()["type"]) == (403, "invalid_request"), (method, path)


@pytest.mark.parametrize("key", ["", "oim_" + "0" * 64, "nonsense"])
def test_wrong_keys(invoiced: Invoiced, key: str) -> None:
    invoiced.key = key
    for method, path in routes():
        response = invoiced.call(method, spelt(path, {}), body_of(method))
        assert response.status_code == 401, (method, path)
        assert response.json()["message"]
        assert response["WWW-Authenticate"].startswith("Basic")


def test_bearer_too(invoiced: Invoiced) -> None:
    assert invoiced.call("GET", "/customers", Authorization=f"Bearer {invoiced.key}").status_code == 200


def test_nothing_of_anothers_is_opened(invoiced: Invoiced, bobs: Invoiced) -> None:
    theirs = belongings(invoiced)
    customer = theirs["customers"]
    own = {**theirs, "customers": bobs.post("/customers", {"name": "B"}).json()["id"]}
    probes = 0
    for method, path in routes():
        if "{" not in path or path.startswith("/charges"):  # which nobody has
            continue
        foreign = bobs.call(method, spelt(path, theirs), body_of(method))
        assert foreign.status_code == 404, (method, path)
        if path.count("{") > 1:  # within a customer of one's own
            assert bobs.call(method, spelt(path, own), body_of(method)).status_code == 404, (method, path)
        probes += 1
    assert probes > 50
    for name, value in theirs.items():  # and nothing of it has changed
        if name not in {"contact", "note", "line", "line_item"} and "{" not in name:
            assert invoiced.get(f"/{name}/{value}").status_code == 200, name
    assert bobs.post("/notes", {"customer_id": customer, "notes": "x"}).status_code == 400
    assert bobs.post("/customers", {"name": "C", "parent_customer": customer}).json()["param"] == "parent_customer"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", "/subscriptions"), ("POST", "/plans"), ("PUT", "/invoices/1/payment_plan"), ("PATCH", "/coupons/1")),
        *(("GET", "/customers/1/payment_sources"), ("GET", "/customers/"), ("DELETE", "/themes/1"), ("GET", "/")),
    ],
)
def test_what_is_not_served_is_named(invoiced: Invoiced, method: str, path: str) -> None:
    response = invoiced.call(method, path)
    assert response.status_code == 404
    assert response.json() == {"type": "invalid_request", "message": f"This server does not serve {method} {path}."}
