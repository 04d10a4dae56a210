"""Pages of lists: numbered with an exact count, or by cursor at a flat cost; both in the same order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import F, Model, Q, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan

from businesses import tallies
from invoicing.lib.errors import Detail, Invalid
from invoicing.lib.ids import parse_uuid
from invoicing.lib.rows import read_rows_in_order

Row = TypeVar("Row", bound=Model)
_KEY = F("pk")
# The key in an order that no index has: so few rows pass a filter that they are gathered and sorted. Databases think that what
# is asked for is spread evenly, and look for last year's invoices among all that are newer.
_GATHERED = _KEY + 0
_FEW = 10_000
PARAMETERS = frozenset({"page", "limit", "starting_after", "ending_before", "sort"})


@dataclass(frozen=True, slots=True)
class Order:
    """One column of an order; a column that may be null sorts its nulls last either way."""

    column: str
    descending: bool
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows of one page as dictionaries, and what the answer says about it."""

    rows: list[dict[str, Any]]
    pagination: dict[str, Any]

    def answer(self, represent: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> dict[str, Any]:
        """The body of a list."""
        return {"data": represent(self.rows), "pagination": self.pagination}


def paginate(
    queryset: QuerySet[Row],
    parameters: Mapping[str, str],
    *,
    among: QuerySet[Row],
    sorts: Mapping[str, Order],
    columns: Sequence[str],
) -> Page[Row]:
    """Read `page`/`limit` or `starting_after`/`ending_before`, and `sort`; Invalid names the parameter that is wrong.

    `queryset` is filtered; `among` is not: a cursor's row need not pass the filters, for it may have changed since.
    """
    limit = read_limit(parameters)
    order = _order(parameters.get("sort", ""), sorts)
    after, before = parameters.get("starting_after"), parameters.get("ending_before")
    if after is None and before is None:
        return _numbered(queryset, parameters, order, limit, columns, is_filtered=queryset is not among)
    if (after is not None and before is not None) or "page" in parameters:
        raise Invalid.field("starting_after", "Give only one of page, starting_after and ending_before.")
    return _cursor(queryset, among, order, limit, columns, after=after, before=before)


def read_limit(parameters: Mapping[str, str]) -> int:
    """How many rows a page has; Invalid names `limit`."""
    return _integer(parameters, "limit", 25, 1, 100)


def _integer(parameters: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = parameters.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and low <= int(text) <= high):
        raise Invalid.field(name, f"Expected a whole number from {low} to {high}.")
    return int(text)


def _order(text: str, sorts: Mapping[str, Order]) -> list[Order]:
    order = []
    for name in filter(None, text.split(",")):
        known = sorts.get(name.removeprefix("-"))
        if known is None:
            raise Invalid.field("sort", f"Expected a list of {', '.join(sorts)}, each with or without a minus sign.")
        order.append(Order(known.column, name.startswith("-"), known.nullable))
    # created_at is the order of ids, which the index has; the id also makes every other order total.
    return [*order, Order("pk", order[-1].descending if order else True)]


def _ordered(queryset: QuerySet[Row], order: list[Order], *, backwards: bool = False, key: Any = _KEY) -> QuerySet[Row]:
    terms = []
    for item in order:
        descending = item.descending != backwards
        nulls = {("nulls_first" if backwards else "nulls_last"): True} if item.nullable else {}
        column = key if item.column == "pk" else F(item.column)
        terms.append(column.desc(**nulls) if descending else column.asc(**nulls))
    return queryset.order_by(*terms)


def _numbered(
    queryset: QuerySet[Row],
    parameters: Mapping[str, str],
    order: list[Order],
    limit: int,
    columns: Sequence[str],
    *,
    is_filtered: bool,
) -> Page[Row]:
    page = _integer(parameters, "page", 1, 1, 10_000_000)
    total = tallies.total(queryset)
    start = (page - 1) * limit
    ordered = _ordered(queryset, order, key=_GATHERED if is_filtered and total <= _FEW else _KEY)
    pks = list(ordered.values_list("pk", flat=True)[start : start + limit]) if start < total else []
    pages = -(-total // limit)
    rows = _shown(queryset, columns, pks)
    return Page(rows, {"page": page, "limit": limit, "total": total, "total_pages": pages})


def _cursor(
    queryset: QuerySet[Row],
    among: QuerySet[Row],
    order: list[Order],
    limit: int,
    columns: Sequence[str],
    *,
    after: str | None,
    before: str | None,
) -> Page[Row]:
    name, text, backwards = ("starting_after", after, False) if after is not None else ("ending_before", before, True)
    identifier = parse_uuid(text or "")
    columns_of_order = {item.column for item in order}
    row = among.filter(uuid=identifier).values(*columns_of_order).first() if identifier else None
    if row is None:
        message = "Expected the id of a row of this list."
        raise Invalid(f"{name}: {message}", code="unknown_cursor", details=[Detail(name, message)])
    beyond = _beyond(order, row, backwards=backwards)
    pks = list(_ordered(queryset.filter(beyond), order, backwards=backwards).values_list("pk", flat=True)[: limit + 1])
    has_more, pks = len(pks) > limit, pks[:limit]
    if backwards:
        pks.reverse()
    rows = _shown(queryset, columns, pks)
    cursor = str(rows[0 if backwards else -1]["uuid"]) if rows and has_more else None
    return Page(rows, {"limit": limit, "has_more": has_more, "next_cursor": cursor})


def _shown(queryset: QuerySet[Row], columns: Sequence[str], pks: list[int]) -> list[dict[str, Any]]:
    """The rows of a page; from the list's own query where that computes one of the columns."""
    if queryset.query.annotations.keys().isdisjoint(columns):
        return read_rows_in_order(queryset.model, columns, pks)
    found = {row["pk"]: row for row in queryset.filter(pk__in=pks).values(*columns, "pk")}
    return [found[pk] for pk in pks]


def _beyond(order: list[Order], row: Mapping[str, Any], *, backwards: bool) -> Q:
    """The rows after `row` in the order: where the database can compare rows whole, from their very place in the index; else
    the first column bounds the index scan, and the rest decides among equals.
    """
    first, rest = order[0], order[1:]
    if rest and not any(item.nullable or item.descending != first.descending for item in order):
        compare = TupleLessThan if first.descending != backwards else TupleGreaterThan
        columns = Tuple(*(F(item.column) for item in order))
        return Q(compare(columns, [row[item.column] for item in order]))  # type: ignore[no-untyped-call]
    value, descending = row[first.column], first.descending != backwards
    comparison = "lt" if descending else "gt"
    if first.nullable and value is None:
        strictly = Q(**{f"{first.column}__isnull": False}) if backwards else Q(pk__in=[])
        equal = Q(**{f"{first.column}__isnull": True})
        return strictly | (equal & _beyond(rest, row, backwards=backwards))
    strictly = Q(**{f"{first.column}__{comparison}": value})
    if not rest:
        return strictly
    equal = Q(**{first.column: value})
    result = strictly | (equal & _beyond(rest, row, backwards=backwards))
    if first.nullable:
        return result if backwards else result | Q(**{f"{first.column}__isnull": True})
    return Q(**{f"{first.column}__{comparison}e": value}) & result
