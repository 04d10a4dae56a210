"""Between Invoiced's invoices, estimates and credit notes and the native ones. Pure: native dictionaries in and out.

What has no native name is kept in the document's `extra` under `invoiced`; see lines.py for what is kept of lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dialects.invoiced.lines import Names, Shown, show_discount, show_lines, show_tax
from dialects.invoiced.mapping import day_of, seconds_of, unix
from invoicing.lib.money import major_number, to_minor

_FIELDS = {name: name for name in ("currency", "purchase_order", "notes", "metadata")}
_DAYS = {"date": "issue_date", "due_date": "due_date", "expiration_date": "valid_until"}
_SHIP_TO = {
    **{name: name for name in ("name", "attention_to", "address2", "city", "state", "postal_code", "country")},
    "address1": "address",
}
# What is kept and given back, and what it is where nothing was given; of an estimate also what an invoice has of its own.
KEPT: dict[str, dict[str, Any]] = {
    "invoice": {"autopay": False, "payment_terms": None, "disabled_payment_methods": []},
    "quotation": {"payment_terms": None, "deposit": 0, "ship_to": None, "disabled_payment_methods": []},
    "credit_note": {},
}
_ONLY_KEPT = ("name", "sent", "voided", "approved")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is shown of a document besides its native representation."""

    pk: int
    customer_pk: int
    kept: Mapping[str, Any]
    time_zone: str
    names: Names
    mailed: bool
    url: str | None
    other_pk: int | None = None  # the invoice that a quotation became, or that a credit note is applied to


# In ------------------------------------------------------------------------------------------------------------------
def document_fields(body: Mapping[str, Any], noun: str, time_zone: str) -> dict[str, Any]:
    """What of a body has a native name, as the services of this noun take it."""
    fields = {ours: body[theirs] for theirs, ours in _FIELDS.items() if theirs in body}
    days = {ours: day_of(body[theirs], time_zone) for theirs, ours in _DAYS.items() if theirs in body}
    if "discounts" in body:
        total = sum((one.amount or Decimal(0) for one in body["discounts"]), Decimal(0))
        fields |= {"discount_type": "fixed" if total else None, "discount_value": total or None}
    if "ship_to" in body and noun == "invoice":
        fields["ship_to"] = body["ship_to"] and _renamed(body["ship_to"])
    return fields | days


def _renamed(ship_to: Mapping[str, Any]) -> dict[str, Any]:
    return {_SHIP_TO[name]: value for name, value in ship_to.items()}


def kept_fields(body: Mapping[str, Any], noun: str) -> dict[str, Any]:
    """What of a body is only kept."""
    return {name: _plain(body[name]) for name in (*_ONLY_KEPT, *KEPT[noun]) if name in body}


def _plain(value: Any) -> Any:
    return f"{value:f}" if isinstance(value, Decimal) else value


# Out -----------------------------------------------------------------------------------------------------------------
def show_invoice(native: Mapping[str, Any], known: Known) -> dict[str, Any]:
    """An invoice. A draft owes its total here, where natively it owes nothing yet."""
    status = native["status"]
    return {
        **_head(native, known, "invoice", "Invoice"),
        "draft": status == "draft",
        "closed": status in ("paid", "cancelled"),
        "paid": status == "paid" and not native["amount_written_off"],
        "status": invoice_status(native, mailed=known.mailed),
        "attempt_count": 0,
        "next_payment_attempt": None,
        "subscription": None,
        "due_date": seconds_of(native["due_date"], known.time_zone),
        **_amounts(native, known, "invoice_items"),
        "balance": native["total"] if status == "draft" else native["amount_due"],
        "ship_to": _ship_to(native["ship_to"]),
        "payment_plan": None,
        "payment_url": None,
        **_tail(native, known, "invoice"),
    }


def invoice_status(native: Mapping[str, Any], *, mailed: bool) -> str:
    """Their status of ours. What was written off is `bad_debt`, as theirs is."""
    status = native["status"]
    if status == "paid" and native["amount_written_off"]:
        return "bad_debt"
    named = {"draft": "draft", "overdue": "past_due", "paid": "paid", "cancelled": "voided"}
    return named.get(status) or ("sent" if mailed else "not_sent")


