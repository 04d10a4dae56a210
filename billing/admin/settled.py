"""What makes up the paid part of an invoice: payments, credit notes, adjustments and write-offs; and what credit could."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.urls import reverse

from billing.admin.amounts import day, money
from billing.models import Adjustment, Allocation, CreditNote, Entry, Invoice, Payment, Source
from billing.services.allocations import SOURCES, sources_with_credit

_KINDS = {Payment: "Payment", CreditNote: "Credit note", Adjustment: "Adjustment"}


def settlements_of(row: Invoice) -> list[dict[str, Any]]:
    """What is applied to the invoice now, and what of it is written off, in the order of days."""
    applied, since = _applied(row)
    found = []
    for model in SOURCES:
        sources = model._default_manager.filter(pk__in=[pk for noun, pk in applied if noun == model.noun])
        for source in sources.order_by("pk"):
            key = (model.noun, source.pk)
            found.append((since[key], _of_source(source, since[key], applied[key], row)))
    entries = Entry.objects.filter(invoice=row, kind=Entry.Kind.WRITE_OFF, reversed_by=None)
    found += [(entry.effective_on, _of_write_off(entry, row)) for entry in entries.order_by("pk")]
    return [shown for _, shown in sorted(found, key=lambda one: one[0])]


def _applied(row: Invoice) -> tuple[dict[tuple[str, int], int], dict[tuple[str, int], Any]]:
    """By kind and id of the source: minor units, and the day on which it was applied last."""
    sums: dict[tuple[str, int], int] = defaultdict(int)
    since: dict[tuple[str, int], Any] = {}
    columns = [model.noun for model in SOURCES]
    for amount, effective_on, *ids in (
        Allocation.objects.filter(invoice=row).order_by("id").values_list("amount_minor", "effective_on", *columns)
    ):
        key = next((noun, pk) for noun, pk in zip(columns, ids, strict=True) if pk is not None)
        sums[key] += amount
        since[key] = effective_on if amount > 0 else since.get(key, effective_on)
    return {key: amount for key, amount in sums.items() if amount}, since


def _of_source(source: Source, since: Any, minor: int, row: Invoice) -> dict[str, Any]:
    note = source.get_method_display() if isinstance(source, Payment) else getattr(source, "reason", "") or ""
    return {
        "uuid": source.uuid,
        "kind": _KINDS[type(source)],
        "number": source.number,
        "href": reverse(f"admin:billing_{source._meta.model_name}_change", args=[source.pk]),
        "day": day(since, row.business),
        "note": " · ".join(part for part in (note, getattr(source, "reference", "") or "") if part),
        "amount": money(minor, row.currency, row.business),
    }


def _of_write_off(entry: Entry, row: Invoice) -> dict[str, Any]:
    return {
        "uuid": None,
        "kind": "Write-off",
        "number": "",
        "href": "",
        "day": day(entry.effective_on, row.business),
        "note": "",
        "amount": money(-entry.amount_minor, row.currency, row.business),
    }


def offer_of(row: Invoice) -> dict[str, Any] | None:
    """What credit the customer has for an open invoice: the sum, and where it is from."""
    if row.status not in Invoice.OPEN:
        return None
    sources = sources_with_credit(row.business, row.customer_id, row.currency)
    if not sources:
        return None
    left = sum(source.unallocated_minor for source in sources)
    return {
        "credit": money(left, row.currency, row.business),
        "fits": money(min(left, row.due_minor), row.currency, row.business),
        "sources": [
            (f"{_KINDS[type(one)]} {one.number}", money(one.unallocated_minor, row.currency, row.business))
            for one in sources
        ],
    }
