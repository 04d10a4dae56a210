"""Entries: each fact was posted once, on its day, for its amount, and taken back exactly or not at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import groupby, zip_longest
from operator import itemgetter
from typing import Any, NamedTuple

from django.db.models import Model

from billing.models import Adjustment, CreditNote, Entry, Invoice, Payment, Refund
from billing.selectors.books.names import number_of
from billing.selectors.books.sums import beside
from businesses.models import Business

Kind = Entry.Kind
NOUNS = ("invoice", "payment", "credit_note", "adjustment")
# Which documents an entry of a kind may be of; a reversal is of whatever it reverses.
_OF = {
    Kind.INVOICE.value: ("invoice",),
    Kind.PAYMENT.value: ("payment",),
    Kind.CREDIT_NOTE.value: ("credit_note",),
    Kind.REFUND.value: NOUNS[1:],
    Kind.WRITE_OFF.value: ("invoice",),
    Kind.ADJUSTMENT.value: ("adjustment", "invoice"),
}

_SOURCES: dict[str, type[Model]] = {model.noun: model for model in (Payment, CreditNote, Adjustment)}


class _Posted(NamedTuple):
    """What stands in the ledger of a document, and what should."""

    kind: str
    amount_minor: int
    effective_on: Any
    is_reversed: bool

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_minor} on {self.effective_on}" + (", reversed" if self.is_reversed else "")


def check_entries(business: Business) -> Iterator[str]:
    """Every issued document and every payment has one entry of its kind, amount and day, reversed if it was taken back."""
    for entry in Entry.objects.of(business).exclude(kind=Kind.REVERSAL).order_by("pk").iterator():
        if not any(getattr(entry, f"{noun}_id") for noun in _OF.get(entry.kind, ())):
            yield f"entry {entry.pk}: a {entry.kind} of no such document"
    for model in (Invoice, Payment, CreditNote, Adjustment):
        noun = model.noun
        documents = model._default_manager.filter(business=business).order_by("pk")
        for row, found in beside(documents.iterator(), _posted(business, noun)):
            expected = _expected(row)
            if (found or []) != expected:
                said = [", ".join(map(str, rows)) or "nothing" for rows in (found or [], expected)]
                yield f"{noun.replace('_', ' ')} {row.number}: posted is {said[0]}, not {said[1]}"


def _posted(business: Business, noun: str) -> Iterator[tuple[int, list[_Posted]]]:
    """The first entry or entries of each document: neither refunds, write-offs nor reversals."""
    rows = Entry.objects.of(business).filter(**{f"{noun}__isnull": False})
    first = rows.exclude(kind__in=[Kind.REFUND, Kind.WRITE_OFF, Kind.REVERSAL]).order_by(f"{noun}_id", "pk")
    columns = (f"{noun}_id", "kind", "amount_minor", "effective_on", "reversed_by")
    for pk, members in groupby(first.values_list(*columns).iterator(), key=itemgetter(0)):
        yield pk, [_Posted(kind, amount, day, reversal is not None) for _, kind, amount, day, reversal in members]


def _expected(row: Any) -> list[_Posted]:
    if isinstance(row, Invoice):
        if row.issued_at is None:
            return []
        kind = Kind.ADJUSTMENT if row.opening_balance else Kind.INVOICE
        return [_Posted(kind, row.total_minor, row.issue_date, row.status == Invoice.Status.CANCELLED)]
    if isinstance(row, CreditNote) and row.issued_at is None:
        return []
    return [_Posted(row.noun, -row.amount, row.day, not row.is_live)]


def check_reversals(business: Business) -> Iterator[str]:
    """A reversal is of an entry, for exactly minus its amount, of the same document and account, and not before it."""
    same = ("business_id", "customer_id", "currency", *(f"{noun}_id" for noun in NOUNS))
    for entry in Entry.objects.of(business).filter(kind=Kind.REVERSAL).select_related("reverses").iterator():
        was = entry.reverses
        if was is None:
            yield f"entry {entry.pk}: a reversal of nothing"
            continue
        if was.kind in {Kind.REVERSAL, Kind.REFUND}:
            yield f"entry {entry.pk}: reverses entry {was.pk}, a {was.kind}"
        if entry.amount_minor != -was.amount_minor:
            yield f"entry {entry.pk}: reverses {was.amount_minor} of entry {was.pk} with {entry.amount_minor}"
        if entry.effective_on < was.effective_on:
            yield f"entry {entry.pk}: reverses entry {was.pk} on {entry.effective_on}, before {was.effective_on}"
        if any(getattr(entry, name) != getattr(was, name) for name in same):
            yield f"entry {entry.pk}: reverses entry {was.pk} of another document or account"
    for pk in (
        Entry.objects.of(business).exclude(kind=Kind.REVERSAL).exclude(reverses=None).values_list("pk", flat=True)
    ):
        yield f"entry {pk}: reverses an entry and is no reversal"


def check_refunds(business: Business) -> Iterator[str]:
    """Every refund has its entry, for its amount and not before its day."""
    entries, refunds = _by_source(business, Entry, "effective_on"), _by_source(business, Refund, "refund_date")
    for noun, pk in sorted(entries.keys() | refunds.keys()):
        for entry, refund in zip_longest(entries.get((noun, pk), []), refunds.get((noun, pk), [])):
            if entry is None or refund is None or entry[0] != refund[0] or entry[1] < refund[1]:
                said = [f"{row[0]} on {row[1]}" if row else "nothing" for row in (refund, entry)]
                label = f"{noun.replace('_', ' ')} {number_of(_SOURCES[noun], pk)}"
                yield f"{label}: refunded {said[0]}, posted {said[1]}"


def _by_source(business: Business, model: type[Model], day: str) -> dict[tuple[str, int], list[tuple[int, Any]]]:
    found = defaultdict(list)
    rows = model._default_manager.filter(business=business).order_by("pk")
    rows = rows.filter(kind=Kind.REFUND) if model is Entry else rows
    columns = ("amount_minor", day, *(f"{noun}_id" for noun in NOUNS[1:]))
    for amount, moment, *pks in rows.values_list(*columns).iterator():
        for noun, pk in zip(NOUNS[1:], pks, strict=True):
            if pk is not None:
                found[noun, pk].append((amount, moment))
    return found
