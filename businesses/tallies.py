"""How many rows a business has, exact at any moment and without counting them: kept by the database itself.

Triggers write a row of `businesses_tally` with every INSERT, deletion and soft deletion of a tallied table: so many more, or
fewer. The count is their sum. A row that everybody would add to is what everybody would wait for; these are only added, and
`merge_tallies` makes one of many from time to time.
"""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import connection, transaction
from django.db.models import Model, QuerySet
from django.db.models.fields.related_lookups import RelatedExact
from django.db.models.lookups import IsNull
from django.db.models.signals import post_migrate

from businesses.models import Tally

_tallied: dict[str, list[type[Model]]] = {}  # by the app's label
_MANY = 50  # rows of one count that are worth merging


def tally_tables(app: AppConfig, *models: type[Model]) -> None:
    """Count the rows of these models; called once, when the app is ready."""
    _tallied[app.label] = list(models)
    post_migrate.connect(_after_migration, sender=app, dispatch_uid=f"tallies of {app.label}")


def tallied_models() -> list[type[Model]]:
    """All that are counted."""
    return [model for models in _tallied.values() for model in models]


def live_condition(model: type[Model], row: str = "") -> str:
    """SQL for a row of the model that counts: one that is not marked deleted."""
    has_mark = any(field.name == "deleted_at" for field in model._meta.concrete_fields)
    return f"{row}deleted_at IS NULL" if has_mark else "TRUE"


def total(rows: QuerySet[Any]) -> int:
    """How many rows these are: known where they are all that one business has of a tallied model, else counted."""
    business_id = _whose(rows)
    return rows.order_by().count() if business_id is None else recorded_count(business_id, rows.model)


def recorded_count(business_id: int, model: type[Model]) -> int:
    """How many live rows of a tallied model a business has."""
    sql = "SELECT coalesce(sum(count), 0) FROM businesses_tally WHERE business_id = %s AND kind = %s"
    with connection.cursor() as cursor:
        cursor.execute(sql, [business_id, model._meta.db_table])
        return int(cursor.fetchone()[0])


def _whose(rows: QuerySet[Any]) -> int | None:
    """The business of which these are all the live rows of a tallied model; None where they are not."""
    query = rows.query
    where: Any = query.where
    if rows.model not in tallied_models() or query.annotations or query.distinct or query.is_sliced or where.negated:
        return None
    known = {child.lhs.target.name: child for child in where.children if type(child) in (RelatedExact, IsNull)}
    wanted = {"business"} if live_condition(rows.model) == "TRUE" else {"business", "deleted_at"}
    if known.keys() != wanted or len(where.children) != len(wanted):
        return None
    is_live = "deleted_at" not in known or known["deleted_at"].rhs is True
    return int(known["business"].rhs) if is_live else None


@transaction.atomic
def merge_tallies() -> int:
    """Make one row of many of the same count; returns how many there were. What is added meanwhile stays by itself."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT business_id, kind FROM businesses_tally GROUP BY 1, 2 HAVING count(*) > %s ORDER BY 1, 2", [_MANY]
        )
        found = 0
        for business_id, kind in cursor.fetchall():
            gone = "DELETE FROM businesses_tally WHERE business_id = %s AND kind = %s RETURNING count"
            cursor.execute(gone, [business_id, kind])
            counts = [count for (count,) in cursor.fetchall()]
            Tally.objects.create(business_id=business_id, kind=kind, count=sum(counts))
            found += len(counts)
        return found


# Triggers ------------------------------------------------------------------------------------------------------------
def _after_migration(sender: AppConfig, *, using: str, **_: Any) -> None:
    if using != connection.alias or Tally._meta.db_table not in connection.introspection.table_names():
        return
    for model in _tallied[sender.label]:
        _keep(model)


@transaction.atomic
def _keep(model: type[Model]) -> None:
    """Put the triggers there and count what is there; nobody can write the table between the two."""
    table = model._meta.db_table
    wanted = _SQL[connection.vendor](model)
    with connection.cursor() as cursor:
        cursor.execute(_FOUND[connection.vendor], [table])
        if cursor.fetchone()[0] == _TRIGGERS:
            return
        for statement in wanted:
            cursor.execute(statement)
        cursor.execute("DELETE FROM businesses_tally WHERE kind = %s", [table])
        cursor.execute(
            f"INSERT INTO businesses_tally (business_id, kind, count) SELECT business_id, '{table}', count(*) "  # noqa: S608
            f"FROM {table} WHERE {live_condition(model)} GROUP BY business_id"
        )


_TRIGGERS = 3
_FOUND = {
    "sqlite": "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s AND name GLOB 'tally_*'",
    "postgresql": "SELECT count(*) FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname ^@ 'tally_'",
}


def _postgresql(model: type[Model]) -> list[str]:
    """What was inserted or deleted is counted once a statement, which may have copied a million rows."""
    table, live = model._meta.db_table, live_condition(model)
    add = "INSERT INTO businesses_tally (business_id, kind, count)"
    function = f"""
CREATE OR REPLACE FUNCTION tally_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP = 'INSERT' THEN
    {add} SELECT business_id, '{table}', count(*) FROM fresh WHERE {live} GROUP BY business_id;
  ELSIF TG_OP = 'DELETE' THEN
    {add} SELECT business_id, '{table}', -count(*) FROM gone WHERE {live} GROUP BY business_id;
  ELSE
    {add} VALUES (NEW.business_id, '{table}', CASE WHEN {live_condition(model, "NEW.")} THEN 1 ELSE -1 END);
  END IF;
  RETURN NULL;
END $$"""  # noqa: S608 - our own names
    run = f"EXECUTE FUNCTION tally_{table}()"
    changed = f"({live_condition(model, 'OLD.')}) <> ({live_condition(model, 'NEW.')})"
    return [
        function,
        f"CREATE OR REPLACE TRIGGER tally_insert AFTER INSERT ON {table} REFERENCING NEW TABLE AS fresh {run}",
        f"CREATE OR REPLACE TRIGGER tally_delete AFTER DELETE ON {table} REFERENCING OLD TABLE AS gone {run}",
        f"CREATE OR REPLACE TRIGGER tally_update AFTER UPDATE ON {table} FOR EACH ROW WHEN ({changed}) {run}",
    ]


def _sqlite(model: type[Model]) -> list[str]:
    table = model._meta.db_table
    old, new = live_condition(model, "OLD."), live_condition(model, "NEW.")

    def trigger(event: str, when: str, row: str, count: str) -> list[str]:
        name = f"tally_{table}_{event}"
        values = f"{row}.business_id, '{table}', {count}"
        add = f"INSERT INTO businesses_tally (business_id, kind, count) VALUES ({values});"  # noqa: S608 - our own names
        return [
            f"DROP TRIGGER IF EXISTS {name}",
            f"CREATE TRIGGER {name} AFTER {event} ON {table} WHEN {when} BEGIN {add} END",
        ]

    return [
        *trigger("insert", new, "NEW", "1"),
        *trigger("delete", old, "OLD", "-1"),
        *trigger("update", f"({old}) <> ({new})", "NEW", f"CASE WHEN {new} THEN 1 ELSE -1 END"),
    ]


_SQL = {"postgresql": _postgresql, "sqlite": _sqlite}
