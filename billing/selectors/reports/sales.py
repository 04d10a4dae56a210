"""What counts as a sale, and on which day: the ledger's entries of invoices and credit notes, and what takes them back.

An opening balance was another system's sale (its entry is an adjustment), and a write-off gives a debt up, not a sale.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet, Sum

from billing.models import Entry
from businesses.models import Business

_KIND = Entry.Kind
# The document of a sale, as entries name it, and whether it adds or takes away.
DOCUMENTS = ((_KIND.INVOICE.value, 1), (_KIND.CREDIT_NOTE.value, -1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Both days inclusive, as known at a moment; one currency, or all."""

    start: date
    end: date
    known_at: datetime
    currency: str | None = None


def year_until(end: date) -> tuple[date, date]:
    """From the first of January to a day: what is meant where no first day is given."""
    return end.replace(month=1, day=1), end


def entries(business: Business, span: Span) -> QuerySet[Entry]:
    """What was posted with effect in the span."""
    rows = Entry.objects.of(business).filter(effective_on__range=(span.start, span.end), recorded_at__lte=span.known_at)
    return (rows.filter(currency=span.currency) if span.currency else rows).order_by()


def of_kind(kind: str) -> Q:
    """The entries of a kind, and what takes them back."""
    return _posted(kind) | _taken_back(kind)


def sum_of(column: str, kind: str) -> Any:
    """Σ of a column of these entries' documents or lines, in minor units: posted less taken back, each on its own day."""
    return Sum(column, filter=_posted(kind), default=0) - Sum(column, filter=_taken_back(kind), default=0)


def _posted(kind: str) -> Q:
    return Q(kind=kind)


def _taken_back(kind: str) -> Q:
    return Q(kind=_KIND.REVERSAL, reverses__kind=kind)


def line_sums(
    business: Business, span: Span, *, of_entry: Sequence[str], of_line: Sequence[str]
) -> Iterator[tuple[int, list[Any], int, int]]:
    """Per document kind and values of these columns: the sign, the values, net and tax of the lines, in minor units."""
    for noun, sign in DOCUMENTS:
        keys = [*of_entry, *(f"{noun}__lines__{column}" for column in of_line)]
        rows = entries(business, span).filter(of_kind(noun)).values_list(*keys)
        sums = rows.annotate(
            net=sum_of(f"{noun}__lines__net_minor", noun), tax=sum_of(f"{noun}__lines__tax_minor", noun)
        )
        for *values, net, tax in sums:
            yield sign, values, int(net), int(tax)
