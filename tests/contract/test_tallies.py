"""The count of a list is kept by the database: exact under every writer, and read instead of counted."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.test.utils import CaptureQueriesContext

from billing.models import Invoice, Product
from businesses import tallies
from businesses.models import Business, Tally
from businesses.tallies import merge_tallies, tallied_models, total
from conftest import Api, make_api
from customers.models import Customer

pytestmark = pytest.mark.django_db


def counted(model: Any, business: Business) -> int:
    live = {"deleted_at": None} if tallies.live_condition(model) != "TRUE" else {}
    return int(model._base_manager.filter(business=business, **live).count())


def agree(*businesses: Business) -> None:
    for model in tallied_models():
        for business in businesses:
            rows = model._default_manager
            rows = rows.live() if hasattr(rows, "live") else rows.all()
            with CaptureQueriesContext(tallies.connection) as asked:
                known = total(rows.of(business))
            assert known == counted(model, business), model
            assert "businesses_tally" in asked[0]["sql"]


def test_it_follows_creation_deletion_restoring_and_rollback(alice: Business, bob: Business, api: Api) -> None:
    made = [api.post("/customers", {"name": f"C{n}"}).json()["id"] for n in range(4)]
    for n in range(3):
        api.post(
            "/invoices", {"customer_id": made[0], "items": [{"description": "x", "quantity": n + 1, "unit_price": 1}]}
        )
    make_api(bob).post("/products", {"name": "Lamp", "unit_price": 1})
    agree(alice, bob)
    assert api.get("/customers").json()["pagination"]["total"] == 4
    api.delete(f"/invoices/{api.get('/invoices').json()['data'][0]['id']}")
    api.delete(f"/customers/{made[3]}")
    agree(alice, bob)
    assert (
        api.get("/customers").json()["pagination"]["total"],
        api.get("/invoices").json()["pagination"]["total"],
    ) == (3, 2)
    with transaction.atomic():
        Product.objects.create(business=alice, name="Never", unit_price=1)
        transaction.set_rollback(True)
    agree(alice, bob)


def test_bulk_writes_are_counted(alice: Business, bob: Business) -> None:
    rows = [
        Customer(business=one, number=str(n), name=f"C{n}", name_folded="c") for n in range(70) for one in (alice, bob)
    ]
    Customer.objects.bulk_create(rows)
    agree(alice, bob)
    Customer.objects.of(alice).filter(number__lt="3").delete()
    agree(alice, bob)


def test_many_rows_of_a_count_become_one(alice: Business, bob: Business) -> None:
    for n in range(tallies._MANY + 1):
        Customer.objects.create(business=alice, number=str(n), name=f"C{n}", name_folded="c")
    Customer.objects.create(business=bob, number="1", name="B", name_folded="b")
    assert Tally.objects.of(alice).filter(kind="customers_customer").count() == tallies._MANY + 1
    assert merge_tallies() == tallies._MANY + 1
    assert Tally.objects.of(alice).filter(kind="customers_customer").count() == 1
    assert merge_tallies() == 0
    agree(alice, bob)


@pytest.mark.parametrize(
    "rows",
    [
        lambda alice: Invoice.objects.of(alice),  # the deleted ones too
        lambda alice: Invoice.objects.live(),  # everybody's
        lambda alice: Invoice.objects.live().of(alice).filter(status="sent"),
        lambda alice: Invoice.objects.filter(deleted_at__isnull=False).of(alice),
        lambda alice: Invoice.objects.live().exclude(business=alice),
        lambda alice: Invoice.objects.live().of(alice).of(alice),
    ],
)
def test_what_is_not_all_of_a_business_is_counted(alice: Business, rows: Any) -> None:
    with CaptureQueriesContext(tallies.connection) as asked:
        assert total(rows(alice)) == 0
    assert "COUNT(*)" in asked[0]["sql"]
