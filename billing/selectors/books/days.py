"""The past: on no day was more applied than there was, of any payment, credit or invoice; one query each, over all days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection

from billing.models import Adjustment, CreditNote, Invoice, Payment
from billing.selectors.books.names import number_of
from businesses.models import Business

# Of each row what was moved per day, then the sum up to each day; where it is above zero, the first day and the most.
_BEYOND = """
WITH moved AS ({moved}),
days AS (SELECT owner, invoice, day, SUM(amount) AS amount FROM moved GROUP BY owner, invoice, day),
running AS (SELECT owner, invoice, day, SUM(amount) OVER (PARTITION BY owner, invoice ORDER BY day) AS amount FROM days)
SELECT owner, invoice, MIN(day), MAX(amount) FROM running WHERE amount > 0
GROUP BY owner, invoice ORDER BY owner, invoice
"""
_ROWS = """SELECT {column} AS owner, {invoice} AS invoice, effective_on AS day, {sign}amount_minor AS amount
FROM {table} WHERE business_id = %s AND {column} IS NOT NULL"""


def check_days(business: Business) -> Iterator[str]:
    """On any day: a source's allocations and refunds ≤ its amount, an invoice's allocations ≤ what it is owed, no release > 0."""
    invoices = [_rows("billing_entry", "invoice", "-"), _rows("billing_allocation", "invoice")]
    for invoice, _, day, amount in _beyond(business, invoices):
        number = number_of(Invoice, invoice)
        yield f"invoice {number}: on {day} {amount} more than it owed was applied to it"
    for model in (Payment, CreditNote, Adjustment):
        noun, name = model.noun, model.noun.replace("_", " ")
        both = [_rows("billing_entry", noun), _rows("billing_allocation", noun)]
        for pk, _, day, amount in _beyond(business, both):
            yield f"{name} {number_of(model, pk)}: on {day} {amount} more than it had was applied or refunded"
        released = [_rows("billing_allocation", noun, "-", invoice="invoice_id")]
        for pk, invoice, day, amount in _beyond(business, released):
            to = number_of(Invoice, invoice)
            yield f"{name} {number_of(model, pk)}: on {day} {amount} more than was applied to invoice {to} was released"


def _rows(table: str, noun: str, sign: str = "", *, invoice: str = "0") -> str:
    return _ROWS.format(table=table, column=f"{noun}_id", sign=sign, invoice=invoice)


def _beyond(business: Business, moved: Sequence[str]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_BEYOND.format(moved=" UNION ALL ".join(moved)), [business.pk] * len(moved))
        return list(cursor.fetchall())
