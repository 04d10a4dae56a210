"""What happens in generated books: each story is told by the services, in days from its beginning."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from billing.models import CreditNote, Invoice, Product
from billing.services.adjustments import create_adjustment
from billing.services.allocations import Share
from billing.services.credit_notes import Credit, credit_invoice
from billing.services.invoice_status import mark_overdue
from billing.services.invoices import create_invoice, update_invoice
from billing.services.lines import LineDraft
from billing.services.payments import record_account_payment, record_payment, void_payment
from billing.services.quotations import convert_quotation, create_quotation, expire_quotation, update_quotation
from billing.services.refunds import refund
from billing.services.write_offs import write_off
from businesses.audit import SYSTEM
from customers.models import Customer
from invoicing.lib import clock

TERMS = 30  # days
REFERENCE = "Zq-Reference"  # each copy has another
_METHODS = ("bank_transfer", "bank_transfer", "bank_transfer", "card", "check", "direct_debit", "cash")
_LINES, _LINE_WEIGHTS = (1, 2, 3, 4, 5), (40, 30, 17, 8, 5)


@dataclass(slots=True)
class Cast:
    """Whom a story is about, and the chance that decides its details."""

    customer: Customer
    products: Sequence[Product]
    chance: random.Random

    def lines(self) -> list[LineDraft]:
        """One to five, two on average."""
        count = self.chance.choices(_LINES, _LINE_WEIGHTS)[0]
        return [self._line(product) for product in self.chance.sample(list(self.products), count)]

    def _line(self, product: Product) -> LineDraft:
        quantity = Decimal(self.chance.choice(("1", "1", "1", "2", "3", "5", "7.5", "12")))
        discount = self.chance.choice((None, None, None, None, None, Decimal(5), Decimal(10)))
        return LineDraft(product=product, quantity=quantity, discount_rate=discount)

    def document(self) -> dict[str, Any]:
        """What every document is made with."""
        reference = REFERENCE if self.chance.random() < 0.4 else None
        details = {"reference": reference, "notes": self.chance.choice((None, "Thank you for your business!"))}
        return {"customer": self.customer, "lines": self.lines(), "details": details, "actor": SYSTEM}

    def invoice(self, status: str = Invoice.Status.SENT) -> Invoice:
        """A new one."""
        return create_invoice(self.customer.business, status=status, **self.document())

    def pay(self, invoice: Invoice, part: int = 1) -> None:
        """Pay a part (one of so many) of what is due."""
        invoice.refresh_from_db()
        details = {"method": self.chance.choice(_METHODS)}
        record_payment(invoice, amount_minor=max(1, invoice.due_minor // part), details=details, actor=SYSTEM)

    def pay_account(self, amount_minor: int, invoices: Sequence[Invoice]) -> Any:
        """One payment for several invoices; what is over is credit."""
        shares, currency = [Share(invoice) for invoice in invoices], invoices[0].currency
        make: dict[str, Any] = {"currency": currency, "amount_minor": amount_minor, "shares": shares, "actor": SYSTEM}
        return record_account_payment(self.customer, **make)


Telling = Iterator[int]  # a story yields the day on which it goes on


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A kind of story: how often it happens, of how many invoices it is, and until what age it may be as it is."""

    tell: Callable[[Cast], Telling]
    weight: float
    invoices: int = 1
    oldest: int = 100_000  # in days since its beginning: what has ended for good may be of any age


# Invoices ------------------------------------------------------------------------------------------------------------
def paid(cast: Cast) -> Telling:
    """In time or late."""
    invoice = cast.invoice()
    days = cast.chance.choice((0, 2, 5, 9, 14, 21, 28, 30, 30, 33, 38, 45, 70))
    if days > TERMS:
        yield TERMS + 1
        mark_overdue(invoice.pk)
    yield days
    cast.pay(invoice)


def unpaid(cast: Cast) -> Telling:
    """Sent, and not yet due."""
    cast.invoice()
    yield 0


def paid_in_part(cast: Cast) -> Telling:
    """Sent, not yet due, and half is paid."""
    invoice = cast.invoice()
    yield cast.chance.randrange(1, 10)
    cast.pay(invoice, part=2)


def overdue(cast: Cast) -> Telling:
    """Nobody pays."""
    invoice = cast.invoice()
    yield TERMS + 1
    mark_overdue(invoice.pk)


def overdue_in_part(cast: Cast) -> Telling:
    """Half was paid, the rest was not."""
    invoice = cast.invoice()
    yield 20
    cast.pay(invoice, part=2)
    yield TERMS + 1
    mark_overdue(invoice.pk)


def draft(cast: Cast) -> Telling:
    """Not yet sent."""
    cast.invoice(Invoice.Status.DRAFT)
    yield 0


def cancelled(cast: Cast) -> Telling:
    """Sent by mistake."""
    invoice = cast.invoice()
    yield 3
    update_invoice(invoice, changes={}, status=Invoice.Status.CANCELLED, actor=SYSTEM)


