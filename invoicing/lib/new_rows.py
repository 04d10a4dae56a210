"""New rows, from INSERTs whose text is made once: the other half of `rows.py`.

Django makes the text of every INSERT anew, which costs it four times what the database needs to do it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import Model
from django.db.transaction import TransactionManagementError

Object = TypeVar("Object", bound=Model)
_AT_ONCE = 100  # rows of one statement: SQLite takes 32,766 parameters
_gathered: ContextVar[dict[type[Model], list[Any]] | None] = ContextVar("gathered", default=None)


def insert(row: Object) -> Object:
    """Store one new row; as its own `save(force_insert=True)`, but for signals, which our models have none of."""
    return insert_all([row])[0]


def insert_all(rows: Sequence[Object]) -> Sequence[Object]:
    """Store new rows of one model, whose keys the database gives. IntegrityError and the like as from `save`."""
    gathered = _gathered.get()
    if gathered is None:
        for start in range(0, len(rows), _AT_ONCE):
            _insert(rows[start : start + _AT_ONCE])
    elif rows:
        gathered.setdefault(type(rows[0]), []).extend(rows)
    return rows


@contextmanager
def together() -> Iterator[None]:
    """Store what is new within the block at its end: model by model, in the order in which they came up. Nothing if it raises.

    For many writes of one kind in one transaction: until the block ends new rows have no key, and no query finds them.
    TransactionManagementError outside a transaction.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("Rows are only gathered inside a transaction.")
    gathered: dict[type[Model], list[Any]] = {}
    token = _gathered.set(gathered)
    try:
        yield
    finally:
        _gathered.reset(token)
    for rows in gathered.values():
        insert_all(rows)


def _insert(rows: Sequence[Object]) -> None:
    model, database = type(rows[0]), transaction.get_connection()  # itself: `connection` looks for it at each word
    sql, fields = _text(database.vendor, model, len(rows))
    for row in rows:  # takes the key of what was stored since it was referred to
        row._prepare_related_fields_for_save(operation_name="insert")  # type: ignore[attr-defined]
    values = [field.get_db_prep_save(field.pre_save(row, True), database) for row in rows for field in fields]
    with database.cursor() as cursor:
        cursor.execute(sql, values)
        given = cursor.fetchall()
    for row, (pk,) in zip(rows, given, strict=True):
        row.pk = pk
        row._state.adding, row._state.db = False, database.alias


@lru_cache(maxsize=512)
def _text(vendor: str, model: type[Model], count: int) -> tuple[str, list[Any]]:
    """The statement for so many rows, and the fields whose values it takes, row by row."""
    quote = connection.ops.quote_name
    fields: list[Any] = [field for field in model._meta.concrete_fields if not field.primary_key]
    columns = ", ".join(quote(field.column) for field in fields)
    one = f"({', '.join(['%s'] * len(fields))})"
    table, pk = quote(model._meta.db_table), quote(str(model._meta.pk.column))
    return f"INSERT INTO {table} ({columns}) VALUES {', '.join([one] * count)} RETURNING {pk}", fields  # noqa: S608 - our own names
