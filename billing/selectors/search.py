"""Which rows a word finds: by their own words, or by the names of their customers."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet

from businesses.models import Business
from customers.models import Customer

Row = TypeVar("Row", bound=Model)
_FEW = 1_000  # customers that are named one by one


def search_documents(rows: QuerySet[Row], business: Business, needle: str) -> QuerySet[Row]:
    """The rows of a business with this folded needle in their number, references or customer's name (also its new one)."""
    return rows.filter(Q(search_text__contains=needle) | customer_named(business, needle))


def customer_named(business: Business, needle: str) -> Q:
    """That the customer's name has this folded needle in it: customers are found first, for a join is slow."""
    # The words of a customer have its name among them, and an index.
    found = Customer.objects.of(business).filter(search_text__contains=needle, name_folded__contains=needle)
    keys: list[Any] = list(found.values_list("pk", flat=True)[: _FEW + 1])
    return Q(customer__in=keys) if len(keys) <= _FEW else Q(customer__in=found.values("pk"))
