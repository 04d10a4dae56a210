"""Between CoreBill's objects and the native ones. Pure: native dictionaries, as the native API answers them, in and out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from dialects.corebill import ids
from invoicing.lib.money import number

# CoreBill's name → ours.
CUSTOMER_FIELDS = {
    "name": "name",
    "country": "country",
    "contact_email": "email",
    "contact_phone": "phone",
    "city": "city",
    "currency": "currency",
    "status": "status",
    "legal_name": "legal_name",
    "legal_address": "address",
    "legal_vat": "tax_id",
    "zipcode": "postal_code",
    "notes": "notes",
}
_SHORTHANDS = {"email": "contact_email", "phone": "contact_phone"}
ITEM_FIELDS = {
    "name": "name",
    "description": "description",
    "unit_price": "unit_price",
    "unit": "unit",
    "tax_rate": "tax_rate",
    "item_code": "product_code",
    "is_active": "active",
}
METHODS = {
    "bank_transfer": "bank_transfer",
    "wire_transfer": "bank_transfer",
    "transfer": "bank_transfer",
    "check": "check",
    "cash": "cash",
    "card": "card",
    "credit_card": "card",
    "debit_card": "card",
    "direct_debit": "direct_debit",
    "other": "other",
}
_QUOTE_STATUS = {"accepted": "approved"}


# In ------------------------------------------------------------------------------------------------------------------
def customer_columns(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body as `create_customer` and `update_customer` take it; a shorthand counts where its long name is not given."""
    long = {_SHORTHANDS.get(name, name): value for name, value in body.items() if name in _SHORTHANDS}
    long |= {name: value for name, value in body.items() if name not in _SHORTHANDS}
    return {CUSTOMER_FIELDS[name]: value for name, value in long.items()}


def line_fields(line: Mapping[str, Any]) -> dict[str, Any]:
    """A line as the native API takes it, but for its tax rate, which is the header's: its name is the description's first line."""
    words = [line.get("item_name") or line.get("name"), line.get("description")]
    native = {name: line[name] for name in ("quantity", "unit", "unit_price") if line.get(name) is not None}
    return {"quantity": Decimal(1), **native, "description": "\n".join(filter(None, words))}


def document_fields(body: Mapping[str, Any]) -> dict[str, Any]:
    """What of a header has a native name; `extra` keeps what has none."""
    names = {"issue_date": "issue_date", "due_date": "due_date", "valid_until": "valid_until", "currency": "currency"}
    names |= {"discount_type": "discount_type", "discount_value": "discount_value"}
    names |= {"payment_terms": "terms", "notes": "notes"}
    return {ours: body[theirs] for theirs, ours in names.items() if theirs in body}


# Out -----------------------------------------------------------------------------------------------------------------
def customer(native: Mapping[str, Any], pk: int, slug: str | None, currency: str) -> dict[str, Any]:
    """A customer; `currency` is the company's, which it has where it has none of its own."""
    fields = {theirs: native[ours] for theirs, ours in CUSTOMER_FIELDS.items()}
    return {
        "id": ids.spell(ids.CUSTOMER, pk),
        "object": "customer",
        **fields,
        "slug": slug,
        "currency": fields["currency"] or currency,
        "created_at": native["created_at"],
        "updated_at": native["updated_at"],
    }


def item(native: Mapping[str, Any], pk: int, extra: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """An item; one without a code of its own has one made of its number among all."""
    kept = extra.get("corebill", {})
    return {
        "id": ids.spell(ids.ITEM, pk),
        "object": "item",
        **{theirs: native[ours] for theirs, ours in ITEM_FIELDS.items()},
        "item_code": native["product_code"] or f"SER-{pk:06d}",
        "item_type": kept.get("item_type"),
        "category": kept.get("category"),
        "currency": currency,
        "created_at": native["created_at"],
        "updated_at": native["updated_at"],
    }


def invoice(native: Mapping[str, Any], pk: int, customer_pk: int, extra: Mapping[str, Any]) -> dict[str, Any]:
    """An invoice. Before it is issued it owes its total here, where natively it owes nothing yet."""
    paid = native["amount_paid"]
    owed = native["total"] if native["status"] == "draft" else native["amount_due"]
    return {
        "id": ids.spell(ids.INVOICE, pk),
        "object": "invoice",
        "invoice_number": native["invoice_number"],
        **_document(native, native["invoice_items"], customer_pk, extra),
        "status": "partial" if native["status"] == "sent" and paid else native["status"],
        "due_date": native["due_date"],
        "amount_paid": paid,
        "amount_due": owed,
        "paid_at": native["paid_at"],
        **_times(native),
    }


def quote(native: Mapping[str, Any], pk: int, customer_pk: int, extra: Mapping[str, Any]) -> dict[str, Any]:
    """A quote; there is one version of each, and no public page."""
    return {
        "id": ids.spell(ids.QUOTE, pk),
        "object": "quote",
        "quote_number": native["quotation_number"],
        "version": 1,
        **_document(native, native["quotation_items"], customer_pk, extra),
        "status": _QUOTE_STATUS.get(native["status"], native["status"]),
        "valid_until": native["valid_until"],
        "rejection_reason": extra.get("corebill", {}).get("rejection_reason"),
        "public_token": None,
        **_times(native),
    }


def _document(
    native: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], customer_pk: int, extra: Mapping[str, Any]
) -> dict[str, Any]:
    rates = {line["tax_rate"] for line in lines}
    return {
        "customer_id": ids.spell(ids.CUSTOMER, customer_pk),
        "issue_date": native["issue_date"],
        "currency": native["currency"],
        "line_items": [_line(line) for line in lines],
        "subtotal": number(Decimal(native["subtotal"]) + Decimal(native["discount_amount"])),
        "discount_type": native["discount_type"],
        "discount_value": native["discount_value"],
        "discount_amount": native["discount_amount"],
        "subtotal_after_discount": native["subtotal"],
        "tax_label": extra.get("corebill", {}).get("tax_label"),
        "tax_rate": rates.pop() if len(rates) == 1 else None,
        "tax_amount": native["tax_amount"],
        "total": native["total"],
        "payment_terms": native["terms"],
        "notes": native["notes"],
    }


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    name, _, description = line["description"].partition("\n")
    return {
        "item_name": name,
        "description": description or None,
        "quantity": line["quantity"],
        "unit": line["unit"],
        "unit_price": line["unit_price"],
    }


def _times(native: Mapping[str, Any]) -> dict[str, Any]:
    return {"created_at": native["created_at"], "updated_at": native["updated_at"]}
