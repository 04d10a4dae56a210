"""Totals: documents are the sums of their lines, and the one calculator comes to the same amounts again."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db.models import F, Sum

from billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine, Quotation, QuotationLine
from billing.selectors.books.sums import beside
from billing.totals import DocumentDiscount, LineInput, Totals, calculate
from businesses.models import Business
from invoicing.lib.errors import DomainError

_KINDS: tuple[tuple[Any, Any], ...] = (
    (Invoice, InvoiceLine),
    (Quotation, QuotationLine),
    (CreditNote, CreditNoteLine),
)


def check_totals(business: Business) -> Iterator[str]:
    """A document's totals are the sums of its lines, and a line's amount its net and tax."""
    for model, lines in _KINDS:
        noun, name = model.noun, model.noun.replace("_", " ")
        sums = lines.objects.of(business).order_by(f"{noun}_id").values_list(f"{noun}_id")
        added = sums.annotate(
            gross=Sum("gross_minor"), net=Sum("net_minor"), tax=Sum("tax_minor"), all=Sum("amount_minor")
        )
        by_document = ((pk, tuple(map(int, amounts))) for pk, *amounts in added.iterator())
        documents = model._default_manager.filter(business=business).order_by("pk")
        for document, found in beside(documents.iterator(), by_document):
            totals = (document.gross_minor, document.subtotal_minor, document.tax_minor, document.total_minor)
            if found != totals:
                yield f"{name} {document.number}: totals {totals}, its lines sum to {found}"
        wrong = lines.objects.of(business).exclude(amount_minor=F("net_minor") + F("tax_minor"))
        for number, position in wrong.order_by("pk").values_list(f"{noun}__number", "position"):
            yield f"{name} {number}, line {position + 1}: its amount is not net and tax"


def check_calculations(business: Business) -> Iterator[str]:
    """Quantities, prices, rates and discounts give the amounts that are stored; a credit note of an invoice is drawn from it."""
    for model, lines in _KINDS:
        noun = model.noun
        rows = lines.objects.of(business).select_related(noun).order_by(noun, "position", "pk")
        if model is CreditNote:
            rows = rows.filter(credit_note__invoice=None)
        for _, members in groupby(rows.iterator(), key=attrgetter(f"{noun}_id")):
            own = list(members)
            document = getattr(own[0], noun)
            if (found := _recalculated(document, own)) is not None:
                yield f"{noun.replace('_', ' ')} {document.number}: {found}"


def _recalculated(document: Any, lines: list[Any]) -> str | None:
    """What is wrong, None where nothing is."""
    discount = None
    if document.discount_type and document.discount_value is not None:
        discount = DocumentDiscount(document.discount_type, document.discount_value)
    inputs = [_input(line) for line in lines]
    try:
        totals = calculate(inputs, currency=document.currency, discount=discount, rounding=document.rounding)
    except DomainError as error:
        return f"its lines cannot be calculated: {error.message}"
    for position, (line, total) in enumerate(zip(lines, totals.lines, strict=True), start=1):
        stored = (line.gross_minor, line.discount_minor, line.net_minor, line.tax_minor)
        computed = (total.gross, total.discount, total.net, total.tax)
        if stored != computed:
            return f"line {position} has {stored}, calculated {computed} (gross, discount, net, tax)"
    return _of_document(document, totals)


def _of_document(document: Any, totals: Totals) -> str | None:
    stored = (document.gross_minor, document.discount_minor, document.subtotal_minor, document.tax_minor)
    computed = (totals.gross, totals.discount, totals.subtotal, totals.tax)
    if stored == computed and document.total_minor == totals.total:
        return None
    return f"has {(*stored, document.total_minor)}, calculated {(*computed, totals.total)}"


def _input(line: Any) -> LineInput:
    return LineInput(
        quantity=line.quantity,
        unit_price=line.unit_price,
        tax_rate=line.tax_rate,
        tax_category=line.tax_category,
        discount_rate=line.discount_rate,
        discount_minor=line.discount_minor if line.discount_rate is None else None,
    )
