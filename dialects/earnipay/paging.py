"""Earnipay's lists: `page`, `limit`, `sortBy` and `sortOrder` in, what our own paging takes out; and their filters by date."""

# ruff: noqa: N815 - these names are Earnipay's
from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import django_filters as filters
from django import forms
from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_date

from businesses.filters import MomentField, MomentFilter
from businesses.paging import Order
from dialects.earnipay import ids
from invoicing.lib.errors import Invalid

PAGE_SIZE = "10"  # the documentation's; the OpenAPI document says 20


def ours(parameters: Mapping[str, str], sorts: Mapping[str, Order]) -> dict[str, str]:
    """The parameters of `businesses.paging`; Invalid for an order that is not there. Newest first, unless asked otherwise."""
    name, direction = parameters.get("sortBy", "createdAt"), parameters.get("sortOrder", "desc").lower()
    if name not in sorts:
        raise Invalid.field("sortBy", f"Expected one of {', '.join(sorts)}.")
    if direction not in {"asc", "desc"}:
        raise Invalid.field("sortOrder", "Expected asc or desc.")
    page, limit = parameters.get("page", "1"), parameters.get("limit", PAGE_SIZE)
    return {"page": page, "limit": limit, "sort": f"-{name}" if direction == "desc" else name}


class EndField(MomentField):
    """As MomentField, but a date counts as its last moment."""

    def clean(self, value: Any) -> Any:
        moment = super().clean(value)
        is_day = moment is not None and len(str(value).strip()) == 10
        return moment + timedelta(days=1, milliseconds=-1) if is_day else moment


class EndFilter(filters.Filter):
    field_class = EndField


class CalendarField(forms.CharField):
    """A date, or the date of an ISO 8601 time as it is written."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        return read_day(text)


class CalendarFilter(filters.Filter):
    field_class = CalendarField


def read_day(text: str) -> date:
    """The calendar day that a filter names; ValidationError for what is none."""
    try:
        MomentField().clean(text if len(text) != 10 else f"{text}T00:00:00Z")
        day = parse_date(text[:10])
    except ValueError:
        day = None
    if day is None:
        raise ValidationError("Expected a date such as 2026-04-01.")
    return day


class IdField(forms.CharField):
    """The id of another row."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        found = ids.read(text)
        if found is None:
            raise ValidationError("Expected an id.")
        return found


class IdFilter(filters.Filter):
    field_class = IdField


class CreatedFilter(filters.FilterSet):
    """By the time of creation, inclusive; both spellings."""

    startDate = MomentFilter(field_name="created_at", lookup_expr="gte")
    dateFrom = MomentFilter(field_name="created_at", lookup_expr="gte")
    endDate = EndFilter(field_name="created_at", lookup_expr="lte")
    dateTo = EndFilter(field_name="created_at", lookup_expr="lte")
