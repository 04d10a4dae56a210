"""What statements are made of, read at once for as many accounts as are asked for: append-only rows alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import cached_property
from itertools import chain
from operator import itemgetter
from typing import Any, TypeVar

from django.db.models import QuerySet, Sum

from billing.models import Entry
from billing.selectors.ageing import Due, OpenItem, dues, open_items
from businesses.models import Business

Account = tuple[int, str]  # a customer's primary key, and a currency
Moved = tuple[Any, ...]  # customer, day, kind, amount, and the numbers of whatever document it is
T = TypeVar("T")
Rows = dict[Account, list[tuple[int, T]]]  # with the place of each in the order of all

_COLUMNS = ("customer_id", "effective_on", "kind", "amount_minor")
_NUMBERS = tuple(f"{noun}__number" for noun in ("invoice", "payment", "credit_note", "adjustment"))


class Posted:
    """Of these customers, up to the end of a day and as known at a moment; each kind of row is read when first asked for.

    `currency` None reads all of them. With `start` balances are those before that day.
    """

    def __init__(
        self,
        business: Business,
        customer_pks: Sequence[int],
        *,
        start: date | None,
        end: date,
        known_at: datetime,
        currency: str | None,
    ) -> None:
        self.business, self.customer_pks, self.currency = business, customer_pks, currency
        self.start, self.end, self.known_at = start, end, known_at

    def items(self, customer_pks: Sequence[int], currency: str) -> list[OpenItem]:
        """What is not zero of these customers at the end of the last day, oldest invoice first."""
        return _of(self._items, customer_pks, currency)

    def dues(self, customer_pks: Sequence[int], currency: str) -> list[Due]:
        """The same summed by due date."""
        return _of(self._dues, customer_pks, currency)

    def moved(self, customer_pks: Sequence[int], currency: str) -> list[Moved]:
        """The entries from `start` on, in their order."""
        return _of(self._moved, customer_pks, currency)

    def balances(self, customer_pks: Sequence[int], currency: str) -> dict[int, int]:
        """The ledger's balance of each, in minor units; those without entries are left out."""
        return {pk: self._balances[pk, currency] for pk in customer_pks if (pk, currency) in self._balances}

    @property
    def _asked(self) -> dict[str, Any]:
        named = {"customer_pks": self.customer_pks, "currency": self.currency}
        return {"on": self.end, "known_at": self.known_at, **named}

    @property
    def _entries(self) -> QuerySet[Entry]:
        own = Entry.objects.of(self.business).filter(customer__in=self.customer_pks)
        own = own.filter(currency=self.currency) if self.currency is not None else own
        return own.filter(effective_on__lte=self.end, recorded_at__lte=self.known_at)

    @cached_property
    def _items(self) -> Rows[OpenItem]:
        return _by_account((row[:2], row) for row in open_items(self.business, **self._asked))

    @cached_property
    def _dues(self) -> Rows[Due]:
        return _by_account((row[:2], row) for row in dues(self.business, **self._asked))

    @cached_property
    def _moved(self) -> Rows[Moved]:
        rows = self._entries.filter(effective_on__gte=self.start).order_by("effective_on", "id")
        found = rows.values_list("currency", *_COLUMNS, *_NUMBERS)
        return _by_account(((row[1], row[0]), row[1:]) for row in found)

    @cached_property
    def _balances(self) -> dict[Account, int]:
        before = self._entries if self.start is None else self._entries.filter(effective_on__lt=self.start)
        sums = before.order_by().values_list("customer_id", "currency").annotate(sum=Sum("amount_minor"))
        return {(pk, currency): int(minor) for pk, currency, minor in sums}


def _by_account(rows: Iterable[tuple[Account, T]]) -> Rows[T]:
    found: Rows[T] = defaultdict(list)
    for place, (account, row) in enumerate(rows):
        found[account].append((place, row))
    return found


def _of(rows: Rows[T], customer_pks: Sequence[int], currency: str) -> list[T]:
    """Of several customers in the order of all."""
    found = chain.from_iterable(rows.get((pk, currency), ()) for pk in customer_pks)
    return [row for _, row in sorted(found, key=itemgetter(0))]
