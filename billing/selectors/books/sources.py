"""Payments, credit notes and adjustments: what became of the amount of each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from billing.models import Adjustment, Allocation, CreditNote, Entry, Payment, Refund
from billing.selectors.books.sums import sum_of
from businesses.models import Business


def check_sources(business: Business) -> Iterator[str]:
    """A source's allocations, refunds and rest are its amount; its entries, its refunds and its status agree."""
    for model in (Payment, CreditNote, Adjustment):
        noun = model.noun
        rows: QuerySet[Any] = model._default_manager.filter(business=business).annotate(
            applied=sum_of(Allocation.objects.all(), noun),
            posted=sum_of(Entry.objects.all(), noun),
            given_back=sum_of(Refund.objects.all(), noun),
        )
        for source in rows.order_by("pk").iterator():
            for sentence in (*_amounts(source), *_status(source)):
                yield f"{noun.replace('_', ' ')} {source.number} ({source.status}): {sentence}"


def _amounts(source: Any) -> Iterator[str]:
    worth = source.amount if source.is_live else 0
    rest, refunded = source.unallocated_minor, source.refunded_minor
    if source.applied < 0 or source.applied + rest + refunded != worth:
        yield f"{source.applied} applied, {rest} free and {refunded} refunded are not {worth}"
    if source.given_back != refunded:
        yield f"refunded is {refunded}, its refunds sum to {source.given_back}"
    if source.posted != refunded - worth:
        yield f"entries sum to {source.posted}, not {refunded - worth}"


def _status(source: Any) -> Iterator[str]:
    if isinstance(source, Payment):
        is_given_back = source.refunded_minor == source.amount_minor
        if (source.status == Payment.Status.REFUNDED) != is_given_back:
            yield f"{source.refunded_minor} of {source.amount_minor} refunded does not go with its status"
    if isinstance(source, CreditNote):
        if source.is_live and source.issued_at is None:
            yield "issued_at is None"
        if source.status == CreditNote.Status.DRAFT and source.issued_at is not None:
            yield f"issued_at is {source.issued_at}"
        if source.issued_at is not None and source.deleted_at is not None:
            yield "issued and deleted"
