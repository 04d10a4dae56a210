"""Whoever deletes a draft while another issues, converts or deletes it: one wins, the other is told."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from billing.models import Invoice, Quotation
from billing.selectors.books import find_all_damage
from billing.services.invoices import create_invoice, delete_invoice, update_invoice
from billing.services.lines import LineDraft
from billing.services.quotations import convert_quotation, create_quotation, delete_quotation
from businesses.audit import SYSTEM
from conftest import make_api, make_business
from customers.services import create_customer
from invoicing.lib.errors import Conflict, NotFound
from tests.scenarios.test_numbers_under_concurrency import run_all

LINES = [LineDraft(description="x", quantity=Decimal(1), unit_price=Decimal(5))]


@pytest.fixture
def shop(transactional_db: None) -> tuple[Any, Any]:
    business = make_business("Shop")
    return business, create_customer(business, name="Customer", actor=SYSTEM)


def outcomes(*calls: Callable[[], object]) -> list[str]:
    """What came of each call, run at once by many threads in turn."""
    said: list[str] = []

    def work(index: int) -> None:
        try:
            calls[index % len(calls)]()
            said.append("done")
        except (Conflict, NotFound) as error:
            said.append(type(error).__name__)

    assert run_all(work) == []
    return said


def test_an_invoice_is_issued_or_deleted_never_both(shop: tuple[Any, Any]) -> None:
    business, customer = shop
    for _ in range(4):
        invoice = create_invoice(business, customer=customer, lines=LINES, actor=SYSTEM)
        outcomes(
            lambda invoice=invoice: delete_invoice(invoice, actor=SYSTEM),
            lambda invoice=invoice: update_invoice(invoice, changes={}, status="sent", actor=SYSTEM),
        )
        invoice.refresh_from_db()
        assert (invoice.deleted_at is None) == (invoice.status == Invoice.Status.SENT)
    assert find_all_damage() == []


def test_a_quotation_is_converted_or_deleted_never_both(shop: tuple[Any, Any]) -> None:
    business, customer = shop
    quotation = create_quotation(business, customer=customer, lines=LINES, actor=SYSTEM)
    said = outcomes(
        lambda: delete_quotation(quotation, actor=SYSTEM), lambda: convert_quotation(quotation, actor=SYSTEM)
    )
    assert said.count("done") == 1
    quotation.refresh_from_db()
    assert (quotation.deleted_at is None) == (quotation.status == Quotation.Status.CONVERTED)


def test_if_match_lets_one_of_many_change_an_invoice(shop: tuple[Any, Any]) -> None:
    business, customer = shop
    api = make_api(business)
    invoice = create_invoice(business, customer=customer, lines=LINES, actor=SYSTEM)
    path = f"/invoices/{invoice.uuid}"
    etag = api.get(path)["ETag"]
    codes: list[int] = []

    def work(index: int) -> None:
        codes.append(api.patch(path, {"notes": f"note {index}"}, If_Match=etag).status_code)

    assert run_all(work) == []
    assert sorted(set(codes)) == [200, 412]
    assert codes.count(200) == 1
