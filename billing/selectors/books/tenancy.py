"""Whose rows: nothing points out of its business, and both sides of every amount have the same customer and currency."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from django.apps import apps
from django.db import connection
from django.db.models import F, ForeignKey, Model

from billing.models import Allocation, CreditNote, Entry, Refund
from businesses.models import Business

_SOURCES = ("payment", "credit_note", "adjustment")
_PAIRS: tuple[tuple[type[Model], tuple[str, ...]], ...] = (
    (Entry, ("invoice", *_SOURCES)),
    (Allocation, ("invoice", *_SOURCES)),
    (Refund, _SOURCES),
    (CreditNote, ("invoice",)),
)


def check_parties(business: Business) -> Iterator[str]:
    """An entry, allocation, refund or credit note has the customer and currency of every document it names."""
    for model, names in _PAIRS:
        for name in names:
            rows = model._default_manager.filter(business=business, **{f"{name}__isnull": False}).order_by("pk")
            same = {"customer": F(f"{name}__customer"), "currency": F(f"{name}__currency")}
            for pk, number in rows.exclude(**same).values_list("pk", f"{name}__number"):
                yield f"{model._meta.verbose_name} {pk}: another customer or currency than {name.replace('_', ' ')} {number}"


def check_tenancy(business: Business) -> Iterator[str]:
    """Whatever a row of the business names is the same business's; one query over every foreign key there is."""
    query, count = _strangers()
    with connection.cursor() as cursor:
        cursor.execute(query, [business.pk] * count)
        for what, pk, name in cursor.fetchall():
            yield f"{what} {pk}: its {name} is another business's"
    if business.logo is not None and business.logo.business_id != business.pk:
        yield "the business's logo is another business's"


@cache
def _strangers() -> tuple[str, int]:
    """The rows of a business with a foreign key from an owned row to another's owned row, and how often it asks which."""
    owned = [model for model in apps.get_models() if _is_owned(model)]
    parts = [
        f"SELECT '{model._meta.verbose_name}' AS what, r.id AS pk, '{field.name}' AS name "  # noqa: S608 - names of ours
        f'FROM "{model._meta.db_table}" r JOIN "{field.related_model._meta.db_table}" t ON t.id = r."{field.column}" '
        "WHERE r.business_id = %s AND t.business_id <> r.business_id"
        for model in owned
        for field in model._meta.get_fields()
        if isinstance(field, ForeignKey) and field.related_model in owned
    ]
    return f"{' UNION ALL '.join(parts)} ORDER BY what, pk, name", len(parts)


def _is_owned(model: type[Model]) -> bool:
    return any(field.name == "business" and field.related_model is Business for field in model._meta.fields)
