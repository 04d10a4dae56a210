"""What Invoiced's lists are asked: `filter[…]`, `metadata[…]`, `sort`, and bounds of time; the same for every kind of object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.lookups import Exact
from rest_framework import exceptions, serializers

from dialects.invoiced.inputs import Flag, Seconds, Whole
from invoicing.lib.api import flatten
from invoicing.lib.errors import Invalid

Row = TypeVar("Row", bound=Model)
Condition = Callable[[Any], Q]  # of the text that was given


# Conditions ----------------------------------------------------------------------------------------------------------
def equals(column: str) -> Condition:
    """The column is this text."""
    return lambda text: Q(**{column: text})


def currency_is(text: str) -> Q:
    """Their currencies are lower case."""
    return Q(currency=text.upper())


def numbered(column: str) -> Condition:
    """The column is this whole number."""
    return lambda text: Q(**{column: Whole().run_validation(text)})


def whether(condition: Q) -> Condition:
    """The condition holds, or (false) it does not."""
    return lambda text: condition if Flag().run_validation(text) else ~condition


def chosen(choices: Mapping[str, Q]) -> Condition:
    """The condition of one of these names; Invalid for another name."""

    def condition(text: str) -> Q:
        if text not in choices:
            raise Invalid.field("filter", f"Expected one of {', '.join(choices)}.")
        return choices[text]

    return condition


# Lists ---------------------------------------------------------------------------------------------------------------
def filtered(rows: QuerySet[Row], asked: Mapping[str, Any], filters: Mapping[str, Condition]) -> QuerySet[Row]:
    """The rows that `filter[…]`, `metadata[…]` and `updated_after` leave; Invalid names what cannot be filtered by."""
    for name, text in pairs(asked, "filter").items():
        if name not in filters:
            raise Invalid.field(f"filter[{name[:50]}]", f"Expected one of {', '.join(filters)}.")
        rows = rows.filter(_condition(filters[name], text, f"filter[{name}]"))
    columns = {field.name for field in rows.model._meta.get_fields()}
    for name, column in (("metadata", "metadata"), ("updated_after", "updated_at")):
        if asked.get(name) and column not in columns:
            raise Invalid.field(name, "What is listed here has none.")
    for name, text in pairs(asked, "metadata").items():
        rows = rows.filter(Exact(KeyTextTransform(name, "metadata"), text))
    if asked.get("updated_after"):
        rows = rows.filter(updated_at__gt=understood(Seconds(), asked["updated_after"], "updated_after"))
    return rows


def understood(field: serializers.Field[Any, Any, Any, Any], text: Any, name: str) -> Any:
    """What a text of the query means; Invalid with its name where it means nothing."""
    return _condition(field.run_validation, text, name)


def _condition(validate: Callable[[Any], Any], text: Any, name: str) -> Any:
    try:
        return validate(text)
    except exceptions.ValidationError as error:
        raise Invalid.field(name, next(iter(flatten(error.detail))).message) from None


def between(
    rows: QuerySet[Row], asked: Mapping[str, Any], column: str, bound: Callable[[datetime], Any]
) -> QuerySet[Row]:
    """The rows from `start_date` to `end_date`, both inclusive; `bound` makes of a moment what the column has."""
    for name, lookup in (("start_date", "gte"), ("end_date", "lte")):
        if asked.get(name):
            rows = rows.filter(**{f"{column}__{lookup}": bound(understood(Seconds(), asked[name], name))})
    return rows


def pairs(asked: Mapping[str, Any], name: str) -> dict[str, str]:
    """`name[key]=value` of a query; Invalid where it is something else."""
    value = asked.get(name, {})
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise Invalid.field(name, f"Expected {name}[name]=value.")
    return value


def order(asked: Mapping[str, Any], sorts: Mapping[str, str]) -> list[str]:
    """`sort=name asc,…` as columns, the newest first where that leaves rows equal; Invalid for an unknown column."""
    columns = []
    for part in filter(None, (part.strip() for part in str(asked.get("sort", "")).split(","))):
        name, _, direction = part.partition(" ")
        if name not in sorts or direction.lower() not in ("", "asc", "desc"):
            raise Invalid.field("sort", f"Expected a column ({', '.join(sorts)}) and asc or desc, such as name asc.")
        columns.append(("-" if direction.lower() == "desc" else "") + sorts[name])
    return [*columns, "-pk"]


def expanded(
    objects: list[dict[str, Any]], text: str, loaders: Mapping[str, Callable[[list[int]], list[dict[str, Any]]]]
) -> list[dict[str, Any]]:
    """The objects with what `expand=customer,invoice` names put in the place of its id; what cannot be expanded is left alone."""
    for name in {part.strip() for part in text.split(",")} & loaders.keys():
        pks = sorted({item[name] for item in objects if item[name] is not None})
        found = {row["id"]: row for row in loaders[name](pks)}
        objects = [{**item, name: found.get(item[name], item[name])} for item in objects]
    return objects
