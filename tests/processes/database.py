"""The database of a server that runs, from outside: plain SQL that means the same on SQLite and on PostgreSQL."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg


class Database:
    """At `url`, or in DATA_DIR where that is empty."""

    def __init__(self, data_dir: Path, url: str) -> None:
        self.path, self.url = data_dir / "invoicing.sqlite3", url

    def connect(self) -> Any:
        return psycopg.connect(self.url) if self.url else sqlite3.connect(self.path, timeout=60)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with contextlib.closing(self.connect()) as connection:
            return list(connection.execute(sql).fetchall())

    def change(self, sql: str) -> int:
        """Run and commit one statement; how many rows it changed."""
        with contextlib.closing(self.connect()) as connection, connection:
            return int(connection.execute(sql).rowcount)

    def event_ids(self) -> set[str]:
        return {f"evt_{UUID(str(uuid)).hex}" for (uuid,) in self.rows("SELECT uuid FROM webhooks_event")}