def credited_in_part(cast: Cast) -> Telling:
    """A third is credited, the rest is paid."""
    invoice = cast.invoice()
    yield 8
    _credit(invoice, invoice.total_minor // 3)
    yield 26
    cast.pay(invoice)


def credited(cast: Cast) -> Telling:
    """All of it is credited."""
    invoice = cast.invoice()
    yield 6
    _credit(invoice, None)


def _credit(invoice: Invoice, amount_minor: int | None) -> None:
    credit_invoice(invoice, Credit(amount_minor=amount_minor), status=CreditNote.Status.SENT, actor=SYSTEM)


def written_off(cast: Cast) -> Telling:
    """It never comes."""
    invoice = cast.invoice()
    yield TERMS + 1
    mark_overdue(invoice.pk)
    yield 150
    write_off(invoice, reason="Insolvent", actor=SYSTEM)


def paid_together(cast: Cast) -> Telling:
    """Three invoices, one payment."""
    invoices = []
    for day in (4, 9, 25):
        invoices.append(cast.invoice())
        yield day
    cast.pay_account(sum(invoice.total_minor for invoice in invoices), invoices)


def overpaid(cast: Cast) -> Telling:
    """What was too much stays as credit."""
    invoice = cast.invoice()
    yield 12
    cast.pay_account(invoice.total_minor + 1_250, [invoice])


def refunded(cast: Cast) -> Telling:
    """What was too much is given back."""
    invoice = cast.invoice()
    yield 10
    payment = cast.pay_account(invoice.total_minor + 2_000, [invoice])
    yield 13
    refund(payment, amount_minor=2_000, actor=SYSTEM)


def bounced(cast: Cast) -> Telling:
    """The first payment came back, the second stays."""
    invoice = cast.invoice()
    yield 7
    payment = cast.pay_account(invoice.total_minor, [invoice])
    yield 11
    void_payment(payment, reason="Returned by the bank", actor=SYSTEM)
    yield 19
    cast.pay(invoice)


def goodwill(cast: Cast) -> Telling:
    """A paid invoice, and credit without a document."""
    invoice = cast.invoice()
    yield 15
    cast.pay(invoice)
    create_adjustment(cast.customer, currency=invoice.currency, amount_minor=500, reason="Goodwill", actor=SYSTEM)


# Quotations ----------------------------------------------------------------------------------------------------------
def _quote(cast: Cast, status: str) -> Any:
    given = cast.document()
    given["details"]["valid_until"] = clock.today("UTC") + timedelta(days=TERMS)
    return create_quotation(cast.customer.business, status=status, **given)


def offered(cast: Cast) -> Telling:
    """An offer that still stands."""
    _quote(cast, "sent")
    yield 0


def answered(cast: Cast) -> Telling:
    """Accepted or rejected."""
    quotation = _quote(cast, "sent")
    yield 5
    update_quotation(quotation, changes={}, status=cast.chance.choice(("accepted", "rejected")), actor=SYSTEM)


def expired(cast: Cast) -> Telling:
    """Nobody answered."""
    quotation = _quote(cast, "sent")
    yield TERMS + 1
    expire_quotation(quotation.pk)


def ordered(cast: Cast) -> Telling:
    """Accepted, billed, paid."""
    quotation = _quote(cast, "sent")
    yield 4
    invoice = convert_quotation(quotation, actor=SYSTEM)
    update_invoice(invoice, changes={}, status=Invoice.Status.SENT, actor=SYSTEM)
    yield 24
    cast.pay(invoice)


def nothing(cast: Cast) -> Telling:
    """Nothing happens yet."""
    yield 0


BEGINNING = Plot(tell=nothing, weight=0, invoices=0)  # of products and customers
PLOTS: tuple[Plot, ...] = (
    Plot(tell=paid, weight=70),
    Plot(tell=unpaid, weight=160, oldest=TERMS),
    Plot(tell=paid_in_part, weight=12, oldest=TERMS),
    Plot(tell=overdue, weight=12, oldest=400),
    Plot(tell=overdue_in_part, weight=2, oldest=400),
    Plot(tell=draft, weight=60, oldest=25),
    Plot(tell=cancelled, weight=3),
    Plot(tell=credited_in_part, weight=2),
    Plot(tell=credited, weight=1),
    Plot(tell=written_off, weight=1),
    Plot(tell=paid_together, weight=3, invoices=3),
    Plot(tell=overpaid, weight=1),
    Plot(tell=refunded, weight=0.5),
    Plot(tell=bounced, weight=0.5),
    Plot(tell=goodwill, weight=0.5),
    Plot(tell=offered, weight=20, invoices=0, oldest=TERMS),
    Plot(tell=answered, weight=3, invoices=0),
    Plot(tell=expired, weight=2, invoices=0),
    Plot(tell=ordered, weight=2),
)


def versions(count: int) -> list[Plot]:
    """Each plot as often as its share of `count` tellings, at least once: every telling has other lines and amounts."""
    whole = sum(plot.weight for plot in PLOTS)
    return [plot for plot in PLOTS for _ in range(max(1, round(count * plot.weight / whole)))]
