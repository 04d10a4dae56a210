"""Invoices, quotations and credit notes as the API, events and stored answers show them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from rest_framework import serializers

from billing.models import (
    CreditNote,
    CreditNoteLine,
    Document,
    DocumentLine,
    Invoice,
    InvoiceLine,
    Quotation,
    QuotationLine,
    TaxCategory,
)
from billing.serializers.allocations import AllocationOutput, allocations_of
from billing.serializers.payments import RefundOutput, refunds_of
from businesses.models import Business
from invoicing.lib import clock
from invoicing.lib.money import major_number, number
from invoicing.lib.rows import read_rows

_SHARED = (
    *("pk", "uuid", "business__uuid", "customer__uuid", "customer__name", "customer__email", "number", "issue_date"),
    *("status", "currency", "template_type", "purchase_order", "reference", "notes", "terms", "metadata"),
    *("discount_type", "discount_value", "discount_minor", "subtotal_minor", "tax_minor", "total_minor"),
    *("created_at", "updated_at"),
)
INVOICE_COLUMNS = (
    *_SHARED,
    *("due_date", "delivery_date", "period_start", "period_end", "ship_to", "paid_minor", "due_minor", "paid_at"),
    *("written_off_minor", "opening_balance", "approval", "approval_comment"),
)
QUOTATION_COLUMNS = (*_SHARED, "valid_until", "invoice__uuid")
CREDIT_NOTE_COLUMNS = (*_SHARED, "invoice__uuid", "invoice__number", "unallocated_minor", "refunded_minor")
_LINE_COLUMNS = (
    *("uuid", "product__uuid", "description", "quantity", "unit", "unit_price", "product_code", "discount_rate"),
    *("discount_minor", "tax_rate", "tax_category", "exemption_reason", "tax_minor", "amount_minor"),
)


def represent_invoices(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Invoices from rows of INVOICE_COLUMNS; their lines in one more query."""
    lines = _lines(InvoiceLine, "invoice", rows)
    return [_invoice(row, lines.get(row["pk"], [])) for row in rows]


def represent_invoice(pk: int) -> dict[str, Any]:
    """One invoice as GET answers it."""
    return represent_invoices(read_rows(Invoice, INVOICE_COLUMNS, [pk]))[0]


