"""Search by any part of a word: what it finds, and that an index finds it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from billing.models import Invoice
from billing.selectors.search import search_documents
from billing.tests.conftest import Make
from businesses.models import Business
from conftest import Api
from customers.models import Customer
from invoicing.lib.text import fold

pytestmark = pytest.mark.django_db


def found(api: Api, word: str) -> list[str]:
    return [row["invoice_number"] for row in api.get(f"/invoices?search={word}").json()["data"]]


def test_by_number_reference_and_name_also_the_new_one(api: Api, customer: str, make_invoice: Make) -> None:
    make_invoice(invoice_number="X-4711-Z", reference="Über*[PO]?")
    make_invoice(invoice_number="Y-1")
    assert found(api, "471") == found(api, "x-4711") == found(api, "11-z") == ["X-4711-Z"]
    assert found(api, "uber*[") == found(api, "po]%3F") == ["X-4711-Z"]
    assert found(api, "b*%3F") == found(api, "4?1") == []
    assert found(api, "-1") == ["Y-1"]  # too short for the index
    api.patch(f"/customers/{customer}", {"name": "Renamed Works"})
    assert found(api, "med wor") == ["Y-1", "X-4711-Z"]
    assert len(found(api, "acme")) == 2  # the name that it was billed under


def test_what_changes_is_found_anew(api: Api, make_invoice: Make) -> None:
    made = make_invoice(reference="first words")
    api.patch(f"/invoices/{made['id']}", {"reference": "second thoughts"})
    assert found(api, "thoughts")
    assert not found(api, "first w")


def test_nothing_of_others(api: Api, bob_api: Api, make_invoice: Make) -> None:
    make_invoice(reference="secret plan")
    assert found(bob_api, "secret") == []


def test_many_customers_with_the_same_word(alice: Business, api: Api, make_invoice: Make, monkeypatch: Any) -> None:
    for number in range(3):
        own = api.post("/customers", {"name": f"Mueller {number}"}).json()["id"]
        make_invoice(customer_id=own)
    Invoice.objects.update(search_text="")
    monkeypatch.setattr("billing.selectors.search._FEW", 2)
    assert search_documents(Invoice.objects.of(alice), alice, "mueller").count() == 3


@pytest.mark.parametrize("model", [Invoice, Customer])
def test_an_index_finds_it(alice: Business, api: Api, make_invoice: Make, model: Any) -> None:
    make_invoice()
    rows = model.objects.filter(search_text__contains=fold("needle")).only("pk")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
    plan = rows.explain()
    assert f"{model._meta.db_table}_search" in plan or "VIRTUAL TABLE INDEX" in plan, plan
