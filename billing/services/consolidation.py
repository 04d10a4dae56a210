"""One invoice in the place of several open ones, with all their lines, for exactly the same net.

What it replaces is cancelled, and both happen on the day it is made, so that no past day and no closed period changes. Its tax is
that of one document (billing/totals.py): rounded once per rate, it can be some cents apart from what the others had.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction

from billing.models import CreditNote, Invoice, InvoiceLine
from billing.services.invoice_status import change_status
from billing.services.invoices import create_invoice
from billing.services.lines import MAX_LINES, LineDraft, draft_of
from businesses import audit
from businesses.audit import Actor
from businesses.models import Business
from customers.models import Customer
from invoicing.lib import clock
from invoicing.lib.errors import Conflict
from invoicing.lib.money import to_major

NAME = "Consolidated Invoice"
# What the new invoice takes from the old ones where they all say the same.
_SHARED = ("purchase_order", "terms", "ship_to", "template_type")


@dataclass(frozen=True, slots=True)
class Replaced:
    """An invoice that is replaced, with its lines in order."""

    invoice: Invoice
    lines: Sequence[InvoiceLine]


# The `extra` of the new invoice, whose lines begin with those of the replaced ones, in order.
Extra = Callable[[Sequence[Replaced]], dict[str, Any]]


@transaction.atomic
def consolidate_invoices(
    customer: Customer,
    *,
    actor: Actor,
    currency: str | None = None,
    until: date | None = None,
    extra: Extra | None = None,
) -> Invoice:
    """An issued invoice with all lines of the customer's open invoices in this currency, which it replaces.

    Only those issued until that day (today at the latest) of which nothing is paid, written off or credited, and no opening
    balances, for these are no revenue. It is due by the payment terms from today on. Conflict where there are none, they have
    more lines than an invoice can hold, or they could not be cancelled or created as `create_invoice` and the books have it.
    """
    customer = Customer.objects.lock_live(customer.pk)
    currency = currency or customer.billing_currency
    today = clock.today(customer.business.time_zone)
    replaced = _open(customer, currency, min(until or today, today))
    if not replaced:
        raise Conflict(f"No open invoice in {currency} can be consolidated.", code="nothing_to_consolidate")
    drafts = _drafts(replaced)
    if len(drafts) > MAX_LINES:
        message = f"The open invoices have more than {MAX_LINES} lines: consolidate those until an earlier day first."
        raise Conflict(message, code="too_many_lines")
    details = {**_details(replaced, customer.business), "currency": currency, "extra": (extra or merge_extra)(replaced)}
    for old in replaced:
        change_status(old.invoice, Invoice.Status.CANCELLED, actor=actor)
    invoice = create_invoice(
        customer.business, customer=customer, lines=drafts, details=details, status=Invoice.Status.SENT, actor=actor
    )
    _prove(invoice, replaced)
    audit.record(
        customer.business,
        actor,
        "invoice.consolidated",
        invoice,
        {"replaces": [old.invoice.number for old in replaced]},
    )
    return invoice


def merge_extra(replaced: Sequence[Replaced]) -> dict[str, Any]:
    """What formats keep of lines (a list `items`, in their order), one invoice after the other."""
    formats = {name for old in replaced for name, kept in old.invoice.extra.items() if "items" in kept}
    return {name: {"items": [item for old in replaced for item in kept_items(old, name)]} for name in formats}


def kept_items(old: Replaced, name: str) -> list[dict[str, Any]]:
    """What a format keeps of each line of a replaced invoice; nothing of a line it does not know."""
    kept = old.invoice.extra.get(name, {}).get("items", [])
    return [kept[index] if index < len(kept) else {} for index in range(len(old.lines))]


def _open(customer: Customer, currency: str, until: date) -> list[Replaced]:
    """What can be replaced, locked, the oldest first."""
    credited = CreditNote.objects.filter(status=CreditNote.Status.SENT, invoice__isnull=False).values("invoice_id")
    rows = Invoice.objects.of(customer.business_id).filter(
        customer=customer,
        currency=currency,
        status__in=Invoice.OPEN,
        issue_date__lte=until,
        paid_minor=0,
        written_off_minor=0,
        opening_balance=False,
    )
    pks = rows.exclude(pk__in=credited).order_by("issue_date", "pk").values_list("pk", flat=True)
    invoices = [Invoice.objects.lock(pk) for pk in pks]
    return [
        Replaced(
            invoice, list(InvoiceLine.objects.filter(invoice=invoice).select_related("product").order_by("position"))
        )
        for invoice in invoices
    ]


# Details ---------------------------------------------------------------------------------------------------------------
def _details(replaced: Sequence[Replaced], business: Business) -> dict[str, Any]:
    invoices = [old.invoice for old in replaced]
    first = invoices[0]
    starts = [row.period_start or row.delivery_date or row.issue_date for row in invoices]
    ends = [row.period_end or row.delivery_date or row.issue_date for row in invoices]
    shared = {
        name: getattr(first, name)
        for name in _SHARED
        if all(getattr(row, name) == getattr(first, name) for row in invoices)
    }
    return {
        **shared,
        "reference": NAME,
        "notes": f"Replaces {', '.join(row.number for row in invoices)}.",
        "period_start": min(starts),
        "period_end": max(ends),
        # Whoever had to look at the replaced invoices has: nothing in this one is new.
        **({"approval": Invoice.Approval.APPROVED} if business.require_approval else {}),
    }


# Lines -----------------------------------------------------------------------------------------------------------------
def _drafts(replaced: Sequence[Replaced]) -> list[LineDraft]:
    """All lines, in order; behind them what a line could not carry of its invoice's discount."""
    drafts, rest = [], []
    for old in replaced:
        for line in old.lines:
            drafts.append(replace(_with_discount(line, old.invoice.currency), uuid=None))
            if _share(line) and not _carries(line):
                rest.append(_discount_line(line, old.invoice))
    return [*drafts, *rest]


def _share(line: InvoiceLine) -> int:
    """A line's share of its document's discount, in minor units."""
    return line.gross_minor - line.discount_minor - line.net_minor


def _carries(line: InvoiceLine) -> bool:
    """Whether the share can be a discount of the line: that of a negative line makes it dearer, and cannot."""
    return 0 <= line.gross_minor - line.net_minor <= line.gross_minor


def _with_discount(line: InvoiceLine, currency: str) -> LineDraft:
    draft = draft_of(line, currency)
    if not _share(line) or not _carries(line):
        return draft
    discount = to_major(line.gross_minor - line.net_minor, currency)
    return replace(draft, discount_rate=None, discount_amount=discount)


def _discount_line(line: InvoiceLine, invoice: Invoice) -> LineDraft:
    return LineDraft(
        description=f"Discount of {invoice.number}",
        quantity=Decimal(1),
        unit_price=to_major(-_share(line), invoice.currency),
        tax_rate=line.tax_rate,
        tax_category=line.tax_category,
        exemption_reason=line.exemption_reason,
    )


def _prove(invoice: Invoice, replaced: Sequence[Replaced]) -> None:
    """Net is the sum of what is replaced; Conflict where it is not, and nothing happens."""
    net = sum(old.invoice.subtotal_minor for old in replaced)
    if invoice.subtotal_minor != net:
        message = f"One invoice would come to {invoice.subtotal_minor}, not {net} minor units before tax."
        raise Conflict(message, code="not_the_same")