def show_estimate(native: Mapping[str, Any], known: Known) -> dict[str, Any]:
    """An estimate: our quotation."""
    status = native["status"]
    named = {"accepted": "approved", "rejected": "declined", "converted": "invoiced"}
    shown = "voided" if known.kept.get("voided") else named.get(status, status)
    deposit = known.kept.get("deposit")
    return {
        **_head(native, known, "estimate", "Estimate"),
        "draft": status == "draft",
        "closed": status in ("rejected", "expired", "converted"),
        "approved": known.kept.get("approved") if status in ("accepted", "converted") else None,
        "status": "not_sent" if shown == "sent" and not known.mailed else shown,
        "invoice": known.other_pk,
        "expiration_date": seconds_of(native["valid_until"], known.time_zone),
        **_amounts(native, known, "quotation_items"),
        **_tail(native, known, "quotation"),
        "deposit": major_number(to_minor(Decimal(deposit or 0), native["currency"]), native["currency"]),
        "deposit_paid": False,
    }


def show_credit_note(native: Mapping[str, Any], known: Known) -> dict[str, Any]:
    """A credit note; one is paid when all of it is applied or given back."""
    status, left = native["status"], native["unallocated_amount"]
    named = {"draft": "draft", "cancelled": "voided"}
    return {
        **_head(native, known, "credit_note", "Credit Note"),
        "draft": status == "draft",
        "closed": status == "cancelled" or (status == "sent" and not left),
        "paid": status == "sent" and not left,
        "status": named.get(status) or ("open" if left else "paid"),
        "invoice": known.other_pk,
        **_amounts(native, known, "credit_note_items"),
        "balance": native["total"] if status == "draft" else left,
        **_tail(native, known, "credit_note"),
    }


def _head(native: Mapping[str, Any], known: Known, kind: str, name: str) -> dict[str, Any]:
    noun = {"estimate": "quotation"}.get(kind, kind)
    return {
        "id": known.pk,
        "object": kind,
        "customer": known.customer_pk,
        "name": known.kept.get("name") or name,
        "number": native[f"{noun}_number"],
        "currency": native["currency"].lower(),
        "date": seconds_of(native["issue_date"], known.time_zone),
        "purchase_order": native["purchase_order"],
        "notes": native["notes"],
    }


def _amounts(native: Mapping[str, Any], known: Known, children: str) -> dict[str, Any]:
    currency = native["currency"]
    shown = show_lines(native[children], currency, known.kept, known.names)
    return {
        "items": shown.items,
        "subtotal": major_number(shown.subtotal_minor, currency),
        "discounts": _discounts(native, known, shown),
        "taxes": [
            show_tax(tax["code"], minor, currency, known.pk, known.names)
            for tax, minor in zip(known.kept.get("taxes", []), shown.taxes_minor, strict=True)
        ],
        "total": native["total"],
    }


def _discounts(native: Mapping[str, Any], known: Known, shown: Shown) -> list[dict[str, Any]]:
    """The document's own discount: all that is discounted but for what its lines discount."""
    currency = native["currency"]
    of_lines = sum(to_minor(Decimal(one["amount"]), currency) for line in shown.items for one in line["discounts"])
    own = to_minor(Decimal(native["discount_amount"]), currency) - of_lines
    return [show_discount(major_number(own, currency), known.pk)] if own else []


def _ship_to(ship_to: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return {theirs: ship_to.get(ours) for theirs, ours in _SHIP_TO.items()} if ship_to else None


def _tail(native: Mapping[str, Any], known: Known, noun: str) -> dict[str, Any]:
    return {
        **{name: known.kept.get(name, default) for name, default in KEPT[noun].items()},
        "metadata": native["metadata"] or [],
        "url": known.url,
        "pdf_url": known.url,
        "created_at": unix(native["created_at"]),
        "updated_at": unix(native["updated_at"]),
    }
