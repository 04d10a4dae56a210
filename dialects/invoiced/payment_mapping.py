"""Between Invoiced's payments and the native ones. Pure: native dictionaries, as the native API answers them, in and out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from dialects.invoiced.mapping import seconds_of, unix
from invoicing.lib.errors import Invalid
from invoicing.lib.money import major_number, number

# Invoiced's method → ours; theirs is kept, so that it is given back.
METHODS = {
    "ach": "bank_transfer",
    "cash": "cash",
    "check": "check",
    "credit_card": "card",
    "direct_debit": "direct_debit",
    "eft": "bank_transfer",
    "other": "other",
    "paypal": "other",
    "wire_transfer": "bank_transfer",
}
_SPELT = {"bank_transfer": "wire_transfer", "card": "credit_card"}  # of a payment that another format made
# What we keep and give back, and what it is where nothing was given.
KEPT: dict[str, Any] = {"ach_sender_id": None, "source": "keyed"}
# Theirs of what a refusal of ours may be about; also of what is within `allocations`.
_FIELDS = {
    "allocations": "applied_to",
    "invoice_id": "invoice",
    "payment_date": "date",
    "adjustment_date": "date",
    "reason": "notes",
}
_REFUSED = {
    "applied_credit": "Credit is applied by the object that it comes from: change the applied_to of that payment.",
    "credit_note": "A credit note is applied to its own invoice when it is issued, not by a payment.",
    "convenience_fee": "There are no convenience fees here: put them on an invoice.",
    "estimate": "An estimate takes no payment here: apply it to the invoice that is made of the estimate.",
}
APPLICATIONS = ("invoice", "credit", *_REFUSED)


# In ------------------------------------------------------------------------------------------------------------------
def kept_payment(body: Mapping[str, Any], extra: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """`extra` with what of the body has no column: the method to the letter, and what Invoiced alone knows."""
    ours = {name: body[name] for name in KEPT if name in body}
    ours |= {"method": body["method"]} if body.get("method") else {}
    ours |= {name: value for name, value in more.items() if value is not None}
    return {**extra, "invoiced": {**extra.get("invoiced", {}), **ours}} if ours else dict(extra)


def check_applications(items: Sequence[Mapping[str, Any]]) -> None:
    """Invalid for a part of a payment that ours cannot have."""
    for index, item in enumerate(items):
        if item["type"] in _REFUSED:
            raise Invalid.field(f"applied_to.{index}.type", _REFUSED[item["type"]])
        if item["type"] == "invoice" and not item.get("invoice"):
            raise Invalid.field(f"applied_to.{index}.invoice", "Expected the id of an invoice.")
        if item["type"] == "credit" and (item.get("amount") or 0) <= 0:
            raise Invalid.field(f"applied_to.{index}.amount", "Must be more than 0.")


def credited(items: Sequence[Mapping[str, Any]]) -> Decimal:
    """What of a payment is to go to the credit balance."""
    return sum((item["amount"] for item in items if item["type"] == "credit"), Decimal(0))


# Out -----------------------------------------------------------------------------------------------------------------
def show_payment(
    native: Mapping[str, Any],
    *,
    pk: int,
    customer_pk: int,
    invoice_pks: Mapping[str, int],
    extra: Mapping[str, Any],
    time_zone: str,
    pdf_url: str,
) -> dict[str, Any]:
    """A payment; `invoice_pks` are those of its allocations, by UUID.

    What is applied to no invoice is `balance`, but for what was said to go to the credit balance; natively both are credit.
    """
    kept = extra.get("invoiced", {})
    left = Decimal(native["unallocated_amount"])
    credit = min(left, Decimal(major_number(kept.get("credit", 0), native["currency"])))
    applied = [
        {"type": "invoice", "amount": item["amount"], "invoice": invoice_pks[str(item["invoice_id"])]}
        for item in native["allocations"]
    ]
    applied += [{"type": "credit", "amount": number(credit)}] if credit else []
    return {
        "id": pk,
        "object": "payment",
        "customer": customer_pk,
        "date": seconds_of(native["payment_date"], time_zone),
        "method": kept.get("method") or spelt_method(native["method"]),
        "currency": native["currency"].lower(),
        "amount": native["amount"],
        "balance": number(left - credit),
        "matched": None,
        "voided": native["status"] == "voided",
        "reference": native["reference"],
        **{name: kept.get(name, default) for name, default in KEPT.items()},
        "notes": native["notes"],
        "applied_to": applied,
        "charge": None,
        "metadata": native.get("metadata") or [],  # which old events don't have
        "pdf_url": pdf_url,
        "created_at": unix(native["created_at"]),
        "updated_at": unix(native["updated_at"]),
    }


def show_credit(native: Mapping[str, Any], *, pk: int, customer_pk: int, time_zone: str) -> dict[str, Any]:
    """A credit balance adjustment: our adjustment."""
    return {
        "id": pk,
        "object": "credit_balance_adjustment",
        "customer": customer_pk,
        "date": seconds_of(native["adjustment_date"], time_zone),
        "currency": native["currency"].lower(),
        "amount": native["amount"],
        "notes": native["reason"],
        "created_at": unix(native["created_at"]),
        "updated_at": unix(native["updated_at"]),
    }


def spelt_method(native: str) -> str:
    """A method of ours by Invoiced's name."""
    return _SPELT.get(native, native)


def respell(message: str, fields: Sequence[tuple[str, str]]) -> tuple[str, list[tuple[str, str]]]:
    """A refusal of ours with Invoiced's names of the fields, in its message too where that begins with one."""
    named = [(".".join(_FIELDS.get(part, part) for part in field.split(".")), text) for field, text in fields]
    if fields and message.startswith(f"{fields[0][0]}:"):
        message = named[0][0] + message.removeprefix(fields[0][0])
    return message, named
