"""The rows that one create writes, read from the database and inserted again by bare SQL: the physical limit."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from psycopg.types.json import Jsonb

_TABLES = ("billing_invoice", "billing_invoiceline", "businesses_auditentry", "webhooks_event")
_COUNTER = (
    "INSERT INTO businesses_counter (business_id, series, period, last) VALUES ({0}, 'bare', '', 1) "
    "ON CONFLICT (business_id, series, period) DO UPDATE SET last = businesses_counter.last + 1 RETURNING last"
)
_numbers = itertools.count()


class Rows:
    """Statements of one transaction, whose rows are those of a create but for ids, and a number that nobody has.

    ValueError where a create writes to more tables, or fewer, than we know.
    """

    blank = "%s"

    def __init__(self, connection: Any, create: Callable[[], object]) -> None:
        before = self._last(connection)
        create()
        after = self._last(connection)
        grown = {table for table in after if after[table] > before.get(table, 0)}
        if not grown >= set(_TABLES):
            raise ValueError(f"A create wrote to {sorted(grown)} only.")
        self.rows = {table: self._read(connection, table, before.get(table, 0)) for table in sorted(grown)}
        self.business = self.rows["billing_invoice"][0]["business_id"]
        self.count = 1 + sum(map(len, self.rows.values()))
        lines = [table for table in self.rows if table != "billing_invoice"]
        self.statements = {table: self._statement(table) for table in ("billing_invoice", *lines)}

    def _statement(self, table: str) -> str:
        columns = [name for name in self.rows[table][0] if name != "id"]
        each = f"({', '.join([self.blank] * len(columns))})"
        names = ", ".join(f'"{name}"' for name in columns)
        returning = " RETURNING id" if table == "billing_invoice" else ""
        return f"INSERT INTO {table} ({names}) VALUES {', '.join([each] * len(self.rows[table]))}{returning}"  # noqa: S608

    def insert(self, connection: Any) -> None:
        """One transaction."""
        cursor = connection.cursor()
        self.begin(cursor)
        cursor.execute(_COUNTER.format(self.blank), [self.business])
        cursor.fetchone()
        invoice = None
        for table, statement in self.statements.items():
            cursor.execute(statement, [value for row in self.rows[table] for value in self._values(row, invoice)])
            if table == "billing_invoice":
                invoice = cursor.fetchone()[0]
        connection.commit()

    def begin(self, cursor: Any) -> None:
        """Begin the transaction."""

    def _values(self, row: dict[str, Any], invoice: int | None) -> list[Any]:
        own = {"uuid": self.uuid(), "invoice_id": invoice, "sequence": None, "number": f"B-{next(_numbers)}"}
        return [own.get(name, value) if name in row and row[name] is not None else value
                for name, value in row.items() if name != "id"]  # fmt: skip

    def uuid(self) -> Any:
        """A new one, as it is stored."""
        return uuid4()

    def _last(self, connection: Any) -> dict[str, int]:
        raise NotImplementedError

    def _read(self, connection: Any, table: str, last: int) -> list[dict[str, Any]]:
        cursor = connection.execute(f"SELECT * FROM {table} WHERE id > {self.blank} ORDER BY id", [last])  # noqa: S608
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        connection.commit()
        return rows


class PostgresRows(Rows):
    """With psycopg, which prepares what it executes often."""

    def _last(self, connection: Any) -> dict[str, int]:
        found = connection.execute("SELECT sequencename, COALESCE(last_value, 0) FROM pg_sequences").fetchall()
        connection.commit()
        return {name.removesuffix("_id_seq"): last for name, last in found if name != "businesses_counter_id_seq"}

    def _read(self, connection: Any, table: str, last: int) -> list[dict[str, Any]]:
        rows = super()._read(connection, table, last)
        return [{name: Jsonb(value) if isinstance(value, dict | list) else value for name, value in row.items()}
                for row in rows]  # fmt: skip


class SQLiteRows(Rows):
    """With the standard library's driver and the settings of the product."""

    blank = "?"

    @staticmethod
    def connect(path: Path) -> sqlite3.Connection:
        """A connection that threads may share, one after the other."""
        connection = sqlite3.connect(path, timeout=20, isolation_level=None, check_same_thread=False)
        connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON")
        return connection

    def begin(self, cursor: Any) -> None:
        cursor.execute("BEGIN IMMEDIATE")

    def uuid(self) -> Any:
        return uuid4().hex

    def _last(self, connection: Any) -> dict[str, int]:
        found: Sequence[Any] = connection.execute("SELECT name, seq FROM sqlite_sequence").fetchall()
        return {name: last for name, last in found if name != "businesses_counter"}
