"""Rows as templates: what differs from copy to copy is a named blank, everything else is as the services wrote it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Model

from invoicing.lib import clock

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_NAME = re.compile(r"%\((\w+|\w*-\w+)\)s")


@dataclass(frozen=True, slots=True)
class Blank:
    """A cell that is one value of the copy."""

    name: str


@dataclass(frozen=True, slots=True)
class Text:
    """A cell with values of the copy in it: a %-format; bytes where the column has those."""

    template: str
    is_binary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RowTemplate:
    """A row of `model`, its cells in the order of the columns; `day` (of the story) where it is forgotten after a while."""

    model: type[Model]
    constants: tuple[Any, ...]
    blanks: tuple[tuple[int, str], ...]
    texts: tuple[tuple[int, str], ...]
    binaries: tuple[int, ...]
    day: int | None

    def fill(self, values: Mapping[str, Any]) -> list[Any]:
        """The row of one copy."""
        row = list(self.constants)
        for index, name in self.blanks:
            row[index] = values[name]
        for index, template in self.texts:
            row[index] = template % values
        for index in self.binaries:
            row[index] = row[index].encode()
        return row

    @property
    def names(self) -> set[str]:
        """The values it asks for."""
        return {name for _, name in self.blanks}.union(*(names_of(template) for _, template in self.texts))


def row_template(model: type[Model], cells: Sequence[Any], day: int | None) -> RowTemplate:
    """A template out of constants, Blanks and Texts."""
    return RowTemplate(
        model=model,
        constants=tuple(None if isinstance(cell, Blank | Text) else cell for cell in cells),
        blanks=tuple((index, cell.name) for index, cell in enumerate(cells) if isinstance(cell, Blank)),
        texts=tuple((index, cell.template) for index, cell in enumerate(cells) if isinstance(cell, Text)),
        binaries=tuple(index for index, cell in enumerate(cells) if isinstance(cell, Text) and cell.is_binary),
        day=day,
    )


def names_of(template: str) -> set[str]:
    """The values that a %-format asks for."""
    return set(_NAME.findall(template))


class Words:
    """The words of a story that differ from copy to copy, and the names of the values that take their place.

    Days and moments are named by their distance from `first`, when the story began: `day30`, `moment30`.
    """

    def __init__(self, names: Mapping[str, str], first: datetime) -> None:
        self.names, self.first = names, first
        longest_first = sorted(names, key=len, reverse=True)
        time = re.escape(clock.iso(first)[10:])
        self.pattern = re.compile("|".join([*map(re.escape, longest_first), rf"(\d{{4}}-\d\d-\d\d)({time})?"]))

    def template(self, text: str) -> str:
        """`text` as a %-format. ValueError for an id that is nothing's that the story knows."""
        parts, start = [], 0
        for found in self.pattern.finditer(text):
            parts += [text[start : found.start()].replace("%", "%%"), f"%({self._name(found)})s"]
            start = found.end()
        parts.append(text[start:].replace("%", "%%"))
        if stranger := next(filter(None, map(_ID.search, parts[::2])), None):
            raise ValueError(f"{stranger[0]} is the id of nothing that the story knows: {text[:200]}")
        return "".join(parts)

    def _name(self, found: re.Match[str]) -> str:
        if found[1] is None:
            return self.names[found[0]]
        days = (date.fromisoformat(found[1]) - self.first.date()).days
        return f"moment{days}" if found[2] else f"day{days}"


class Spelling:
    """How columns have ids and moments: text, as SQLite compares it, or whatever PostgreSQL reads."""

    def __init__(self) -> None:
        self.is_text = connection.vendor == "sqlite"

    def ids(self, name: str, pk: int, uuid: str) -> dict[str, Any]:
        """All spellings of one row's ids."""
        bare = uuid.replace("-", "")
        return {name: pk, f"{name}_uuid": uuid, f"{name}_hex": bare, f"{name}_stored": bare if self.is_text else uuid}

    def moment(self, day: str, time: str) -> str:
        """A moment in UTC, in Django's spelling or with its zone."""
        return f"{day} {time}000" if self.is_text else f"{day} {time}Z"
