"""The counts that lists show, against the rows themselves."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection

from businesses.models import Business
from businesses.tallies import live_condition, recorded_count, tallied_models


def check_counts(business: Business) -> Iterator[str]:
    """What triggers have counted of each table is what is there."""
    for model in tallied_models():
        table = model._meta.db_table
        with connection.cursor() as cursor:
            live = live_condition(model)
            cursor.execute(f"SELECT count(*) FROM {table} WHERE business_id = %s AND {live}", [business.pk])  # noqa: S608
            (there,) = cursor.fetchone()
        recorded = recorded_count(business.pk, model)
        if recorded != there:
            yield f"count of {model._meta.verbose_name_plural}: {recorded} are recorded, {there} are there"
