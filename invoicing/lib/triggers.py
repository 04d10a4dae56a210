"""The guards of the installed apps in the database: put there after every migration, taken away before one, found missing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.signals import post_migrate, pre_migrate

from invoicing.lib.guards import Guarded, Trigger, triggers

_GUARDED: dict[str, Sequence[Guarded]] = {}  # by the app's label

_FOUND = {
    "sqlite": "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger' AND name GLOB 'guard_*'",
    # One that was disabled guards nothing: it counts as missing.
    "postgresql": """
        SELECT t.tgname, c.relname, coalesce(obj_description(t.oid, 'pg_trigger'), '')
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE t.tgname ^@ 'guard_' AND t.tgenabled IN ('O', 'A') AND c.relnamespace = current_schema()::regnamespace""",
}
_COLUMNS = {
    "sqlite": "SELECT t.name, c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'",
    "postgresql": "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()",
}


def guard_tables(app: AppConfig, guarded: Sequence[Guarded]) -> None:
    """Keep triggers on these tables of an app; called once, when the app is ready.

    They go before a migration and come back after it: SQLite's rebuild of a table drops its triggers without a word and
    stumbles over those of others that name it, and PostgreSQL alters no column that a trigger compares.
    """
    _GUARDED[app.label] = guarded
    pre_migrate.connect(_before_migration, sender=app, dispatch_uid=f"guards of {app.label}")
    post_migrate.connect(_after_migration, sender=app, dispatch_uid=f"guards of {app.label}")


def all_guarded() -> list[Guarded]:
    """Every table that is guarded."""
    return [row for rows in _GUARDED.values() for row in rows]


def _before_migration(*, plan: Sequence[tuple[Any, bool]] = (), using: str, **_: Any) -> None:
    if using == connection.alias and any(migration.app_label in _GUARDED for migration, _ in plan):
        drop_guards()


def _after_migration(sender: AppConfig, *, using: str, **_: Any) -> None:
    if using == connection.alias:
        make_guards(_GUARDED[sender.label])


def make_guards(guarded: Sequence[Guarded] | None = None) -> None:
    """Create what is missing or was made differently; nothing is touched where all is as it should be.

    A table that is not there, or lacks a column, as halfway through the migrations, is left to the next time.
    """
    rows = all_guarded() if guarded is None else guarded
    tables = {row.table for row in rows}
    found, wanted = _found(), {trigger.name: trigger for trigger in _wanted(rows)}
    stale = [name for name, (table, made) in found.items() if table in tables and made != _print(wanted.get(name))]
    absent = [trigger for name, trigger in wanted.items() if name not in found or name in stale]
    if not stale and not absent:
        return
    columns = _rows(_COLUMNS)
    with transaction.atomic(), connection.cursor() as cursor:
        for name in stale:
            cursor.execute(_drop(connection, name, found[name][0]))
        for trigger in absent:
            if trigger.needs <= columns:
                _create(cursor, trigger)


def drop_guards() -> None:
    """Take every guard away: before a migration, and where tests empty their tables."""
    with transaction.atomic(), connection.cursor() as cursor:
        for name, (table, _) in _found().items():
            cursor.execute(_drop(connection, name, table))


def missing_triggers() -> list[str]:
    """The names of guards that are not in the database, are switched off there, or are not what the code says."""
    found = _found()
    return [
        trigger.name for trigger in _wanted(all_guarded()) if found.get(trigger.name, ("", ""))[1] != _print(trigger)
    ]


def _wanted(rows: Sequence[Guarded]) -> Iterator[Trigger]:
    for row in rows:
        yield from triggers(row, connection.vendor)


def _found() -> dict[str, tuple[str, str]]:
    """Name → table and what the trigger was made by."""
    with connection.cursor() as cursor:
        cursor.execute(_FOUND[connection.vendor])
        return {name: (table, made) for name, table, made in cursor.fetchall()}


def _rows(sql: dict[str, str]) -> frozenset[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(sql[connection.vendor])
        return frozenset(cursor.fetchall())


def _print(trigger: Trigger | None) -> str:
    """What a trigger was made by: SQLite keeps the statement, PostgreSQL our digest of it as the trigger's comment."""
    if trigger is None:
        return ""
    if connection.vendor == "sqlite":
        return trigger.statements[-1]
    return hashlib.sha256("\n".join(trigger.statements).encode()).hexdigest()


def _create(cursor: Any, trigger: Trigger) -> None:
    if connection.vendor == "postgresql":
        cursor.execute(_drop(connection, trigger.name, trigger.table))  # it may be there, switched off
    for statement in trigger.statements:
        cursor.execute(statement)
    if connection.vendor == "postgresql":
        cursor.execute(f'COMMENT ON TRIGGER "{trigger.name}" ON "{trigger.table}" IS \'{_print(trigger)}\'')


def _drop(database: BaseDatabaseWrapper, name: str, table: str) -> str:
    on = f' ON "{table}"' if database.vendor == "postgresql" else ""
    return f'DROP TRIGGER IF EXISTS "{name}"{on}'
