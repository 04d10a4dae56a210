"""Back-dated facts: on no past day was more applied than there was or was owed, whatever is recorded later."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from billing.models import Allocation, Entry, Payment
from billing.selectors.books import find_damage
from billing.services.allocations import Share
from billing.services.payments import record_account_payment, void_payment
from billing.services.write_offs import reverse_write_off, write_off
from billing.tests.histories import cancel, clock, day, issue, make_customer, move_due_date, noon, pay
from businesses.audit import SYSTEM
from businesses.services import update_business
from invoicing.lib.errors import Conflict


@pytest.fixture
def acme(alice: Any) -> Iterator[Any]:
    with clock.at(noon(-1)):
        customer = make_customer(alice)
    yield customer
    with clock.at(noon(60)):
        assert list(find_damage(customer.business)) == []


def days_of_allocations() -> list[tuple[int, Any]]:
    return list(Allocation.objects.order_by("pk").values_list("amount_minor", "effective_on"))


def test_a_back_dated_payment_counts_at_once_but_is_applied_once_the_invoice_was_owed_again(acme: Any) -> None:
    with clock.at(noon(0)):
        invoice = issue(acme, 100)
    with clock.at(noon(1)):
        pay(invoice, 60_00)
    with clock.at(noon(10)):
        void_payment(Payment.objects.get(), actor=SYSTEM)
    with clock.at(noon(11)):
        pay(invoice, 100_00, payment_date=day(5))
    assert days_of_allocations() == [(6_000, day(1)), (-6_000, day(10)), (10_000, day(10))]
    assert Entry.objects.filter(kind="payment").latest("pk").effective_on == day(5)


def test_a_back_dated_payment_after_a_write_off_that_was_reversed(acme: Any) -> None:
    with clock.at(noon(0)):
        invoice = issue(acme, 100)
    with clock.at(noon(3)):
        write_off(invoice, actor=SYSTEM)
    with clock.at(noon(10)):
        reverse_write_off(invoice, actor=SYSTEM)
    with clock.at(noon(11)):
        pay(invoice, 100_00, payment_date=day(5))
    assert days_of_allocations() == [(10_000, day(10))]


def test_a_back_dated_write_off_of_what_was_paid_until_later(acme: Any) -> None:
    with clock.at(noon(0)):
        invoice = issue(acme, 100)
        pay(invoice, 60_00)
    with clock.at(noon(10)):
        void_payment(Payment.objects.get(), actor=SYSTEM)
    with clock.at(noon(11)):
        write_off(invoice, day=day(5), actor=SYSTEM)
    assert Entry.objects.get(kind="write_off").effective_on == day(10)


def test_a_cancelled_invoice_whose_payment_is_also_applied_to_one_of_a_later_day(acme: Any) -> None:
    with clock.at(noon(0)):
        now, later = issue(acme, 100), issue(acme, 50, issue_date=day(20))
        shares = [Share(now, 10_000 - 1), Share(later)]
        record_account_payment(acme, currency="USD", amount_minor=15_000, shares=shares, actor=SYSTEM)
    with clock.at(noon(5)):
        cancel(now)
    assert days_of_allocations()[-1] == (-9_999, day(20))
    assert Entry.objects.get(kind="reversal").effective_on == day(20)


def test_a_due_date_is_not_changed_on_a_day_that_is_locked(acme: Any) -> None:
    with clock.at(noon(0)):
        invoice = issue(acme, 100, due=day(5))
        update_business(acme.business, changes={"books_locked_until": day(3)}, actor=SYSTEM)
    with clock.at(noon(2)), pytest.raises(Conflict, match="locked until 2026-03-05"):
        move_due_date(invoice, day(30))
    with clock.at(noon(4)):
        move_due_date(invoice, day(30))
