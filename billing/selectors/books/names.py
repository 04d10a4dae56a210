"""How a sentence names a row: by the number that people know it by."""

from __future__ import annotations

from typing import Any

from customers.models import Customer


def number_of(model: Any, pk: int) -> str:
    """A row's number, or its primary key where there is no such row (any more)."""
    return str(model._default_manager.values_list("number", flat=True).filter(pk=pk).first() or f"#{pk}")


def account(customer_pk: int, currency: str) -> str:
    """A customer's account in one currency."""
    return f"customer {number_of(Customer, customer_pk)} in {currency}"
