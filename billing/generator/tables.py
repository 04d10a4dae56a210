"""Many rows into their tables: COPY on PostgreSQL, executemany on SQLite; ids are taken from the tables' own sequences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.models import Model

from billing.guards import GUARDED
from businesses.models import Tally
from businesses.tallies import tallied_models
from invoicing.lib.new_rows import insert_all

Rows = dict[type[Model], list[list[Any]]]

# Lines go in before their documents: no line may be added to one that is issued.
_FIRST = frozenset(row.model for row in GUARDED if row.closed_by)

_TAKE = "SELECT min(id), max(id) FROM (SELECT nextval(%s::regclass) AS id FROM generate_series(1, %s)) t"


def take_ids(counts: Mapping[type[Model], int]) -> dict[type[Model], int]:
    """The first of so many free ids, one after the other, of each table; nobody else gets them."""
    return {model: _take(model._meta.db_table, count) for model, count in counts.items() if count}


def _take(table: str, count: int) -> int:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":  # whoever writes there writes alone
            cursor.execute("SELECT COALESCE(MAX(seq), 0) + 1 FROM sqlite_sequence WHERE name = %s", [table])
            return int(cursor.fetchone()[0])
        while True:  # again where somebody else took some of them
            cursor.execute(_TAKE, [f"{table}_id_seq", count])
            first, last = cursor.fetchone()
            if last - first + 1 == count:
                return int(first)


def insert_rows(rows: Rows) -> None:
    """Insert what is there of each table, in the order of its columns; inside the caller's transaction."""
    with _unquestioned() as counted:
        for model in sorted(rows, key=lambda model: model not in _FIRST):
            if rows[model]:
                _insert(model, rows[model])
                if not counted:
                    _count(model, rows[model])


@contextmanager
def _unquestioned() -> Iterator[bool]:
    """Where PostgreSQL lets us, foreign keys and guards are not asked: copies name what their models name, and asking
    takes longer than all else. Whether triggers count what is inserted, as they do where it does not let us.
    """
    with connection.cursor() as cursor:
        trusted = False
        if connection.vendor == "postgresql":
            cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
            trusted = cursor.fetchone()[0]
        if trusted:
            cursor.execute("SET LOCAL session_replication_role = replica")
        yield not trusted
        if trusted:
            cursor.execute("SET LOCAL session_replication_role = origin")


def analyze() -> None:
    """Let the database count what it has: its plans, those inside of triggers as well, were made for empty tables."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _insert(model: type[Model], rows: Sequence[Sequence[Any]]) -> None:
    columns = [connection.ops.quote_name(str(field.column)) for field in model._meta.local_concrete_fields]
    into = f"{model._meta.db_table} ({', '.join(columns)})"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            _copy(cursor, into, rows)
        else:
            blanks = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {into} VALUES ({blanks})", rows)  # noqa: S608 - our own names


def _count(model: type[Model], rows: Sequence[Sequence[Any]]) -> None:
    """What triggers would have counted."""
    if model not in tallied_models():
        return
    names = [field.attname for field in model._meta.local_concrete_fields]
    business, deleted = names.index("business_id"), names.index("deleted_at") if "deleted_at" in names else None
    counts = Counter(row[business] for row in rows if deleted is None or row[deleted] is None)
    kind = model._meta.db_table
    insert_all([Tally(business_id=pk, kind=kind, count=count) for pk, count in counts.items()])


def _copy(cursor: Any, into: str, rows: Iterable[Sequence[Any]]) -> None:
    with cursor.copy(f"COPY {into} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
