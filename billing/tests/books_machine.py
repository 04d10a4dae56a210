"""What a business may do to its books, by random numbers: each act goes through the services and is done or refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from billing.models import Adjustment, CreditNote, Invoice, Payment, Source
from billing.selectors.statement_proof import prove
from billing.selectors.statements import Wanted, statement_of
from billing.services.adjustments import create_adjustment, void_adjustment
from billing.services.allocations import Share, change_allocations
from billing.services.credit_notes import (
    Credit,
    create_credit_note,
    credit_invoice,
    delete_credit_note,
    update_credit_note,
)
from billing.services.invoice_status import mark_overdue
from billing.services.invoices import create_invoice, delete_invoice, update_invoice
from billing.services.lines import LineDraft
from billing.services.payments import record_account_payment, record_payment, void_payment
from billing.services.refunds import refund
from billing.services.write_offs import reverse_write_off, write_off
from billing.tests.histories import clock, make_customer, noon
from businesses.audit import SYSTEM
from businesses.models import Business
from businesses.services import update_business
from conftest import make_business
from customers.models import Customer, CustomerBalance
from einvoicing.document import Statement
from invoicing.lib.errors import DomainError
from invoicing.lib.money import to_minor

CURRENCIES = ("USD", "EUR", "JPY", "KWD")
TALLY: Counter[str] = Counter()  # over all histories: act, done or refused


@dataclass
class History:
    """A business of its own, its clock, and the statements that were kept on the way."""

    now: datetime = field(default_factory=lambda: noon(0))
    kept: list[tuple[Customer, Wanted, Statement]] = field(default_factory=list)

    def __post_init__(self) -> None:
        with clock.at(noon(-1)):
            self.pk = make_business("Alice Ltd", payment_terms="NET 14").pk
            acme = make_customer(self.business)
            make_customer(self.business, "Branch", parent=acme)
            make_customer(self.business, "Beta", payment_terms="Due on receipt")

    # What there is -----------------------------------------------------------------------------------------------------
    @property
    def business(self) -> Business:
        return Business.objects.get(pk=self.pk)

    @property
    def today(self) -> date:
        return self.now.date()

    def customer(self, which: int) -> Customer:
        """Every other time the first: what belongs together has to meet."""
        return _pick(Customer.objects.of(self.pk).select_related("business"), 0 if which % 2 else which // 2)

    def invoice(self, which: int) -> Invoice | None:
        """Any invoice for an odd number, else one that is open, if there is one."""
        rows = Invoice.objects.of(self.pk).live().select_related("business")
        is_open = None if which % 2 else _pick(rows.filter(status__in=Invoice.OPEN), which // 2)
        return is_open or _pick(rows, which // 2)

    def note(self, which: int) -> CreditNote | None:
        return _pick(CreditNote.objects.of(self.pk).live().select_related("business"), which)

    def source(self, which: int, kinds: Sequence[type[Source]] = (Payment, CreditNote, Adjustment)) -> Source | None:
        """Of the kind that the number names, else of the next one of which there is any."""
        for kind in (*kinds[which % len(kinds) :], *kinds[: which % len(kinds)]):
            rows = kind._default_manager.filter(business=self.pk).select_related("business")
            if (found := _pick(rows, which // len(kinds))) is not None:
                return found
        return None

    # Time ----------------------------------------------------------------------------------------------------------------
    def act(self, name: str, call: Callable[[], object] | None) -> bool:
        """Do it now, a second after what was done before; False where it was refused, which changes nothing."""
        if call is None:
            return False
        self.now += timedelta(seconds=1)
        with clock.at(self.now):
            try:
                with transaction.atomic():
                    call()
            except DomainError:
                TALLY[f"{name} refused"] += 1
                return False
        TALLY[f"{name} done"] += 1
        return True

    def wait(self, days: int, *, sweep: bool) -> None:
        """Days pass; with `sweep` the task that marks what has fallen due comes by."""
        self.now += timedelta(days=days)
        if sweep:
            due = Invoice.objects.of(self.pk).filter(status="sent", due_date__lt=self.today)
            for pk in due.order_by("pk").values_list("pk", flat=True):
                self.act("mark overdue", lambda pk=pk: mark_overdue(pk))

    # Invoices ------------------------------------------------------------------------------------------------------------
    def issue(
        self,
        *,
        which: int,
        lines: Sequence[LineDraft],
        status: str,
        days: int,
        currency: str,
        due: int | str | None,
        discount: Decimal | None,
        opening: bool,
    ) -> None:
        """Dated so many days from now; due by the customer's terms, never, or so many days after its date."""
        day = self.today + timedelta(days=days)
        details: dict[str, Any] = {"issue_date": day, "currency": currency, "opening_balance": opening}
        if discount is not None:
            details |= {"discount_type": "percentage", "discount_value": discount}
        if not isinstance(due, str):
            details["due_date"] = None if due is None else day + timedelta(days=due)
        customer = self.customer(which)
        self.act(
            f"create {status}",
            lambda: create_invoice(
                customer.business, customer=customer, lines=lines, status=status, details=details, actor=SYSTEM
            ),
        )

    def change(self, which: int, name: str, *, lines: Any = None, status: str | None = None, **changes: Any) -> None:
        invoice = self.invoice(which)
        self.act(
            name,
            invoice and (lambda: update_invoice(invoice, changes=changes, lines=lines, status=status, actor=SYSTEM)),
        )

    def delete(self, which: int) -> None:
        invoice = self.invoice(which)
        self.act("delete invoice", invoice and (lambda: delete_invoice(invoice, actor=SYSTEM)))

    def write_off(self, which: int, part: int | None, days: int | None) -> None:
        invoice = self.invoice(which)
        if invoice is not None:
            amount = None if part is None else invoice.due_minor * part // 100
            day = None if days is None else self.today - timedelta(days=days)
            self.act("write off", lambda: write_off(invoice, amount_minor=amount, day=day, actor=SYSTEM))

    def reverse_write_off(self, which: int) -> None:
        invoice = _pick(Invoice.objects.of(self.pk).filter(written_off_minor__gt=0), which) or self.invoice(which)
        self.act("reverse write-off", invoice and (lambda: reverse_write_off(invoice, actor=SYSTEM)))

    # Money and credit ----------------------------------------------------------------------------------------------------
    def pay(self, which: int, part: int, days: int) -> None:
        """Part of an invoice in percent; more than 100 is refused."""
        invoice = self.invoice(which)
        if invoice is not None:
            amount, details = invoice.due_minor * part // 100, {"payment_date": self.today - timedelta(days=days)}
            self.act("pay", lambda: record_payment(invoice, amount_minor=amount, details=details, actor=SYSTEM))

    def pay_many(
        self, which: int, currency: str, amount: int, shares: Sequence[tuple[int, int | None]], days: int
    ) -> None:
        """An amount of a customer, applied to some of its invoices; without shares as the business likes it."""
        customer = self.customer(which)
        own = Invoice.objects.of(self.pk).filter(customer=customer, currency=currency, deleted_at=None)
        wanted = _shares(own, shares) if shares else None
        details = {"payment_date": self.today - timedelta(days=days)}
        self.act(
            "pay many" if shares else "pay account",
            lambda: record_account_payment(
                customer, currency=currency, amount_minor=amount, shares=wanted, details=details, actor=SYSTEM
            ),
        )

    def allocate(self, which: int, shares: Sequence[tuple[int, int | None]]) -> None:
        source = self.source(which)
        if source is not None:
            own = Invoice.objects.of(self.pk).filter(customer=source.customer_id, currency=source.currency)
            wanted = _shares(own, shares)
            self.act("change allocations", lambda: change_allocations(source, wanted, actor=SYSTEM))

    def refund(self, which: int, part: int | None, days: int | None) -> None:
        source = self.source(which)
        if source is not None:
            amount = None if part is None else source.amount * part // 100
            details = {} if days is None else {"refund_date": self.today - timedelta(days=days)}
            name = f"refund {source.noun}"
            self.act(name, lambda: refund(source, amount_minor=amount, details=details, actor=SYSTEM))

    def void(self, which: int) -> None:
        source = self.source(which, (Payment, Adjustment))
        if isinstance(source, Payment):
            self.act("void payment", lambda: void_payment(source, actor=SYSTEM))
        elif isinstance(source, Adjustment):
            self.act("void adjustment", lambda: void_adjustment(source, actor=SYSTEM))

    def adjust(self, which: int, currency: str, amount: int, days: int) -> None:
        customer, day = self.customer(which), self.today - timedelta(days=days)
        self.act(
            "adjust",
            lambda: create_adjustment(customer, currency=currency, amount_minor=amount, day=day, actor=SYSTEM),
        )

    # Credit notes --------------------------------------------------------------------------------------------------------
    def credit(self, which: int, kind: str, part: int, status: str, days: int) -> None:
        invoice = self.invoice(which)
        if invoice is None:
            return
        details = {"issue_date": self.today - timedelta(days=days)}
        credit = Credit()
        if kind == "amount":
            credit = Credit(amount_minor=invoice.total_minor * part // 100)
        elif kind == "lines":
            line = _pick(invoice.lines.all(), part)
            units = Decimal(int(line.quantity * part)) / 100 if part % 3 else None
            credit = Credit(quantities={line.uuid: units})
        self.act(
            f"credit {kind}", lambda: credit_invoice(invoice, credit, status=status, details=details, actor=SYSTEM)
        )

    def credit_account(self, which: int, lines: Sequence[LineDraft], status: str, currency: str, days: int) -> None:
        customer = self.customer(which)
        details = {"issue_date": self.today - timedelta(days=days), "currency": currency}
        self.act(
            "credit account",
            lambda: create_credit_note(
                customer.business, customer=customer, lines=lines, status=status, details=details, actor=SYSTEM
            ),
        )

    def move_note(self, which: int, status: str) -> None:
        note = self.note(which)
        name = f"note {status}"
        self.act(name, note and (lambda: update_credit_note(note, changes={}, status=status, actor=SYSTEM)))

    def delete_note(self, which: int) -> None:
        note = self.note(which)
        self.act("delete note", note and (lambda: delete_credit_note(note, actor=SYSTEM)))

    # Settings ------------------------------------------------------------------------------------------------------------
    def set(self, **changes: Any) -> None:
        self.act("settings", lambda: update_business(self.business, changes=changes, actor=SYSTEM))

    # There and back --------------------------------------------------------------------------------------------------------
    def there_and_back(self, which: int, part: int) -> None:
        """A payment that is voided, and a write-off that is reversed, leave what every customer owes as it was."""
        invoice = self.invoice(which)
        if invoice is None:
            return
        amount, before = max(invoice.due_minor * part // 100, 1), self.balances()
        made: list[Payment] = []
        if self.act("pay", lambda: made.append(record_payment(invoice, amount_minor=amount, actor=SYSTEM))):
            assert self.act("void payment", lambda: void_payment(made[0], actor=SYSTEM))
            assert self.balances() == before
        invoice.refresh_from_db()
        if not invoice.written_off_minor and self.act(
            "write off", lambda: write_off(invoice, amount_minor=amount, actor=SYSTEM)
        ):
            assert self.act("reverse write-off", lambda: reverse_write_off(invoice, actor=SYSTEM))
            assert self.balances() == before

    def balances(self) -> list[tuple[Any, ...]]:
        rows = CustomerBalance.objects.of(self.pk).exclude(outstanding_minor=0, credit_minor=0)
        return list(
            rows.order_by("customer", "currency").values_list(
                "customer", "currency", "outstanding_minor", "credit_minor"
            )
        )

    # Statements ------------------------------------------------------------------------------------------------------------
    def keep(self, which: int, kind: str, currency: str, back: int, length: int, *, only_past_due: bool) -> None:
        """A statement of a day that is past, or today, as known now; it proves itself and must never change."""
        self.now += timedelta(seconds=1)
        end = self.today - timedelta(days=back)
        wanted = Wanted(
            type=kind,
            start=end - timedelta(days=length) if kind == "balance_forward" else None,
            end=end,
            known_at=self.now,
            currency=currency,
            only_past_due=only_past_due and kind == "open_item",
        )
        customer = self.customer(which)
        statement = statement_of(customer, wanted)
        prove(statement)
        self.kept.append((customer, wanted, statement))
        TALLY["statement kept"] += 1

    def ask_again(self) -> None:
        """Every kept statement, with the same question."""
        for customer, wanted, statement in self.kept:
            assert statement_of(customer, wanted) == statement
            TALLY["statement asked again"] += 1


def _pick(rows: Any, which: int) -> Any:
    """One of the rows by number, None where there is none."""
    pks = list(rows.order_by("pk").values_list("pk", flat=True))
    return rows.get(pk=pks[which % len(pks)]) if pks else None


def _shares(rows: Any, shares: Sequence[tuple[int, int | None]]) -> list[Share]:
    """Each a part, in percent, of what an invoice owes in all, or all that fits; the same invoice may be named twice."""
    found = [(_pick(rows, which), part) for which, part in shares]
    return [Share(row, part if part is None else row.total_minor * part // 100) for row, part in found if row]


def minor(amount: Decimal, currency: str) -> int:
    """An amount that was drawn in major units."""
    return max(to_minor(amount, currency), 1)
