"""The lines of a document: what a caller gives, priced by the calculator and stored in one go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from billing.models import (
    CreditNoteLine,
    Document,
    DocumentLine,
    InvoiceLine,
    PendingLine,
    Product,
    QuotationLine,
    TaxCategory,
)
from billing.totals import DocumentDiscount, LineInput, Totals, calculate
from invoicing.lib.errors import Invalid
from invoicing.lib.ids import uuid7
from invoicing.lib.money import MAX_MINOR, exponent, to_minor_exact

MAX_LINES = 1_000
_LINES: dict[str, Any] = {"invoice": InvoiceLine, "quotation": QuotationLine, "credit_note": CreditNoteLine}


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDraft:
    """A line as a caller gives it; amounts in major units. What is None comes from the product."""

    quantity: Decimal
    description: str | None = None
    unit_price: Decimal | None = None
    tax_rate: Decimal | None = None
    tax_category: str | None = None
    exemption_reason: str | None = None
    product: Product | None = None
    product_code: str | None = None
    unit: str | None = None
    discount_rate: Decimal | None = None
    discount_amount: Decimal | None = None
    uuid: UUID | None = None


def check_lines(document: Document, drafts: Sequence[LineDraft]) -> None:
    """Invalid for no lines or too many, for a line id that is not this document's, or a line without a description."""
    if not 1 <= len(drafts) <= MAX_LINES:
        raise Invalid.field("items", f"Expected 1 to {MAX_LINES} lines.")
    seen: set[UUID] = set()
    known = set(_lines(document).values_list("uuid", flat=True)) if document.pk else set()
    for index, draft in enumerate(drafts):
        if draft.uuid is not None and (draft.uuid not in known or draft.uuid in seen):
            raise Invalid.field(f"items.{index}.id", "No such line of this document.")
        if not draft.description and draft.product is None:
            raise Invalid.field(f"items.{index}.description", "This field is required without product_id.")
        if draft.uuid:
            seen.add(draft.uuid)


def store_lines(document: Document, drafts: Sequence[LineDraft], totals: Totals) -> None:
    """Replace the lines of a saved document; a draft line with a known id keeps it, inside and outside."""
    stays = any(draft.uuid for draft in drafts)
    known: dict[UUID, int] = dict(_lines(document).values_list("uuid", "pk")) if stays else {}
    _lines(document).delete()
    made = made_lines(document, drafts, totals)
    for line in made:
        line.pk = known.get(line.uuid)
    _LINES[document.noun].objects.bulk_create(made)


def made_lines(document: Document, drafts: Sequence[LineDraft], totals: Totals) -> list[Any]:
    """The lines of a document as rows that are not stored yet."""
    model, own = _LINES[document.noun], {document.noun: document}
    return [model(**own, **_stored(document, position, draft, totals)) for position, draft in enumerate(drafts)]


def _lines(document: Document) -> Any:
    return document.lines.order_by("position")  # type: ignore[attr-defined]


def price(document: Document, drafts: Sequence[LineDraft]) -> Totals:
    """Compute a document's totals from line drafts and set them on it."""
    inputs = [line_input(draft, document, f"items.{index}.") for index, draft in enumerate(drafts)]
    discount = None
    if document.discount_type and document.discount_value is not None:
        discount = DocumentDiscount(document.discount_type, document.discount_value)
    totals = calculate(inputs, currency=document.currency, discount=discount, rounding=document.rounding)
    document.gross_minor, document.discount_minor = totals.gross, totals.discount
    document.subtotal_minor, document.tax_minor, document.total_minor = totals.subtotal, totals.tax, totals.total
    return totals


def drafts_of(document: Document) -> list[LineDraft]:
    """A document's lines as drafts again: to price it anew, or to copy it."""
    rows: Sequence[DocumentLine] = _lines(document).select_related("product")
    return [draft_of(row, document.currency) for row in rows]


def draft_of(row: DocumentLine | PendingLine, currency: str) -> LineDraft:
    """A stored line as a draft again, with its UUID."""
    return LineDraft(
        uuid=row.uuid,
        quantity=row.quantity,
        description=row.description,
        unit_price=row.unit_price,
        tax_rate=row.tax_rate,
        tax_category=row.tax_category,
        exemption_reason=row.exemption_reason,
        product=row.product,
        product_code=row.product_code,
        unit=row.unit,
        discount_rate=row.discount_rate,
        discount_amount=None if row.discount_rate is not None else _major(row.discount_minor, currency),
    )


def _major(minor: int, currency: str) -> Decimal | None:
    return Decimal(minor).scaleb(-exponent(currency)) if minor else None


def line_input(draft: LineDraft, owner: Document | PendingLine, path: str = "") -> LineInput:
    """What a line of `owner` is computed from; Invalid names the field that is wrong under `path`."""
    currency = owner.currency
    discount_minor = None
    if draft.discount_amount is not None:
        discount_minor = to_minor_exact(draft.discount_amount, currency)
        if discount_minor is None or abs(discount_minor) > MAX_MINOR:
            message = f"At most {exponent(currency)} decimals in {currency}."
            raise Invalid.field(f"{path}discount_amount", message)
    return LineInput(
        quantity=draft.quantity,
        unit_price=_unit_price(draft, owner, path),
        tax_rate=_tax_rate(draft, owner),
        tax_category=_tax_category(draft),
        discount_rate=draft.discount_rate,
        discount_minor=discount_minor,
    )


def _unit_price(draft: LineDraft, owner: Document | PendingLine, path: str) -> Decimal:
    if draft.unit_price is not None:
        return draft.unit_price
    if draft.product is None:
        raise Invalid.field(f"{path}unit_price", "This field is required without product_id.")
    own = owner.business.currency
    if owner.currency != own:
        message = f"The product's price is in {own}: give one in {owner.currency}."
        raise Invalid.field(f"{path}unit_price", message)
    return draft.product.unit_price


def _tax_rate(draft: LineDraft, owner: Document | PendingLine) -> Decimal:
    if draft.tax_rate is not None:
        return draft.tax_rate
    # A customer that is not taxable does not get a product's rate; a rate given with the line is the caller's word.
    return draft.product.tax_rate if draft.product and owner.customer.taxable else Decimal(0)


def _tax_category(draft: LineDraft) -> str:
    return draft.tax_category or (draft.product.tax_category if draft.product else TaxCategory.STANDARD)


def line_columns(draft: LineDraft, owner: Document | PendingLine, path: str = "") -> dict[str, object]:
    """The columns of a line but for its amounts; what is not given comes from the product."""
    product = draft.product
    described = product and (product.description or product.name)
    return {
        "product": product,
        "description": draft.description or described or "",
        "quantity": draft.quantity,
        "unit": draft.unit or (product.unit if product else None),
        "unit_price": _unit_price(draft, owner, path),
        "product_code": draft.product_code or (product.product_code if product else None),
        "discount_rate": draft.discount_rate,
        "tax_rate": _tax_rate(draft, owner),
        "tax_category": _tax_category(draft),
        "exemption_reason": draft.exemption_reason,
    }


def _stored(document: Document, position: int, draft: LineDraft, totals: Totals) -> dict[str, object]:
    total = totals.lines[position]
    return {
        "business_id": document.business_id,
        "uuid": draft.uuid or uuid7(),
        "position": position,
        **line_columns(draft, document, f"items.{position}."),
        "gross_minor": total.gross,
        "discount_minor": total.discount,
        "net_minor": total.net,
        "tax_minor": total.tax,
        "amount_minor": total.amount,
    }
