"""A told story, read row by row: which ids, numbers, names and dates differ from copy to copy, wherever they stand."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection, models
from django.db.models import Model

from billing.generator.stories import REFERENCE, Plot
from billing.generator.templates import Blank, RowTemplate, Text, Words, names_of, row_template
from customers.models import Customer, CustomerBalance
from invoicing.lib.text import fold
from webhooks.models import Attempt, Delivery, Event

# Names that nothing else has, and whose folded spelling is another word.
BUSINESS = "Zq Business"
CUSTOMER = {"name": "Zq Customer", "email": "Zq.Customer@Example.test", "city": "Zq-City"}
# Every moment of a story is at this time of its day, and so found again in texts.
FIRST = datetime(2021, 3, 1, 11, 22, 33, 456_000, tzinfo=UTC)
_FORGOTTEN = (Event, Delivery, Attempt)
_DAY, _MOMENT, _STORED = (re.compile(rf"{word}(-?\d+)") for word in ("day", "moment", "at"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Rows with blanks, and what belongs into the blanks."""

    plot: Plot
    rows: tuple[RowTemplate, ...]
    counts: Mapping[type[Model], int]
    pks: tuple[tuple[str, type[Model], int], ...]  # of the nth row of a table
    uuids: tuple[str, ...]  # names of rows that have one
    numbers: tuple[tuple[str, str], ...]  # names of rows, and of their series
    days: tuple[tuple[str, int], ...]
    moments: tuple[tuple[str, int], ...]
    stored: tuple[tuple[str, int], ...]
    views: tuple[str, ...]
    balances: tuple[tuple[str, int, int], ...]  # currency, outstanding, credit
    length: int  # the day of its last act


def read_story(rows: Sequence[Model], outsiders: Mapping[str, Model], plot: Plot) -> Story:
    """The story that wrote these rows; `outsiders` were there before it."""
    return _Reading(rows, outsiders).story(plot)


class _Reading:
    def __init__(self, rows: Sequence[Model], outsiders: Mapping[str, Model]) -> None:
        self.rows = rows
        self.pks: dict[tuple[type[Model], int], str] = {}
        self.uuids: dict[UUID, str] = {}
        self.words = {BUSINESS: "business_name", REFERENCE: "reference", fold(REFERENCE): "reference_folded"}
        self.views: dict[str, str] = {}
        self.own: list[tuple[str, type[Model], int]] = []
        for name, row in outsiders.items():
            self._name(row, name)
        for row in rows:
            place = sum(model is type(row) for _, model, _ in self.own)
            self.own.append((f"{row._meta.db_table}{place}", type(row), place))
            self._name(row, self.own[-1][0])
        self.text = Words(self.words, FIRST)

    def _name(self, row: Any, name: str) -> None:
        """The words by which a row is known, as the blanks that take their place."""
        self.pks[type(row), row.pk] = name
        if hasattr(row, "uuid"):
            self.uuids[row.uuid] = name
            self.words[str(row.uuid)], self.words[row.uuid.hex] = f"{name}_uuid", f"{name}_hex"
        if hasattr(row, "sequence"):
            self._word(row.number, f"{name}_number")
        if isinstance(row, Customer):
            for column in (*CUSTOMER, "number", "slug"):
                self._word(getattr(row, column), f"customer_{column}")
        if view := getattr(row, "view", ""):
            self.views[view] = f"view{len(self.views)}"
            self.words[hashlib.sha256(view.encode()).hexdigest()] = f"sha_{self.views[view]}"

    def _word(self, text: str, name: str) -> None:
        self.words[text] = name
        if fold(text) != text:
            self.words[fold(text)] = f"{name}_folded"

    # Cells -----------------------------------------------------------------------------------------------------------
    def story(self, plot: Plot) -> Story:
        rows = [self._row(row) for row in self.rows]
        views = tuple(map(self.text.template, self.views))
        names = set[str]().union(*(row.names for row in rows), *map(names_of, views))
        stored = _numbered(_STORED, names)
        named = [(name, row) for (name, _, _), row in zip(self.own, self.rows, strict=True)]
        return Story(
            plot=plot,
            rows=tuple(rows),
            counts=Counter(type(row) for row in self.rows),
            pks=tuple(self.own),
            uuids=tuple(name for name, row in named if hasattr(row, "uuid")),
            numbers=tuple((name, row.noun) for name, row in named if hasattr(row, "sequence")),  # type: ignore[attr-defined]
            days=_numbered(_DAY, names),
            moments=_numbered(_MOMENT, names),
            stored=stored,
            views=views,
            balances=_balances(self.pks),
            length=max((day for _, day in stored), default=0),
        )

    def _row(self, row: Any) -> RowTemplate:
        cells = [self._cell(row, field) for field in row._meta.local_concrete_fields]
        return row_template(type(row), cells, _day(row.created_at) if isinstance(row, _FORGOTTEN) else None)

    def _cell(self, row: Model, field: Any) -> Any:
        value = getattr(row, field.attname)
        if value is None:
            return None
        if field.primary_key or isinstance(field, models.ForeignKey):
            return Blank(self.pks[type(row) if field.primary_key else field.related_model, value])
        if isinstance(field, models.UUIDField):
            return Blank(f"{self.uuids[value]}_stored")
        if field.name == "sequence":
            return Blank(f"{self.pks[type(row), row.pk]}_sequence")
        if isinstance(field, models.DateField):
            return Blank(f"at{_day(value)}" if isinstance(value, datetime) else f"day{(value - FIRST.date()).days}")
        return self._plain(field, value)

    def _plain(self, field: Any, value: Any) -> Any:
        if isinstance(field, models.BinaryField):
            return Text(self.text.template(bytes(value).decode()), is_binary=True)
        if isinstance(field, models.JSONField):
            value = json.dumps(value, cls=field.encoder, ensure_ascii=False)
        if not isinstance(value, str):
            return field.get_db_prep_save(value, connection)
        if value in self.views:
            return Blank(self.views[value])
        template = self.text.template(value)
        return Text(template) if names_of(template) else value


def _numbered(pattern: re.Pattern[str], names: set[str]) -> tuple[tuple[str, int], ...]:
    found = filter(None, (pattern.fullmatch(name) for name in sorted(names)))
    return tuple((match[0], int(match[1])) for match in found)


def _day(moment: datetime) -> int:
    return (moment.date() - FIRST.date()).days


def _balances(pks: Mapping[tuple[type[Model], int], str]) -> tuple[tuple[str, int, int], ...]:
    """What the story's customer owes at its end."""
    customers = [pk for (model, pk), _ in pks.items() if model is Customer]
    rows = CustomerBalance.objects.filter(customer__in=customers).order_by("currency")
    return tuple(rows.values_list("currency", "outstanding_minor", "credit_minor"))