def represent_quotations(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Quotations from rows of QUOTATION_COLUMNS; their lines in one more query."""
    lines = _lines(QuotationLine, "quotation", rows)
    return [_quotation(row, lines.get(row["pk"], [])) for row in rows]


def represent_quotation(pk: int) -> dict[str, Any]:
    """One quotation as GET answers it."""
    return represent_quotations(read_rows(Quotation, QUOTATION_COLUMNS, [pk]))[0]


def represent_credit_notes(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Credit notes from rows of CREDIT_NOTE_COLUMNS; three more queries: lines, what they are applied to, and refunds."""
    lines = _lines(CreditNoteLine, "credit_note", rows, also=("invoice_line__uuid",))
    applied, refunds = allocations_of("credit_note", rows), refunds_of("credit_note", rows)
    parts = (lines, applied, refunds)
    return [_credit_note(row, *(part.get(row["pk"], []) for part in parts)) for row in rows]


def represent_credit_note(pk: int) -> dict[str, Any]:
    """One credit note as GET answers it."""
    return represent_credit_notes(read_rows(CreditNote, CREDIT_NOTE_COLUMNS, [pk]))[0]


def represent_new(document: Invoice | Quotation) -> dict[str, Any]:
    """A draft that was stored a moment ago as GET will answer it, from what is in memory: nothing is read."""
    row = {name: _value(document, name) for name in _COLUMNS_OF_NEW[document.noun]}
    lines = [
        _line({name: _value(line, name) for name in _LINE_COLUMNS}, document.noun, row) for line in document.new_lines
    ]
    return _invoice(row, lines) if document.noun == "invoice" else _quotation({**row, "invoice__uuid": None}, lines)


def _value(row: Any, column: str) -> Any:
    """What `values(column)` would give of a row in memory."""
    for name in column.split("__"):
        row = None if row is None else getattr(row, name)
    return row


_COLUMNS_OF_NEW = {"invoice": INVOICE_COLUMNS, "quotation": (*_SHARED, "valid_until")}
_REPRESENT: dict[str, Callable[[int], dict[str, Any]]] = {
    "invoice": represent_invoice,
    "quotation": represent_quotation,
    "credit_note": represent_credit_note,
}


def represent_document(document: Document) -> dict[str, Any]:
    """An invoice, quotation or credit note as GET answers it."""
    return _REPRESENT[document.noun](document.pk)


def as_created(data: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a create: OnlineInvoiceMaker calls the lines `items` there, and `invoice_items` in a GET."""
    lines = {"invoice_items", "quotation_items", "credit_note_items"}
    return {"items" if key in lines else key: value for key, value in data.items()}


def _lines(
    model: type[DocumentLine], noun: str, rows: Iterable[Mapping[str, Any]], also: tuple[str, ...] = ()
) -> dict[int, list[dict[str, Any]]]:
    documents = {row["pk"]: row for row in rows}
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    columns = (f"{noun}_id", *_LINE_COLUMNS, *also)
    for line in read_rows(model, columns, documents, by=noun, order=(f"{noun}_id", "position")):
        document = documents[line[f"{noun}_id"]]
        found[document["pk"]].append(_line(line, noun, document))
    return found


def _line(line: Mapping[str, Any], noun: str, document: Mapping[str, Any]) -> dict[str, Any]:
    currency = document["currency"]
    rate = line["discount_rate"]
    return {
        "id": line["uuid"],
        f"{noun}_id": document["uuid"],
        "product_id": line["product__uuid"],
        "description": line["description"],
        "quantity": number(line["quantity"]),
        "unit": line["unit"],
        "unit_price": number(line["unit_price"]),
        "product_code": line["product_code"],
        "discount_rate": None if rate is None else number(rate),
        "discount_amount": major_number(line["discount_minor"], currency),
        "tax_rate": number(line["tax_rate"]),
        "tax_category": line["tax_category"],
        "exemption_reason": line["exemption_reason"],
        "tax_amount": major_number(line["tax_minor"], currency),
        "amount": major_number(line["amount_minor"], currency),
        **({"invoice_item_id": line["invoice_line__uuid"]} if "invoice_line__uuid" in line else {}),
    }


def _day(value: date | None) -> str | None:
    return value.isoformat() if value else None


def _moment(value: datetime | None) -> str | None:
    return clock.iso(value) if value else None


def _head(row: Mapping[str, Any], noun: str) -> dict[str, Any]:
    return {
        "id": row["uuid"],
        "business_id": row["business__uuid"],
        "customer_id": row["customer__uuid"],
        f"{noun}_number": row["number"],
        "issue_date": _day(row["issue_date"]),
    }


def _amounts(row: Mapping[str, Any]) -> dict[str, Any]:
    currency, value = row["currency"], row["discount_value"]
    return {
        "subtotal": major_number(row["subtotal_minor"], currency),
        "tax_amount": major_number(row["tax_minor"], currency),
        "discount_type": row["discount_type"],
        "discount_value": None if value is None else number(value),
        "discount_amount": major_number(row["discount_minor"], currency),
        "total": major_number(row["total_minor"], currency),
    }


def _texts(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "currency": row["currency"],
        **{name: row[name] for name in ("notes", "terms", "template_type", "purchase_order", "reference", "metadata")},
    }


def _tail(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "created_at": clock.iso(row["created_at"]),
        "updated_at": clock.iso(row["updated_at"]),
    }


def _customer(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": row["customer__uuid"], "name": row["customer__name"], "email": row["customer__email"]}


def _invoice(row: Mapping[str, Any], lines: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        **_head(row, "invoice"),
        "due_date": _day(row["due_date"]),
        "status": row["status"],
        "approval": row["approval"],
        "approval_comment": row["approval_comment"],
        **_amounts(row),
        "amount_paid": major_number(row["paid_minor"], row["currency"]),
        "amount_due": major_number(row["due_minor"], row["currency"]),
        "amount_written_off": major_number(row["written_off_minor"], row["currency"]),
        "opening_balance": row["opening_balance"],
        **_texts(row),
        "delivery_date": _day(row["delivery_date"]),
        "period_start": _day(row["period_start"]),
        "period_end": _day(row["period_end"]),
        "ship_to": row["ship_to"],
        "paid_at": _moment(row["paid_at"]),
        **_tail(row),
        "invoice_items": lines,
        "customers": _customer(row),
    }


def _quotation(row: Mapping[str, Any], lines: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        **_head(row, "quotation"),
        "valid_until": _day(row["valid_until"]),
        "status": row["status"],
        **_amounts(row),
        **_texts(row),
        "invoice_id": row["invoice__uuid"],
        **_tail(row),
        "quotation_items": lines,
        "customers": _customer(row),
    }


def _credit_note(
    row: Mapping[str, Any],
    lines: list[dict[str, Any]],
    applied: list[dict[str, Any]],
    refunds: list[dict[str, Any]],
) -> dict[str, Any]:
    return {
        **_head(row, "credit_note"),
        "invoice_id": row["invoice__uuid"],
        "invoice_number": row["invoice__number"],
        "status": row["status"],
        **_amounts(row),
        "unallocated_amount": major_number(row["unallocated_minor"], row["currency"]),
        "refunded_amount": major_number(row["refunded_minor"], row["currency"]),
        **_texts(row),
        "allocations": applied,
        "refunds": refunds,
        **_tail(row),
        "credit_note_items": lines,
        "customers": _customer(row),
    }


# The schema ----------------------------------------------------------------------------------------------------------
class CustomerSummary(serializers.Serializer[Any]):
    """The customer of a document."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    email = serializers.CharField(allow_null=True)


class ExplanationStep(serializers.Serializer[Any]):
    """One rounding or share behind an amount; residual = unrounded − rounded, in major units."""

    step = serializers.CharField(help_text="The amount it explains, such as items.0.tax_amount.")
    inputs = serializers.DictField()
    unrounded = serializers.FloatField(help_text="At most 12 decimals.")
    rounded = serializers.FloatField()
    residual = serializers.FloatField()
    residual_to = serializers.CharField(allow_null=True, help_text="Where the residual went.")


class LineOutput(serializers.Serializer[Any]):
    """A line; `amount` includes tax."""

    id = serializers.UUIDField()
    product_id = serializers.UUIDField(allow_null=True)
    description = serializers.CharField()
    quantity = serializers.FloatField()
    unit = serializers.CharField(allow_null=True)
    unit_price = serializers.FloatField()
    product_code = serializers.CharField(allow_null=True)
    discount_rate = serializers.FloatField(allow_null=True)
    discount_amount = serializers.FloatField()
    tax_rate = serializers.FloatField()
    tax_category = serializers.ChoiceField(choices=TaxCategory.choices)
    exemption_reason = serializers.CharField(allow_null=True)
    tax_amount = serializers.FloatField()
    amount = serializers.FloatField()


class InvoiceLineOutput(LineOutput):
    """A line of an invoice."""

    invoice_id = serializers.UUIDField()


class QuotationLineOutput(LineOutput):
    """A line of a quotation."""

    quotation_id = serializers.UUIDField()


class DocumentOutput(serializers.Serializer[Any]):
    """What invoices and quotations share."""

    id = serializers.UUIDField()
    business_id = serializers.UUIDField()
    customer_id = serializers.UUIDField()
    issue_date = serializers.DateField()
    subtotal = serializers.FloatField()
    tax_amount = serializers.FloatField()
    discount_type = serializers.ChoiceField(choices=Document.Discount.choices, allow_null=True)
    discount_value = serializers.FloatField(allow_null=True)
    discount_amount = serializers.FloatField()
    total = serializers.FloatField()
    currency = serializers.CharField()
    notes = serializers.CharField(allow_null=True)
    terms = serializers.CharField(allow_null=True)
    template_type = serializers.ChoiceField(choices=Business.Template.choices)
    purchase_order = serializers.CharField(allow_null=True)
    reference = serializers.CharField(allow_null=True)
    metadata = serializers.DictField(child=serializers.CharField())
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    customers = CustomerSummary()
    explanation = ExplanationStep(many=True, required=False, help_text="With explain=true.")


class InvoiceHead(DocumentOutput):
    """An invoice without its lines."""

    invoice_number = serializers.CharField()
    due_date = serializers.DateField(allow_null=True)
    status = serializers.ChoiceField(choices=Invoice.Status.choices)
    approval = serializers.ChoiceField(choices=Invoice.Approval.choices, allow_null=True)
    approval_comment = serializers.CharField(allow_null=True, help_text="With an approval or a rejection.")
    amount_paid = serializers.FloatField()
    amount_due = serializers.FloatField()
    amount_written_off = serializers.FloatField()
    opening_balance = serializers.BooleanField()
    delivery_date = serializers.DateField(allow_null=True)
    period_start = serializers.DateField(allow_null=True)
    period_end = serializers.DateField(allow_null=True)
    ship_to = serializers.DictField(allow_null=True)
    paid_at = serializers.DateTimeField(allow_null=True)


class InvoiceOutput(InvoiceHead):
    """An invoice."""

    invoice_items = InvoiceLineOutput(many=True)


class InvoiceCreated(InvoiceHead):
    """An invoice as its create answers it."""

    items = InvoiceLineOutput(many=True)


class QuotationHead(DocumentOutput):
    """A quotation without its lines."""

    quotation_number = serializers.CharField()
    valid_until = serializers.DateField(allow_null=True)
    status = serializers.ChoiceField(choices=Quotation.Status.choices)
    invoice_id = serializers.UUIDField(allow_null=True)


class QuotationOutput(QuotationHead):
    """A quotation."""

    quotation_items = QuotationLineOutput(many=True)


class QuotationCreated(QuotationHead):
    """A quotation as its create answers it."""

    items = QuotationLineOutput(many=True)


class CreditNoteLineOutput(LineOutput):
    """A line of a credit note."""

    credit_note_id = serializers.UUIDField()
    invoice_item_id = serializers.UUIDField(allow_null=True)


class CreditNoteHead(DocumentOutput):
    """A credit note without its lines; its amounts are positive."""

    credit_note_number = serializers.CharField()
    invoice_id = serializers.UUIDField(allow_null=True)
    invoice_number = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(choices=CreditNote.Status.choices)
    unallocated_amount = serializers.FloatField()
    refunded_amount = serializers.FloatField()
    allocations = AllocationOutput(many=True)
    refunds = RefundOutput(many=True)


class CreditNoteOutput(CreditNoteHead):
    """A credit note."""

    credit_note_items = CreditNoteLineOutput(many=True)


class CreditNoteCreated(CreditNoteHead):
    """A credit note as its create answers it."""

    items = CreditNoteLineOutput(many=True)
