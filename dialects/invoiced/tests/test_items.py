"""Invoiced's items: our products under ids that are text."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.models import Product
from conftest import Api
from dialects.invoiced.items import facts_of, item_ids, products_by_code
from dialects.invoiced.tests.conftest import Invoiced
from invoicing.lib.errors import Invalid

pytestmark = pytest.mark.django_db

# The page's object, but for its times.
PRINTED = {
    "avalara_location_code": None,
    "avalara_tax_code": None,
    "currency": "usd",
    "description": None,
    "discountable": True,
    "gl_account": None,
    "id": "delivery",
    "metadata": [],
    "name": "Delivery",
    "object": "item",
    "taxable": True,
    "taxes": [],
    "type": "service",
    "unit_cost": 100,
}
FORM = {"id": "delivery", "name": "Delivery", "unit_cost": "100", "type": "service"}


@pytest.fixture
def delivery(invoiced: Invoiced) -> dict[str, Any]:
    return dict(invoiced.post("/items", form=FORM).json())


@pytest.fixture
def rates(invoiced: Invoiced) -> None:
    for code, value in (("vat", 5), ("city", 1.25)):
        assert invoiced.post("/tax_rates", {"id": code, "name": code, "value": value}).status_code == 201


def without_times(shown: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in shown.items() if name not in ("created_at", "updated_at")}


def test_the_pages_object(invoiced: Invoiced, delivery: dict[str, Any], api: Api) -> None:
    assert without_times(delivery) == PRINTED
    assert invoiced.get("/items/delivery").json() == delivery
    listed = invoiced.get("/items")
    assert (listed.json(), listed["X-Total-Count"]) == ([delivery], "1")
    native = api.get("/products").json()["data"][0]
    assert (native["name"], native["unit_price"], native["tax_rate"]) == ("Delivery", 100, 0)
    changes = {
        "name": "Express",
        "unit_cost": 120.5,
        "description": "Fast",
        "metadata": {"a": "b"},
        "gl_account": "4000",
    }
    changes |= {"type": None, "discountable": False, "avalara_tax_code": "A", "avalara_location_code": "B"}
    changed = invoiced.patch("/items/delivery", changes).json()
    assert without_times(changed) == {**PRINTED, **changes}
    assert invoiced.call("DELETE", "/items/delivery").status_code == 204
    assert invoiced.get("/items/delivery").status_code == 404
    assert invoiced.get("/items").json() == []


def test_ids_are_unique_and_for_ever(invoiced: Invoiced, bobs: Invoiced, api: Api, delivery: dict[str, Any]) -> None:
    taken = invoiced.post("/items", form=FORM)
    assert (taken.status_code, taken.json()["param"]) == (400, "id")
    assert "already exists" in taken.json()["message"]
    assert bobs.post("/items", form=FORM).json()["currency"] == "eur"
    native = api.post("/products", {"name": "Delivery", "unit_price": 1}).json()
    shown = invoiced.get("/items").json()[0]
    assert shown["id"].startswith("delivery-")
    api.patch(f"/products/{native['id']}", {"name": "Renamed"})
    assert invoiced.get(f"/items/{shown['id']}").json()["name"] == "Renamed"
    invoiced.call("DELETE", "/items/delivery")
    assert invoiced.post("/items", form=FORM).status_code == 400
    assert invoiced.post("/items", {"name": "Consulting, per hour"}).json()["id"] == "consulting-per-hour"
    assert invoiced.post("/items", {"name": "税"}).json()["unit_cost"] == 0


def test_taxes_make_the_products_rate(invoiced: Invoiced, api: Api, delivery: dict[str, Any], rates: None) -> None:
    rate = lambda: Product.objects.get(slug="delivery").tax_rate  # noqa: E731
    shown = invoiced.patch("/items/delivery", {"taxes": ["vat", "city"]}).json()
    assert [tax["id"] for tax in shown["taxes"]] == ["vat", "city"]
    assert shown["taxes"][0]["object"] == "tax_rate"
    assert rate() == 6.25
    assert invoiced.patch("/items/delivery", {"taxes": shown["taxes"]}).json()["taxes"] == shown["taxes"]
    exempt = invoiced.patch("/items/delivery", {"taxable": False}).json()
    assert (exempt["taxable"], len(exempt["taxes"]), rate()) == (False, 2, 0)
    assert invoiced.patch("/items/delivery", {"taxable": "true"}).json()["taxes"] == shown["taxes"]
    assert rate() == 6.25
    invoiced.call("DELETE", "/tax_rates/city")
    assert [tax["id"] for tax in invoiced.get("/items/delivery").json()["taxes"]] == ["vat", "city"]
    assert invoiced.patch("/items/delivery", {"name": "X", "taxes": ["vat", "city"]}).json()["name"] == "X"
    unknown = invoiced.patch("/items/delivery", {"taxes": ["city"]})
    assert (unknown.status_code, unknown.json()["param"]) == (400, "taxes")
    native = api.get("/products").json()["data"][0]["id"]
    api.patch(f"/products/{native}", {"tax_rate": 19})
    changed = invoiced.get("/items/delivery").json()
    assert (changed["taxable"], changed["taxes"]) == (True, [])


def test_a_products_own_rate_stays_where_nothing_is_said_of_taxes(invoiced: Invoiced, api: Api) -> None:
    api.post("/products", {"name": "Cloud", "unit_price": 1, "tax_rate": 10})
    assert invoiced.patch("/items/cloud", {"unit_cost": 2, "taxable": True, "taxes": []}).json()["taxable"] is True
    assert Product.objects.get().tax_rate == 10
    assert invoiced.patch("/items/cloud", {"taxable": False}).json()["taxable"] is False
    assert Product.objects.get().tax_rate == 0


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"name": None}, "name"),
        ({"id": "a/b"}, "id"),
        ({"id": "x" * 51}, "id"),
        ({"unit_cost": "dear"}, "unit_cost"),
        ({"unit_cost": None}, "unit_cost"),
        ({"currency": "eur"}, "currency"),
        ({"currency": "abc"}, "currency"),
        ({"taxes": ["nothing"]}, "taxes"),
        ({"taxes": [7, {"id": None}]}, "taxes.1"),
        ({"taxes": ["high", "high"]}, "taxes"),
        ({"taxable": "maybe"}, "taxable"),
        ({"metadata": {"a": 1}}, "metadata.a"),
    ],
)
def test_what_is_refused_is_named(invoiced: Invoiced, change: dict[str, Any], param: str) -> None:
    invoiced.post("/tax_rates", {"id": "high", "name": "High", "value": 60})
    answer = invoiced.post("/items", {"name": "Thing", **change})
    assert (answer.status_code, answer.json()["param"]) == (400, param), answer.content
    assert not Product.objects.exists()


def test_another_id_is_refused(invoiced: Invoiced, delivery: dict[str, Any]) -> None:
    assert invoiced.patch("/items/delivery", {"id": "other"}).json()["param"] == "id"
    assert invoiced.patch("/items/delivery", {"id": "delivery", "currency": "usd"}).json() == delivery


def test_lists_ask_a_few_queries(invoiced: Invoiced, delivery: dict[str, Any], rates: None) -> None:
    ids = lambda query: [row["id"] for row in invoiced.get(f"/items?{query}").json()]  # noqa: E731
    with CaptureQueriesContext(
        connection,
    ) as few:
        ids("")
    for number in range(5):
        invoiced.post(
            "/items", {"name": f"Item {number}", "taxes": ["vat"], "type": "part", "metadata": {"k": f"{number}"}}
        )
    with CaptureQueriesContext(connection) as many:
        assert len(ids("")) == 6
    assert len(many) <= len(few) + 1
    assert ids("sort=name&per_page=2") == ["delivery", "item-0"]
    assert ids("filter[type]=service") == ["delivery"]
    assert ids("filter[name]=Item%203") == ids("metadata[k]=3") == ["item-3"]
    assert invoiced.get("/items?filter[x]=1").status_code == 400


@pytest.mark.parametrize("code", ["delivery", "nothing", "a%00b", "%E2%82%AC"])
def test_foreign_and_malformed_ids_are_404(bobs: Invoiced, delivery: dict[str, Any], code: str) -> None:
    for method in ("GET", "PATCH", "DELETE"):
        assert bobs.call(method, f"/items/{code}", {} if method == "PATCH" else None).status_code == 404


def test_replay(invoiced: Invoiced) -> None:
    first = invoiced.post("/items", {"name": "A"}, **{"Idempotency-Key": "k"})
    assert invoiced.post("/items", {"name": "A"}, **{"Idempotency-Key": "k"}).content == first.content
    assert Product.objects.count() == 1


def test_for_lines(invoiced: Invoiced, alice: Any, bob: Any, delivery: dict[str, Any], rates: None) -> None:
    invoiced.patch("/items/delivery", {"taxes": ["vat"], "discountable": False})
    product = products_by_code(alice, ["delivery", "delivery"])["delivery"]
    facts = facts_of(product.extra)
    assert (facts.type, facts.discountable, facts.taxable, facts.taxes) == ("service", False, True, ("vat",))
    assert item_ids(alice, {product.uuid}) == {str(product.uuid): "delivery"}
    assert item_ids(bob, {product.uuid}) == products_by_code(bob, []) == {}
    with pytest.raises(Invalid, match="No such item: delivery"):
        products_by_code(bob, ["delivery"])
