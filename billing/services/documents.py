"""What invoices and quotations are written alike: filling a draft, applying changes, pricing, deleting."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from billing.events import publish_document
from billing.models import CreditNote, Document, Invoice, Quotation
from billing.services.lines import LineDraft, check_lines, drafts_of, made_lines, price, store_lines
from billing.services.numbers import give_number
from businesses import audit
from businesses.audit import Actor
from invoicing.lib import clock
from invoicing.lib.errors import Conflict, Detail, Invalid
from invoicing.lib.money import major_number
from invoicing.lib.money import number as shortest
from invoicing.lib.new_rows import insert, insert_all
from invoicing.lib.text import fold_all

Doc = TypeVar("Doc", Invoice, Quotation, CreditNote)

# What prices depend on: a change of one of these prices the lines anew.
_PRICED = frozenset({"currency", "discount_type", "discount_value"})
# What does not show on paper: a change of these makes no new revision.
_NOT_PRINTED = frozenset({"metadata", "extra"})


def fill_draft(document: Document, details: Mapping[str, Any]) -> None:
    """Set a new draft's fields, with the customer's and the business's defaults for what is not given."""
    business, customer = document.business, document.customer
    document.currency = customer.currency or business.currency
    document.issue_date = clock.today(business.time_zone)
    document.template_type = business.template
    document.rounding = business.rounding
    for name, value in details.items():
        if value is not None or name not in {"currency", "issue_date", "template_type", "metadata"}:
            setattr(document, name, value)
    check_discount(document)


def check_discount(document: Document) -> None:
    """Invalid unless discount_type and discount_value come together and make sense."""
    kind, value = document.discount_type, document.discount_value
    if (kind is None) != (value is None):
        missing = "discount_type" if kind is None else "discount_value"
        raise Invalid.field(missing, "discount_type and discount_value are given together.")
    if kind == Document.Discount.PERCENTAGE and value is not None and value > 100:
        raise Invalid.field("discount_value", "At most 100 percent.")


def check_dates(document: Document) -> None:
    """Invalid where a period ends before it starts; a due date may lie before the issue date, as when one bills late."""
    start, end = getattr(document, "period_start", None), getattr(document, "period_end", None)
    if start is not None and end is not None and end < start:
        raise Invalid.field("period_end", f"Must not be before period_start ({start}).")


def store_new(
    document: Doc, lines: Sequence[LineDraft], number: str | None, *, check: Callable[[Doc], None] | None = None
) -> None:
    """Store a new document with its lines; whatever can be refused is refused before the number, the last lock, is taken."""
    check_lines(document, lines)
    totals = price(document, lines)
    if check is not None:
        check(document)
    number_new(document, number)
    document.new_lines = insert_all(made_lines(document, lines, totals))


def number_new(document: Invoice | Quotation | CreditNote, number: str | None) -> None:
    """Give a new document its number, the last lock, and store it."""
    given = give_number(document.business, type(document), document.issue_date, number)
    document.number, document.sequence, document.period = given.number, given.sequence, given.period
    _index(document)
    insert(document)


def _index(document: Document) -> None:
    document.search_text = fold_all(
        document.number, document.customer.name, document.reference, document.purchase_order
    )


def apply_changes(
    document: Document,
    changes: Mapping[str, Any],
    *,
    allowed: frozenset[str] | None,
    lines: Sequence[LineDraft] | None,
    check: bool = True,
) -> dict[str, Any]:
    """Set what differs and return the previous values; Conflict where `allowed` (None: everything) does not name a field."""
    asked = {*changes, *(["items"] if lines is not None else [])}
    refused = sorted(asked - allowed) if allowed is not None else []
    if refused:
        message = f"Cannot change once the {document.label} is issued."
        raise Conflict(f"{refused[0]}: {message}", code="issued", details=[Detail(name, message) for name in refused])
    previous = {}
    for name, value in changes.items():
        before = getattr(document, name)
        if value is None and not document._meta.get_field(name).null:
            raise Invalid.field(_shown(name), "Must not be null.")
        if before != value:
            previous[_shown(name)] = _plain(before)
            setattr(document, name, value)
    if lines is not None and check:
        check_lines(document, lines)
    return previous


def _shown(name: str) -> str:
    return "customer_id" if name == "customer" else name


def _plain(value: Any) -> Any:
    """A previous value as an event may show it."""
    if isinstance(value, Decimal):
        return shortest(value)
    return value.uuid if hasattr(value, "uuid") else value


def reprice(
    document: Document, lines: Sequence[LineDraft], *, was: Sequence[LineDraft], currency: str
) -> dict[str, Any]:
    """Price a draft anew after a change; returns the previous total where it, or a line, is another now.

    `was` are its lines and `currency` its currency from before.
    """
    check_discount(document)
    before = document.total_minor
    totals = price(document, lines)
    store_lines(document, lines, totals)
    _index(document)
    same_total = (document.total_minor, document.currency) == (before, currency)
    return {} if same_total and drafts_of(document) == list(was) else {"total": major_number(before, currency)}


def frozen_fields(names: Mapping[str, Any]) -> bool:
    """Whether one of the changed fields is printed, so that a new revision is due."""
    return any(name not in _NOT_PRINTED for name in names)


def delete_draft(document: Document, *, actor: Actor, reason: str) -> None:
    """Mark a locked draft deleted and tell it; its number stays with the reason."""
    document.deleted_at = clock.now()
    document.deleted_reason = reason
    document.save(update_fields=["deleted_at", "deleted_reason", "updated_at"])
    audit.record(document.business, actor, f"{document.noun}.deleted", document, {"reason": reason})
    publish_document(document, "deleted", actor=actor)
