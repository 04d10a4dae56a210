"""Between Invoiced's objects and the native ones. Pure: native dictionaries, as the native API answers them, in and out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from invoicing.lib import clock

# Invoiced's name → ours.
_ADDRESS = {
    "address1": "address",
    "address2": "address2",
    "city": "city",
    "state": "state",
    "postal_code": "postal_code",
    "country": "country",
}
CUSTOMER_FIELDS = {
    **_ADDRESS,
    **{name: name for name in ("name", "number", "email", "phone", "autopay", "payment_terms", "attention_to")},
    **{name: name for name in ("language", "currency", "credit_hold", "credit_limit", "taxable", "tax_id", "type")},
    **{name: name for name in ("notes", "metadata")},
    "chase": "reminders",
}
# What we keep and give back, and what it is where nothing was given.
KEPT: dict[str, Any] = {
    "autopay_delay_days": None,
    "chasing_cadence": None,
    "next_chase_step": None,
    "owner": None,
    "taxes": [],
    "avalara_entity_use_code": None,
    "avalara_exemption_number": None,
    "sign_up_page": None,
    "disabled_payment_methods": [],
    "ach_gateway": None,
    "cc_gateway": None,
}
CONTACT_FIELDS = {
    **_ADDRESS,
    **{name: name for name in ("name", "title", "email", "phone", "primary", "sms_enabled", "department")},
}


# In ------------------------------------------------------------------------------------------------------------------
def customer_columns(body: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """A body as `create_customer` and `update_customer` take it, but for its parent; `extra` is what is kept already."""
    columns = {ours: body[theirs] for theirs, ours in CUSTOMER_FIELDS.items() if theirs in body}
    kept = {name: body[name] for name in KEPT if name in body}
    if kept:
        columns["extra"] = {**extra, "invoiced": {**extra.get("invoiced", {}), **kept}}
    return columns


def contact_columns(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body as `create_contact` and `update_contact` take it."""
    return {ours: body[theirs] for theirs, ours in CONTACT_FIELDS.items() if theirs in body}


# Out -----------------------------------------------------------------------------------------------------------------
def customer(
    native: Mapping[str, Any],
    *,
    pk: int,
    parent_pk: int | None,
    extra: Mapping[str, Any],
    country: str | None,
    statement_pdf_url: str,
) -> dict[str, Any]:
    """A customer; `country` is the business's, which one without a country of its own shows."""
    fields = {theirs: native[ours] for theirs, ours in CUSTOMER_FIELDS.items()}
    return {
        "id": pk,
        "object": "customer",
        **fields,
        "country": fields["country"] or country,
        "currency": fields["currency"].lower() if fields["currency"] else None,
        "metadata": fields["metadata"] or [],
        **{name: extra.get("invoiced", {}).get(name, default) for name, default in KEPT.items()},
        "parent_customer": parent_pk,
        "payment_source": None,
        "sign_up_url": None,
        "statement_pdf_url": statement_pdf_url,
        **_times(native),
    }


def contact(native: Mapping[str, Any], pk: int) -> dict[str, Any]:
    """A person at a customer."""
    fields = {theirs: native[ours] for theirs, ours in CONTACT_FIELDS.items()}
    return {"id": pk, "object": "contact", **fields, **_times(native)}


def note(native: Mapping[str, Any], pk: int, customer_pk: int) -> dict[str, Any]:
    """A note about a customer."""
    return {"id": pk, "object": "note", "customer": customer_pk, "notes": native["text"], **_times(native)}


def unix(moment: str) -> int:
    """Unix seconds of a time as the native API writes it."""
    return int(datetime.fromisoformat(moment).timestamp())


def day_of(moment: datetime | None, time_zone: str) -> date | None:
    """The day that a time of theirs stands for: the one it falls on in the business's time zone."""
    return moment.astimezone(ZoneInfo(time_zone)).date() if moment else None


def seconds_of(day: str | None, time_zone: str) -> int | None:
    """When a day begins in the business's time zone, in Unix seconds."""
    return int(clock.midnight(date.fromisoformat(day), time_zone).timestamp()) if day else None


def _times(native: Mapping[str, Any]) -> dict[str, int]:
    return {"created_at": unix(native["created_at"]), "updated_at": unix(native["updated_at"])}
