"""Whatever a business does, in whatever order and of whatever day, its books agree and every statement once given stays.

`FULL=1` runs 200 histories of 50 steps with every check after every step; without it a few short ones.
"""

from __future__ import annotations

import os
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck
from hypothesis import settings as profile
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from billing.selectors.books import CHECKS
from billing.services.lines import LineDraft
from billing.tests.books_machine import CURRENCIES, TALLY, History, minor
from billing.tests.histories import clock

FULL = os.environ.get("FULL") == "1"
PROFILE = profile(
    max_examples=200 if FULL else 8,
    stateful_step_count=50 if FULL else 20,
    deadline=None,
    derandomize=not FULL,  # a short run is the same each time: what it finds is the change's doing
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
# Between two steps only what posting can break, unless there is time: everything at the end of each history.
QUICK = [
    check
    for check in CHECKS
    if check.__name__.removeprefix("check_")
    in {"balances", "invoices", "due_dates", "sources", "refunds", "entries", "reversals", "days", "credited_lines"}
]

WHICH = st.integers(0, 60)
CURRENCY = st.sampled_from(["USD", "USD", *CURRENCIES])
AMOUNT = st.decimals("0.01", "400", places=2)
PART = st.sampled_from([1, 10, 33, 50, 66, 99, 100, 100, 101])
MAYBE_PART = st.none() | PART
BACK = st.sampled_from([0, 0, 0, 1, 3, 10, 25])
MAYBE_BACK = st.none() | BACK
ANY_DAY = BACK | st.just(-4)  # a credit note may be of a coming day
LINE = st.builds(
    LineDraft,
    description=st.just("Work"),
    quantity=st.sampled_from([Decimal(text) for text in ("1", "3", "0.5", "2.333333", "7", "-1")]),
    unit_price=st.decimals("0", "120", places=3),
    tax_rate=st.sampled_from([Decimal(text) for text in ("0", "7", "19", "5.5")]),
    discount_rate=st.sampled_from([None, None, Decimal(10), Decimal("33.3333")]),
)
LINES = st.lists(LINE, min_size=1, max_size=4)
SHARES = st.lists(st.tuples(WHICH, MAYBE_PART), max_size=3)
ORDER = st.fixed_dictionaries(
    {
        "which": WHICH,
        "lines": LINES,
        "status": st.sampled_from(["sent", "sent", "sent", "draft", "paid", "overdue"]),
        "days": st.sampled_from([0, 0, 0, -1, -10, -40, 4]),
        "currency": CURRENCY,
        "due": st.sampled_from(["terms", None, -20, -1, 0, 5, 30]),
        "discount": st.none() | st.sampled_from([Decimal("12.5"), Decimal(100)]),
        "opening": st.sampled_from([False, False, False, True]),
    }
)


class Books(RuleBasedStateMachine):
    """A business of its own per history, in a transaction that is rolled back."""

    @initialize(orders=st.lists(ORDER, min_size=4, max_size=8))
    def begin(self, orders: list[dict[str, Any]]) -> None:
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.history = History()
        for order in orders:
            self.history.issue(**order)

    def teardown(self) -> None:
        if not hasattr(self, "atomic"):
            return
        try:
            if hasattr(self, "history"):
                self._agree(CHECKS)
        finally:
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    @invariant()
    def every_invariant_holds(self) -> None:
        if hasattr(self, "history"):
            self._agree(CHECKS if FULL else QUICK)
            self.history.ask_again()
            TALLY["step"] += 1

    def _agree(self, checks: Any) -> None:
        business = self.history.business
        with clock.at(self.history.now):
            assert [sentence for check in checks for sentence in check(business)] == []

    # Invoices
    @rule(order=ORDER)
    def issue(self, order: dict[str, Any]) -> None:
        self.history.issue(**order)

    @rule(order=ORDER)
    def bill(self, order: dict[str, Any]) -> None:
        self.history.issue(**order)  # twice among the rules: there has to be something to pay

    @rule(which=WHICH, lines=LINES)
    def price_anew(self, which: int, lines: Any) -> None:
        self.history.change(which, "price anew", lines=lines)

    @rule(which=WHICH, status=st.sampled_from(["sent", "paid", "overdue", "cancelled", "cancelled"]))
    def move(self, which: int, status: str) -> None:
        self.history.change(which, f"invoice {status}", status=status)

    @rule(which=WHICH, days=st.none() | st.integers(-30, 40))
    def move_due_date(self, which: int, days: int | None) -> None:
        due = None if days is None else timedelta(days=days) + self.history.today
        self.history.change(which, "due date", due_date=due)

    @rule(which=WHICH)
    def delete(self, which: int) -> None:
        self.history.delete(which)

    # Money
    @rule(which=WHICH, part=PART, days=BACK)
    def pay(self, which: int, part: int, days: int) -> None:
        self.history.pay(which, part, days)

    @rule(which=WHICH, currency=CURRENCY, amount=AMOUNT, shares=SHARES, days=BACK)
    def pay_many(self, which: int, currency: str, amount: Decimal, shares: Any, days: int) -> None:
        self.history.pay_many(which, currency, minor(amount, currency), shares, days)

    @rule(which=WHICH, shares=SHARES)
    def allocate(self, which: int, shares: Any) -> None:
        self.history.allocate(which, shares)

    @rule(which=WHICH)
    def void(self, which: int) -> None:
        self.history.void(which)

    @rule(which=WHICH, part=MAYBE_PART, days=MAYBE_BACK)
    def refund(self, which: int, part: int | None, days: int | None) -> None:
        self.history.refund(which, part, days)

    @rule(which=WHICH, currency=CURRENCY, amount=AMOUNT, days=BACK)
    def adjust(self, which: int, currency: str, amount: Decimal, days: int) -> None:
        self.history.adjust(which, currency, minor(amount, currency), days)

    # Corrections
    @rule(
        which=WHICH,
        kind=st.sampled_from(["whole", "amount", "lines"]),
        part=st.integers(1, 100),
        status=st.sampled_from(["draft", "sent", "sent"]),
        days=ANY_DAY,
    )
    def credit(self, which: int, kind: str, part: int, status: str, days: int) -> None:
        self.history.credit(which, kind, part, status, days)

    @rule(which=WHICH, lines=LINES, status=st.sampled_from(["draft", "sent"]), currency=CURRENCY, days=ANY_DAY)
    def credit_account(self, which: int, lines: Any, status: str, currency: str, days: int) -> None:
        self.history.credit_account(which, lines, status, currency, days)

    @rule(which=WHICH, status=st.sampled_from(["sent", "cancelled"]))
    def move_note(self, which: int, status: str) -> None:
        self.history.move_note(which, status)

    @rule(which=WHICH)
    def delete_note(self, which: int) -> None:
        self.history.delete_note(which)

    @rule(which=WHICH, part=MAYBE_PART, days=MAYBE_BACK)
    def write_off(self, which: int, part: int | None, days: int | None) -> None:
        self.history.write_off(which, part, days)

    @rule(which=WHICH)
    def reverse_write_off(self, which: int) -> None:
        self.history.reverse_write_off(which)

    @rule(which=WHICH, part=PART)
    def there_and_back(self, which: int, part: int) -> None:
        self.history.there_and_back(which, part)

    # Time, settings, statements
    @rule(days=st.sampled_from([1, 2, 7, 31]), sweep=st.booleans())
    def wait(self, days: int, sweep: bool) -> None:
        self.history.wait(days, sweep=sweep)

    @rule(apply_credit=st.booleans(), lock=st.sampled_from([None, None, None, 30, 5, 0]))
    def settings(self, apply_credit: bool, lock: int | None) -> None:
        until = None if lock is None else self.history.today - timedelta(days=lock)
        self.history.set(apply_credit=apply_credit, books_locked_until=until)

    @precondition(lambda self: hasattr(self, "history") and len(self.history.kept) < 6)
    @rule(
        which=WHICH,
        kind=st.sampled_from(["open_item", "balance_forward"]),
        currency=CURRENCY,
        back=st.sampled_from([0, 0, 1, 5, 20, -3]),
        length=st.integers(0, 40),
        only_past_due=st.booleans(),
    )
    def keep(self, which: int, kind: str, currency: str, back: int, length: int, only_past_due: bool) -> None:
        self.history.keep(which, kind, currency, back, length, only_past_due=only_past_due)


@pytest.mark.django_db
def test_the_books_agree_after_every_step() -> None:
    run_state_machine_as_test(Books, settings=PROFILE)
    print(*(f"{name}: {count}" for name, count in sorted(TALLY.items())), sep="\n")  # noqa: T201 - pytest -s shows it
    acts = [name for name in TALLY if name.endswith(" done")]
    assert len(acts) >= (15 if FULL else 10), f"hardly anything was done: {dict(TALLY)}"
    assert TALLY["statement asked again"] > TALLY["statement kept"]
