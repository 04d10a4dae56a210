"""Numbers without gaps while many create at once and one in ten changes its mind."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, connections, transaction

from billing.models import Invoice
from billing.selectors.books import check_numbers
from billing.services.invoices import create_invoice
from billing.services.lines import LineDraft
from businesses.audit import SYSTEM
from businesses.models import Business, Counter
from conftest import make_business
from customers.services import create_customer

ON_POSTGRES = connection.vendor == "postgresql"
THREADS, CREATES = (32, 1_000) if ON_POSTGRES else (16, 160)


class ChangedItsMind(Exception):
    """Rolls a create back after its number was given."""


def run_all(work: Callable[[int], None]) -> list[BaseException]:
    errors: list[BaseException] = []

    def run(index: int) -> None:
        try:
            work(index)
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


@pytest.fixture
def shop(transactional_db: None) -> tuple[Business, list[Any]]:
    business = make_business("Shop")
    return business, [create_customer(business, name=f"Customer {index}", actor=SYSTEM) for index in range(8)]


def test_no_gap_no_duplicate_no_error(shop: tuple[Business, list[Any]]) -> None:
    business, customers = shop
    share = CREATES // THREADS
    kept: list[int] = []

    def work(index: int) -> None:
        chance = random.Random(index)  # noqa: S311 - a scenario, not a secret
        for turn in range(share):
            try:
                with transaction.atomic():
                    lines = [LineDraft(description="x", quantity=Decimal(1), unit_price=Decimal(1))]
                    status = chance.choice(["draft", "sent", "paid"])
                    customer = customers[(index + turn) % len(customers)]
                    create_invoice(business, customer=customer, lines=lines, status=status, actor=SYSTEM)
                    if chance.random() < 0.1:
                        raise ChangedItsMind
                kept.append(1)
            except ChangedItsMind:
                continue

    assert run_all(work) == []
    numbers = sorted(Invoice.objects.of(business).values_list("number", flat=True))
    assert len(kept) == len(numbers) > CREATES * 0.8
    assert numbers == [f"INV-{value:05d}" for value in range(1, len(kept) + 1)]
    assert Counter.objects.get(business=business, series="invoice").last == len(kept)
    assert list(check_numbers(business)) == []


def test_payments_that_race_for_one_invoice_never_overpay_it(shop: tuple[Business, list[Any]]) -> None:
    from billing.services.payments import record_payment
    from invoicing.lib.errors import Conflict

    business, customers = shop
    lines = [LineDraft(description="x", quantity=Decimal(1), unit_price=Decimal(100))]
    invoice = create_invoice(business, customer=customers[0], lines=lines, status="sent", actor=SYSTEM)
    refused = []

    def work(index: int) -> None:
        try:
            record_payment(invoice, amount_minor=10_000, actor=SYSTEM)
        except Conflict as error:
            refused.append(error.code)

    assert run_all(work) == []
    assert len(refused) == THREADS - 1
    invoice.refresh_from_db()
    assert (invoice.status, invoice.paid_minor, invoice.due_minor) == ("paid", 10_000, 0)
