"""Numbers of documents: the series' next, or the caller's own where it is free."""

from __future__ import annotations

from datetime import date

from django.db import connection

from billing.models import Adjustment, CreditNote, Invoice, Payment, Quotation
from businesses.models import Business
from businesses.numbering import Given, hold_series, next_number
from invoicing.lib.errors import Conflict, Detail

Numbered = Invoice | Quotation | CreditNote | Payment | Adjustment


def give_number(business: Business, model: type[Numbered], day: date, wanted: str | None = None) -> Given:
    """A free number of the model's series; the last lock of its transaction. Conflict (409) where `wanted` is taken.

    A number stays taken when its document is deleted.
    """
    series = model.noun
    pattern = getattr(business, f"{series}_pattern")

    def taken(number: str) -> bool:
        with connection.cursor() as cursor:
            table = connection.ops.quote_name(model._meta.db_table)
            sql = f"SELECT 1 FROM {table} WHERE business_id = %s AND number = %s"  # noqa: S608 - our own name
            cursor.execute(sql, [business.pk, number])
            return cursor.fetchone() is not None

    if wanted is None:
        return next_number(business, series, pattern, day, taken=taken)
    hold_series(business, series, pattern, day)
    if taken(wanted):
        message = f"The number {wanted!r} is already taken."
        raise Conflict(message, code="duplicate_number", details=[Detail(f"{series}_number", message)])
    return Given(wanted)
