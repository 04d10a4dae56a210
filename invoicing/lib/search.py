"""Folded text that is searched by any part of it: a column, and the index of its trigrams, on both databases.

`search_text__contains` finds by three or more characters without looking at every row: PostgreSQL by a GIN index of
pg_trgm, SQLite by an FTS5 table beside the column that triggers keep. The indexes are put there after every migration;
where the database cannot have them (no pg_trgm, an SQLite without FTS5) the same search looks at every row.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import structlog
from django.apps import AppConfig
from django.db import DatabaseError, connection, transaction
from django.db.models import TextField
from django.db.models.lookups import Contains
from django.db.models.signals import post_migrate

log = structlog.get_logger(__name__)
_GRAM = 3  # characters: a shorter part is in no index


class SearchText(TextField):  # type: ignore[type-arg]
    """What `fold_all` makes of a row's words."""

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs  # the column is no other


@SearchText.register_lookup
class _Part(Contains):
    """`contains`, which on SQLite asks the table of trigrams."""

    def as_sqlite(self, compiler: Any, database: Any) -> tuple[str, tuple[Any, ...]]:
        needle, column = self.rhs, self.lhs
        table = column.target.model._meta.db_table
        if not isinstance(needle, str) or len(needle) < _GRAM or not _has_index(table):
            return self.as_sql(compiler, database)  # type: ignore[no-any-return]
        key = f"{compiler.quote_name_unless_alias(column.alias)}.{database.ops.quote_name('id')}"
        rows = f'SELECT rowid FROM "{table}_search" WHERE {column.target.column} GLOB %s'  # noqa: S608 - our own names
        return f"{key} IN ({rows})", (f"*{_literally(needle)}*",)


def _literally(needle: str) -> str:
    """A needle in which no character of GLOB's means anything else."""
    return "".join(f"[{char}]" if char in "*?[" else char for char in needle)


def search_tables(app: AppConfig) -> None:
    """Keep indexes on the searched columns of an app's models; called once, when the app is ready."""
    post_migrate.connect(_after_migration, sender=app, dispatch_uid=f"search of {app.label}")


def _after_migration(sender: AppConfig, *, using: str, **_: Any) -> None:
    if using == connection.alias:
        for table, column in searched(sender):
            _MAKE[connection.vendor](table, column)


def searched(app: AppConfig) -> Iterator[tuple[str, str]]:
    """Tables and columns of an app that are searched."""
    for model in app.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, SearchText):
                yield model._meta.db_table, str(field.column)


# PostgreSQL ----------------------------------------------------------------------------------------------------------
def _make_gin(table: str, column: str) -> None:
    if not _has_trigrams():
        log.warning("search_without_index", table=table, why="PostgreSQL has no pg_trgm here, or we may not create it")
        return
    # Not in a transaction, as after `migrate`, it is made beside the writers.
    beside = "" if connection.in_atomic_block else "CONCURRENTLY"
    with connection.cursor() as cursor:
        cursor.execute(
            f'CREATE INDEX {beside} IF NOT EXISTS "{table}_search" ON "{table}" USING gin ({column} gin_trgm_ops)'
        )


def _has_trigrams() -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError:
        return False
    return True


# SQLite --------------------------------------------------------------------------------------------------------------
_KEPT = {
    "added": ("AFTER INSERT", "{add}"),
    "changed": ("AFTER UPDATE OF {column}", "{remove} {add}"),
    "removed": ("AFTER DELETE", "{remove}"),
}


def _make_fts(table: str, column: str) -> None:
    search = f'"{table}_search"'
    add = f"INSERT INTO {search}(rowid, {column}) VALUES (new.id, new.{column});"  # noqa: S608 - our own names
    remove = f"INSERT INTO {search}({search}, rowid, {column}) VALUES ('delete', old.id, old.{column});"  # noqa: S608
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            if _triggers(table) == len(_KEPT):  # a rebuilt table has lost its own without a word
                return
            cursor.execute(f"DROP TABLE IF EXISTS {search}")
            cursor.execute(
                f"CREATE VIRTUAL TABLE {search} USING fts5"
                f"({column}, content='{table}', content_rowid='id', tokenize='trigram')"
            )
            for name, (when, what) in _KEPT.items():
                cursor.execute(f'DROP TRIGGER IF EXISTS "search_{table}_{name}"')
                does = what.format(add=add, remove=remove)
                cursor.execute(
                    f'CREATE TRIGGER "search_{table}_{name}" {when.format(column=column)} ON "{table}" BEGIN {does} END'
                )
            cursor.execute(f"INSERT INTO {search}({search}) VALUES ('rebuild')")  # noqa: S608
    except DatabaseError:
        log.warning("search_without_index", table=table, why="this SQLite has no FTS5 with trigrams")


def _triggers(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s AND name GLOB 'search_*'",
            [table],
        )
        return int(cursor.fetchone()[0])


_indexed: set[str] = set()  # tables whose index was seen: none is taken away while a process runs


def _has_index(table: str) -> bool:
    if table not in _indexed:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM sqlite_master WHERE name = %s", [f"{table}_search"])
            if cursor.fetchone() is None:
                return False
        _indexed.add(table)
    return True


_MAKE = {"postgresql": _make_gin, "sqlite": _make_fts}
