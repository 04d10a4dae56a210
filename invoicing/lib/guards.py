"""What the database itself refuses to change: rules over a model's columns, and triggers that keep every writer to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """Columns (names of fields) that may not change where `when`, SQL over OLD, holds; empty is always.

    `what` names the trigger, `why` ends its message.
    """

    what: str
    columns: tuple[str, ...]
    why: str
    when: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """A model's table: what is fixed, which fields are `free`, and whether a row may ever go.

    With `closed_by`, a foreign key, rows neither come, change nor go once the row it names is issued.
    """

    model: type[Model]
    fixed: tuple[Fixed, ...] = ()
    free: frozenset[str] = frozenset()
    kept: str = ""  # why no row may be deleted; empty: rows may be
    closed_by: str = ""

    @property
    def table(self) -> str:
        """Its name in the database."""
        return self.model._meta.db_table

    def column(self, name: str) -> str:
        """A field's column."""
        return str(self.model._meta.get_field(name).column)  # type: ignore[union-attr]


def every(model: type[Model], *, but: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """The names of all stored fields of a model, without those in `but`; a column added later is among them."""
    return tuple(field.name for field in model._meta.local_concrete_fields if field.name not in but)


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger of one table and the statements that make it; `tables` and `columns` must be there first."""

    name: str
    table: str
    statements: tuple[str, ...]
    needs: frozenset[tuple[str, str]]


def triggers(guarded: Guarded, vendor: str) -> Iterator[Trigger]:
    """The triggers of a guarded table in the SQL of `sqlite` or `postgresql`."""
    make = _SQLite(guarded) if vendor == "sqlite" else _PostgreSQL(guarded)
    for rule in guarded.fixed:
        columns = tuple(guarded.column(name) for name in rule.columns)
        needs = frozenset((guarded.table, column) for column in columns)
        yield Trigger(_name(guarded, rule.what), guarded.table, make.fixed(rule, columns), needs)
    if guarded.kept:
        here = frozenset({(guarded.table, "id")})
        yield Trigger(_name(guarded, "kept"), guarded.table, make.kept(), here)
        if vendor == "postgresql":
            yield Trigger(_name(guarded, "not_emptied"), guarded.table, _PostgreSQL(guarded).not_emptied(), here)
    if guarded.closed_by:
        parent = guarded.model._meta.get_field(guarded.closed_by).related_model._meta.db_table  # type: ignore[union-attr]
        needs = frozenset({(guarded.table, guarded.column(guarded.closed_by)), (parent, "issued_at")})
        for event in ("insert", "update", "delete"):
            name = _name(guarded, f"closed_to_{event}")
            yield Trigger(name, guarded.table, make.closed(event, parent), needs)


def _name(guarded: Guarded, what: str) -> str:
    return f"guard_{guarded.table}_{what}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


class _SQLite:
    """Before version 3.47 RAISE takes only a literal: messages name the table and the column, but not the row."""

    def __init__(self, guarded: Guarded) -> None:
        self.guarded, self.table = guarded, guarded.table

    def fixed(self, rule: Fixed, columns: tuple[str, ...]) -> tuple[str, ...]:
        cases = " ".join(
            f'WHEN OLD."{column}" IS NOT NEW."{column}" THEN {self._raise(f"{column} may not change", rule.why)}'
            for column in columns
        )
        of = ", ".join(f'"{column}"' for column in columns)
        when = f" WHEN {rule.when}" if rule.when else ""
        return (self._trigger(rule.what, f"BEFORE UPDATE OF {of}", when, f"SELECT CASE {cases} END;"),)

    def kept(self) -> tuple[str, ...]:
        refuse = self._raise("a row may not be deleted", self.guarded.kept)
        return (self._trigger("kept", "BEFORE DELETE", "", f"SELECT {refuse};"),)

    def closed(self, event: str, parent: str) -> tuple[str, ...]:
        column = self.guarded.column(self.guarded.closed_by)
        rows = [row for row, silent in (("OLD", "insert"), ("NEW", "delete")) if event != silent]
        parents = ", ".join(f'{row}."{column}"' for row in rows)
        refuse = self._raise(f"no {event}", f"its {self.guarded.closed_by.replace('_', ' ')} is issued")
        body = f'SELECT {refuse} FROM "{parent}" WHERE id IN ({parents}) AND issued_at IS NOT NULL;'  # noqa: S608
        return (self._trigger(f"closed_to_{event}", f"BEFORE {event.upper()}", "", body),)

    def _raise(self, what: str, why: str) -> str:
        return f"RAISE(ABORT, {_quoted(f'{self.table}: {what}: {why}')})"

    def _trigger(self, what: str, event: str, when: str, body: str) -> str:
        name = _name(self.guarded, what)
        return f'CREATE TRIGGER "{name}" {event} ON "{self.table}" FOR EACH ROW{when} BEGIN {body} END'


# Compared as JSON only once something is refused: the trigger's own WHEN has compared the columns.
_REFUSE = """
CREATE OR REPLACE FUNCTION guard_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  what text;
BEGIN
  IF TG_LEVEL = 'STATEMENT' THEN
    RAISE EXCEPTION '%: the table may not be emptied: %', TG_TABLE_NAME, TG_ARGV[0] USING ERRCODE = 'restrict_violation';
  ELSIF TG_OP = 'UPDATE' THEN
    SELECT string_agg(o.key, ', ' ORDER BY o.key) || ' may not change' INTO what
    FROM jsonb_each(to_jsonb(OLD)) o JOIN jsonb_each(to_jsonb(NEW)) n USING (key)
    WHERE o.value IS DISTINCT FROM n.value AND o.key = ANY (string_to_array(TG_ARGV[1], ','));
  ELSE
    what := 'a row may not be deleted';
  END IF;
  RAISE EXCEPTION '% %: %: %', TG_TABLE_NAME, OLD.id, what, TG_ARGV[0] USING ERRCODE = 'restrict_violation';
END $$
"""
_CLOSED = """
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM "{parent}" WHERE id IN (OLD."{column}", NEW."{column}") AND issued_at IS NOT NULL) THEN
    RAISE EXCEPTION '% %: no %: %', TG_TABLE_NAME, coalesce(OLD.id, NEW.id), lower(TG_OP), TG_ARGV[0]
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN coalesce(NEW, OLD);
END $$
"""


class _PostgreSQL:
    def __init__(self, guarded: Guarded) -> None:
        self.guarded, self.table = guarded, guarded.table

    def fixed(self, rule: Fixed, columns: tuple[str, ...]) -> tuple[str, ...]:
        differs = " OR ".join(f'OLD."{column}" IS DISTINCT FROM NEW."{column}"' for column in columns)
        when = f"({rule.when}) AND ({differs})" if rule.when else differs
        of = ", ".join(f'"{column}"' for column in columns)
        call = f"guard_refuse({_quoted(rule.why)}, {_quoted(','.join(columns))})"
        return (_REFUSE, self._trigger(rule.what, f"BEFORE UPDATE OF {of}", f"FOR EACH ROW WHEN ({when})", call))

    def kept(self) -> tuple[str, ...]:
        call = f"guard_refuse({_quoted(self.guarded.kept)})"
        return (_REFUSE, self._trigger("kept", "BEFORE DELETE", "FOR EACH ROW", call))

    def not_emptied(self) -> tuple[str, ...]:
        call = f"guard_refuse({_quoted(self.guarded.kept)})"
        return (_REFUSE, self._trigger("not_emptied", "BEFORE TRUNCATE", "FOR EACH STATEMENT", call))

    def closed(self, event: str, parent: str) -> tuple[str, ...]:
        function = f"guard_{self.table}_closed"
        column = self.guarded.column(self.guarded.closed_by)
        why = _quoted(f"its {self.guarded.closed_by.replace('_', ' ')} is issued")
        made = _CLOSED.format(function=function, parent=parent, column=column)
        call = f"{function}({why})"
        return (made, self._trigger(f"closed_to_{event}", f"BEFORE {event.upper()}", "FOR EACH ROW", call))

    def _trigger(self, what: str, event: str, each: str, call: str) -> str:
        name = _name(self.guarded, what)
        return f'CREATE TRIGGER "{name}" {event} ON "{self.table}" {each} EXECUTE FUNCTION {call}'
