"""Every route × scope × sort of key, and every route × another tenant's ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from businesses.models import Business
from dialects.corebill import ids
from dialects.corebill.tests.conftest import CoreBill
from dialects.corebill.urls import urlpatterns

pytestmark = pytest.mark.django_db

LEVELS = {"GET": ("read", "write", "all"), "POST": ("write", "all"), "DELETE": ("all",)}
NAMES = {"customers": ids.CUSTOMER, "invoices": ids.INVOICE, "quotes": ids.QUOTE, "items": ids.ITEM}


def routes() -> Iterator[tuple[str, str]]:
    """Every method and path, with `{id}` where a row is named."""
    for pattern in urlpatterns:
        path = "/" + str(pattern.pattern).removeprefix("^").removesuffix("/?$").replace("(?P<id>[^/]+)", "{id}")
        for method in list(pattern.callback.actions):
            if method != "head":
                yield method.upper(), path


def test_there_are_as_many_as_we_think() -> None:
    assert len(list(routes())) == 27


@pytest.mark.parametrize("scope", ["all", "read", "write", "webhooks"])
def test_scopes(alice: Business, scope: str) -> None:
    program = CoreBill(alice, scope)
    for method, path in routes():
        response = program.call(method, path.format(id="cus_000000000000"), {} if method == "POST" else None)
        if scope in LEVELS[method]:
            assert response.status_code in {200, 400, 404}, (method, path, response.content)
        else:
            level = {"GET": "Read", "POST": "Write", "DELETE": "Admin"}[method]
            refusal = {"error": f"Insufficient permissions. {level} access required."}
            assert (response.status_code, response.json()) == (403, refusal), (method, path)


@pytest.mark.parametrize("key", ["", "sk_live_" + "0" * 64, "oim_" + "0" * 64, "sk_test_1"])
def test_wrong_keys(corebill: CoreBill, key: str) -> None:
    corebill.key = key
    for method, path in routes():
        response = corebill.call(method, path.format(id="x"), {} if method == "POST" else None)
        assert response.status_code == 401, (method, path)
        assert set(response.json()) == {"error"}


def test_our_own_spelling_opens_it_too(alice: Business) -> None:
    program = CoreBill(alice, spelling="oim")
    assert program.key.startswith("oim_")
    assert program.get("/customers").status_code == 200


def test_nothing_of_anothers_is_opened(corebill: CoreBill, bobs: CoreBill, acme: Mapping[str, Any]) -> None:
    line = {"item_name": "x", "quantity": 1, "unit_price": 1}
    body = {"customer_id": acme["id"], "line_items": [line]}
    own = {
        "customers": acme["id"],
        "invoices": corebill.post("/invoices", body).json()["id"],
        "quotes": corebill.post("/quotes", body).json()["id"],
        "items": corebill.post("/items", {"name": "x", "unit_price": 1}).json()["id"],
    }
    probes = 0
    for method, path in routes():
        if "{id}" not in path:
            continue
        noun = path.split("/")[1]
        foreign, missing = (
            bobs.call(method, path.format(id=text), {} if method == "POST" else None)
            for text in (own[noun], ids.spell(NAMES[noun], 10**9))
        )
        assert (foreign.status_code, foreign.content) == (404, missing.content), (method, path)
        probes += 1
    assert probes == 18
    for noun in ("invoices", "quotes"):
        response = bobs.post(f"/{noun}", body)
        assert (response.status_code, response.json()) == (404, {"error": "Customer not found"})
        assert bobs.get(f"/{noun}", customer_id=acme["id"]).json()["data"] == []
