"""Every write to the lines that wait for a customer's next invoice, and that invoice; the customer is locked first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from django.db import transaction

from billing.models import Invoice, PendingLine
from billing.serializers.pending_lines import represent_pending_line
from billing.services.invoices import create_invoice
from billing.services.lines import MAX_LINES, LineDraft, draft_of, line_columns, line_input
from billing.totals import price_line
from businesses import audit
from businesses.audit import Actor
from businesses.serializers import differences
from businesses.validators import check_columns
from customers.models import Customer
from invoicing.lib.errors import Conflict, Invalid, NotFound

_OF_DRAFTS = frozenset(field.name for field in fields(LineDraft))
# What a line takes from its product: another product brings its own.
_OF_PRODUCTS = ("description", "unit_price", "tax_rate", "tax_category", "unit", "product_code")
# Lines, in their order, → the drafts of an invoice's lines, and its `extra`.
Compose = Callable[[Sequence[PendingLine]], tuple[list[LineDraft], dict[str, Any]]]


@transaction.atomic
def create_pending_line(
    customer: Customer, draft: LineDraft, *, actor: Actor, currency: str | None = None, **columns: Any
) -> PendingLine:
    """A line that waits; `currency` defaults as an invoice's does, `columns` are metadata and extra.

    What is not given comes from the product as it is now. Raises Invalid, which names the field that is wrong, NotFound for a
    deleted customer, and Conflict where as many wait as an invoice can hold.
    """
    customer = Customer.objects.lock_live(customer.pk)
    currency = currency or customer.billing_currency
    if waiting_lines(customer, currency).count() >= MAX_LINES:
        raise Conflict(f"{MAX_LINES} items wait already: invoice them first.", code="too_many_pending")
    line = PendingLine(business=customer.business, customer=customer, currency=currency, **columns)
    _fill(line, draft)
    line.save()
    audit.record(line.business, actor, "pendingline.created", line)
    return line


@transaction.atomic
def update_pending_line(line: PendingLine, *, changes: Mapping[str, Any], actor: Actor) -> PendingLine:
    """Change fields of LineDraft, the currency, metadata or extra; a change of nothing records nothing.

    Another product brings what the line takes from a product, a new discount replaces the old. Raises as
    `create_pending_line` does.
    """
    line = _lock(line)
    before, extra = represent_pending_line(line), line.extra
    draft = replace(draft_of(line, line.currency), **_replaced(line, changes))
    for name in changes.keys() - _OF_DRAFTS:
        setattr(line, name, changes[name])
    line.currency = line.currency or line.customer.billing_currency
    _fill(line, draft)
    previous = differences(before, represent_pending_line(line))
    if previous or line.extra != extra:
        line.save()
        audit.record(line.business, actor, "pendingline.updated", line, {"fields": sorted(previous)})
    return line


@transaction.atomic
def delete_pending_line(line: PendingLine, *, actor: Actor) -> None:
    """Remove a line that waits, for good."""
    line = _lock(line)
    audit.record(line.business, actor, "pendingline.deleted", line)
    line.delete()


@transaction.atomic
def invoice_pending_lines(
    customer: Customer,
    *,
    actor: Actor,
    details: Mapping[str, Any] | None = None,
    number: str | None = None,
    status: str = Invoice.Status.DRAFT,
    compose: Compose | None = None,
) -> Invoice:
    """One invoice of all lines that wait in its currency, the oldest first; they wait no more.

    `details` are fields of Invoice. `compose` makes drafts and `extra` of the lines, where a wire format adds to them. Raises
    Conflict where none wait, and as `create_invoice` does.
    """
    customer = Customer.objects.lock_live(customer.pk)
    details = dict(details or {})
    currency = details["currency"] = details.get("currency") or customer.billing_currency
    lines = list(waiting_lines(customer, currency).select_related("product").order_by("pk")[:MAX_LINES])
    if not lines:
        raise Conflict(f"Nothing waits to be invoiced to this customer in {currency}.", code="nothing_pending")
    drafts, extra = (compose or collect)(lines)
    details["extra"] = {**details.get("extra", {}), **extra}
    invoice = create_invoice(
        customer.business, customer=customer, lines=drafts, actor=actor, number=number, status=status, details=details
    )
    PendingLine.objects.of(customer.business_id).filter(pk__in=[line.pk for line in lines]).delete()
    taken = {"invoice": invoice.number, "lines": [str(line.uuid) for line in lines]}
    audit.record(customer.business, actor, "pendingline.invoiced", customer, taken)
    return invoice


def waiting_lines(customer: Customer, currency: str) -> Any:
    """The lines that wait for a customer's next invoice in this currency."""
    rows = PendingLine.objects.of(customer.business_id)
    return rows.filter(customer=customer, currency=currency)


def collect(lines: Sequence[PendingLine]) -> tuple[list[LineDraft], dict[str, Any]]:
    """The lines as drafts, and what formats keep of each: a list `items` per format, in the lines' order."""
    drafts = [replace(draft_of(line, line.currency), uuid=None) for line in lines]
    formats = {name for line in lines for name in line.extra}
    return drafts, {name: {"items": [line.extra.get(name, {}) for line in lines]} for name in formats}


def _lock(line: PendingLine) -> PendingLine:
    """The row under its customer's lock; NotFound where it was deleted or invoiced meanwhile."""
    customer = Customer.objects.lock_live(line.customer_id)
    row = PendingLine.objects.filter(pk=line.pk).select_related("business", "product").first()
    if row is None:
        raise NotFound("Pending item not found")
    row.customer = customer
    return row


def _replaced(line: PendingLine, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Changes of the draft, and what they make void."""
    given = {name: changes[name] for name in changes.keys() & _OF_DRAFTS}
    if given.get("product") not in (None, line.product):
        given = {**dict.fromkeys(_OF_PRODUCTS), **given}
    if given.keys() & {"discount_rate", "discount_amount"}:
        given = {"discount_rate": None, "discount_amount": None, **given}
    return given


def _fill(line: PendingLine, draft: LineDraft) -> None:
    if not draft.description and draft.product is None:
        raise Invalid.field("description", "This field is required without product_id.")
    for name, value in line_columns(draft, line).items():
        setattr(line, name, value)
    line.gross_minor, line.discount_minor = price_line(line_input(draft, line), currency=line.currency)
    line.net_minor = line.gross_minor - line.discount_minor
    check_columns(line)
