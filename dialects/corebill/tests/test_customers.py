"""CoreBill's customers, as its page shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from businesses.models import Business
from customers.models import Customer
from dialects.corebill import ids
from dialects.corebill.tests.conftest import CoreBill
from webhooks.models import Event

pytestmark = pytest.mark.django_db

SEED = {
    "name": "Acme Corp",
    "country": "US",
    "email": "billing@acme.com",
    "city": "New York",
    "currency": "USD",
    "legal_name": "Acme Corporation Inc.",
    "legal_vat": "US123456789",
}


def test_the_pages_own_example(corebill: CoreBill) -> None:
    response = corebill.post("/customers", SEED)
    made = response.json()
    assert response.status_code == 201
    assert made.pop("id") == ids.spell(ids.CUSTOMER, Customer.objects.get().pk)
    assert made.pop("created_at") <= made.pop("updated_at")
    assert made == {
        "object": "customer",
        "name": "Acme Corp",
        "slug": "acme-corp",
        "contact_email": "billing@acme.com",
        "contact_phone": None,
        "country": "US",
        "city": "New York",
        "currency": "USD",
        "status": "active",
        "legal_name": "Acme Corporation Inc.",
        "legal_address": None,
        "legal_vat": "US123456789",
        "zipcode": None,
        "notes": None,
    }
    assert Event.objects.get().type == "customer.created"


def test_retrieve_update_delete(corebill: CoreBill, acme: Mapping[str, Any]) -> None:
    path = f"/customers/{acme['id']}"
    assert corebill.get(path).json() == acme
    changed = corebill.post(path, {"email": "new-billing@acme.com", "status": "inactive", "whatever": 1})
    assert changed.status_code == 200
    assert (changed.json()["contact_email"], changed.json()["status"]) == ("new-billing@acme.com", "inactive")
    assert changed.json()["slug"] == "acme-corp"
    gone = corebill.delete(path)
    assert (gone.status_code, gone.json()) == (200, {"id": acme["id"], "object": "customer", "deleted": True})
    assert (corebill.get(path).status_code, corebill.get(path).json()) == (404, {"error": "Customer not found"})
    assert Customer.objects.get().deleted_at is not None


def test_shorthands_and_long_names(corebill: CoreBill, acme: Mapping[str, Any]) -> None:
    body = {"contact_email": "long@acme.com", "email": "short@acme.com", "phone": "1", "contact_phone": "2"}
    shown = corebill.post(f"/customers/{acme['id']}", body).json()
    assert (shown["contact_email"], shown["contact_phone"]) == ("long@acme.com", "2")


def test_slugs_are_unique_and_stay(corebill: CoreBill, acme: Mapping[str, Any]) -> None:
    again = corebill.post("/customers", {"name": "ACME corp!", "country": "US"}).json()
    third = corebill.post("/customers", {"name": "Acme Corp", "country": "US"}).json()
    foreign = corebill.post("/customers", {"name": "株式会社", "country": "JP"}).json()
    assert [row["slug"] for row in (again, third)] == ["acme-corp-cust-0002", "acme-corp-cust-0003"]
    assert foreign["slug"] == "株式会社"
    renamed = corebill.post(f"/customers/{again['id']}", {"name": "Other"}).json()
    assert renamed["slug"] == again["slug"]


def test_lists_by_cursor(corebill: CoreBill) -> None:
    made = [corebill.post("/customers", {"name": f"C{n}", "country": "US"}).json() for n in range(5)]
    newest = [row["id"] for row in reversed(made)]
    first = corebill.get("/customers", limit=2).json()
    assert first == {
        "object": "list",
        "url": "/v1/customers",
        "data": [made[4], made[3]],
        "has_more": True,
        "next_cursor": newest[1],
    }
    second = corebill.get("/customers", limit=2, starting_after=first["next_cursor"]).json()
    assert [row["id"] for row in second["data"]] == newest[2:4]
    last = corebill.get("/customers", starting_after=newest[3]).json()
    assert ([row["id"] for row in last["data"]], last["has_more"], last["next_cursor"]) == (newest[4:], False, None)
    before = corebill.get("/customers", limit=2, ending_before=newest[4]).json()
    assert ([row["id"] for row in before["data"]], before["next_cursor"]) == (newest[2:4], newest[2])
    corebill.post(f"/customers/{newest[0]}", {"status": "inactive"})
    assert [row["id"] for row in corebill.get("/customers", status="active").json()["data"]] == newest[1:]


@pytest.mark.parametrize(
    "query",
    [
        *(
            {"limit": 0},
            {"limit": 101},
            {"limit": "x"},
            {"limit": "0100"},
            {"status": "gone"},
            {"starting_after": "cus_1"},
        ),
        {"starting_after": "cus_000000000001", "ending_before": "cus_000000000001"},
    ],
)
def test_queries_that_cannot_be(corebill: CoreBill, query: dict[str, Any]) -> None:
    response = corebill.get("/customers", **query)
    assert response.status_code == 400
    assert set(response.json()) == {"error"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"country": "US"}, "name"),
        ({"name": "A"}, "country"),
        ({"name": "A", "country": "US", "email": "nonsense"}, "email"),
        ({"name": "A", "country": "US", "currency": "XXQ"}, "currency"),
        ({"name": "A", "country": "US", "status": "gone"}, "status"),
        ([], "object"),
    ],
)
def test_bodies_that_cannot_be(corebill: CoreBill, body: Any, words: str) -> None:
    response = corebill.post("/customers", body)
    assert response.status_code == 400
    assert set(response.json()) == {"error"}
    assert words in response.json()["error"]


def test_the_company_must_be_named(corebill: CoreBill, bob: Business) -> None:
    missing = corebill.get("/customers", company_id=None)
    assert (missing.status_code, missing.json()) == (400, {"error": "company_id query parameter is required"})
    answers = {
        corebill.get("/customers", company_id=company).content
        for company in (ids.spell(ids.COMPANY, bob.pk), "com_abc123", "com_000000000000", "1")
    }
    assert answers == {b'{"error":"Company not found"}'}
    (company,) = corebill.get("/companies", company_id=None).json()["data"]
    assert company == {
        "id": corebill.company,
        "object": "company",
        "name": "Alice Ltd",
        "slug": "alice-ltd",
        "currency": "USD",
        "invoice_prefix": "INV",
        "quote_prefix": "QT",
        "logo_url": None,
    }


def test_seen_in_the_native_format(corebill: CoreBill, api: Any, acme: Mapping[str, Any]) -> None:
    (native,) = api.get("/customers").json()["data"]
    assert (native["name"], native["email"], native["country"]) == ("Acme Corp", "billing@acme.com", "US")
    api.post("/customers", {"name": "Native", "tax_id": "DE1", "address": "Street 1", "postal_code": "1"})
    shown = corebill.get("/customers", limit=1).json()["data"][0]
    assert (shown["name"], shown["slug"], shown["legal_vat"]) == ("Native", "native", "DE1")
    assert (shown["legal_address"], shown["zipcode"], shown["currency"]) == ("Street 1", "1", "USD")


def test_a_list_costs_the_same_for_many(corebill: CoreBill, django_assert_max_num_queries: Any) -> None:
    for n in range(8):
        corebill.post("/customers", {"name": f"C{n}", "country": "US"})
    with django_assert_max_num_queries(4):
        corebill.get("/customers")
