"""Columns of rows by their keys, from queries whose text is made once: the way to what lists and details show.

Making the text of a query costs Django more than the database needs to answer it. What is shown is always the same columns,
by a list of keys: so the text is made at the first call, takes all keys as one parameter (an array on PostgreSQL, JSON on
SQLite), and is used again with every other list.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, TypeVar

from django.db import connection
from django.db.models import F, Lookup, Model
from django.db.transaction import TransactionManagementError, get_connection

Row = dict[str, Any]
Object = TypeVar("Object", bound=Model)


class AnyOf(Lookup):  # type: ignore[type-arg]  # it is generic for the type checker alone
    """The column is one of these keys, which are one parameter however many there are."""

    lookup_name = "any"

    def get_prep_lookup(self) -> list[Any]:
        return list(self.rhs)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        left, params = self.process_lhs(compiler, connection)
        return f"{left} {_ANY[connection.vendor]}", (*params, _parameter(self.lhs.output_field, self.rhs, connection))


_ANY = {"postgresql": "= ANY(%s)", "sqlite": "IN (SELECT value FROM json_each(%s))"}


def _parameter(field: Any, keys: Iterable[Any], database: Any) -> Any:
    values = [field.get_db_prep_value(field.get_prep_value(key), database, prepared=True) for key in keys]
    return values if database.vendor == "postgresql" else json.dumps(values)


def read_rows(
    model: type[Model],
    columns: Sequence[str],
    keys: Iterable[Any],
    *,
    by: str = "pk",
    order: tuple[str, ...] = (),
    lock: bool = False,
) -> list[Row]:
    """What `.values(*columns)` gives of the rows whose `by` is one of the keys, in this order (or any).

    With `lock` the model's own rows are locked until the transaction ends, as by `select_for_update(no_key=True)`. Whoever
    asks has got the keys from rows of the caller's business: nothing is scoped here. TransactionManagementError for a lock
    outside a transaction.
    """
    wanted = list(keys)
    if not wanted:
        return []
    database = get_connection()  # itself: `connection` looks for it at each word
    if lock and not database.in_atomic_block:
        raise TransactionManagementError("Rows are only locked inside a transaction.")
    query = _query(database.vendor, model, tuple(columns), by, order, lock)
    with database.cursor() as cursor:
        cursor.execute(query.sql, [_parameter(query.key, wanted, database)])
        return query.named(cursor.fetchall())


def read_rows_in_order(model: type[Model], columns: Sequence[str], pks: Sequence[int]) -> list[Row]:
    """As `read_rows` by primary key, in the order of the keys; what is not there (any more) is left out."""
    found = {row["pk"]: row for row in read_rows(model, (*columns, "pk") if "pk" not in columns else columns, pks)}
    return [found[pk] for pk in pks if pk in found]


def read_objects(
    model: type[Object], keys: Iterable[Any], *, by: str = "pk", related: tuple[str, ...] = (), lock: bool = False
) -> list[Object]:
    """The rows whose `by` is one of the keys as objects, with these foreign keys (not null) loaded too; scoped and locked as
    by `read_rows`.
    """
    models: list[Any] = [model, *(model._meta.get_field(name).related_model for name in related)]
    columns = [_names(one) for one in models]
    flat = [
        *columns[0],
        *(f"{name}__{column}" for name, own in zip(related, columns[1:], strict=True) for column in own),
    ]
    found: list[Any] = []
    for row in read_rows(model, flat, keys, by=by, lock=lock):
        values = iter(row.values())
        first, *others = (
            one.from_db(
                connection.alias, [field.attname for field in one._meta.concrete_fields], list(islice(values, len(own)))
            )
            for one, own in zip(models, columns, strict=True)
        )
        for name, other in zip(related, others, strict=True):
            setattr(first, name, other)
        found.append(first)
    return found


def lock_object(model: type[Object], pk: int, *, related: tuple[str, ...] = ()) -> Object:
    """The row, locked until the transaction ends; DoesNotExist where there is none."""
    found = read_objects(model, [pk], related=related, lock=True)
    if not found:
        raise model.DoesNotExist(f"{model._meta.object_name} {pk} does not exist.")  # type: ignore[attr-defined]
    return found[0]


def _names(model: type[Model]) -> list[str]:
    """The names of a model's own columns."""
    return [field.name for field in model._meta.concrete_fields]


class _Query:
    """The text of a query, and how its columns become values."""

    def __init__(
        self, model: type[Model], columns: tuple[str, ...], by: str, order: tuple[str, ...], lock: bool
    ) -> None:
        rows = model._base_manager.filter(AnyOf(F(by), [])).order_by(*order).values(*columns)
        compiler = rows.query.get_compiler(connection=connection)
        self.sql, params = compiler.as_sql()
        if len(params) != 1:
            raise ValueError("The keys must be the only parameter.")
        if lock and connection.vendor == "postgresql":  # SQLite has one writer, who has the whole file
            self.sql += f" FOR NO KEY UPDATE OF {connection.ops.quote_name(model._meta.db_table)}"
        self.names = columns
        self.key = model._meta.pk if by == "pk" else model._meta.get_field(by)
        converters = compiler.get_converters([expression for expression, *_ in compiler.select])
        self.convert: Callable[[Any], Any] = (
            (lambda rows: compiler.apply_converters(rows, converters)) if converters else (lambda rows: rows)
        )

    def named(self, rows: Iterable[Sequence[Any]]) -> list[Row]:
        names = self.names
        return [dict(zip(names, row, strict=True)) for row in self.convert(rows)]


@lru_cache(maxsize=256)
def _query(
    vendor: str, model: type[Model], columns: tuple[str, ...], by: str, order: tuple[str, ...], lock: bool
) -> _Query:
    return _Query(model, columns, by, order, lock)
