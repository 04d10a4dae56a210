"""The filters that every list takes: times, ids and metadata."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import django_filters as filters
from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import QuerySet
from django.utils.dateparse import parse_date, parse_datetime

from businesses.models import Business
from invoicing.lib import clock
from invoicing.lib.ids import parse_uuid
from invoicing.lib.text import fold

NOT_A_MOMENT = "Expected an ISO 8601 time such as 2026-04-01T10:00:00.000Z."


class MomentField(forms.CharField):
    """An ISO 8601 time with its zone, or a date, which counts as its first moment in UTC."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            day = parse_date(text) if len(text) == 10 else None
            moment = clock.midnight(day, "UTC") if day else parse_datetime(text.replace(" ", "+"))
            if moment is not None and moment.tzinfo is not None:
                return moment.astimezone(UTC)
        except (ValueError, OverflowError):  # no such day, or beyond the calendar once it is in UTC
            pass
        raise ValidationError(NOT_A_MOMENT)


class MomentFilter(filters.Filter):
    field_class = MomentField


class UUIDField(forms.CharField):
    """A UUID in its canonical form."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        identifier = parse_uuid(text)
        if identifier is None:
            raise ValidationError("Expected a UUID.")
        return identifier


class UUIDFilter(filters.Filter):
    field_class = UUIDField


class IdsField(forms.CharField):
    """At most 100 UUIDs separated by commas."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        identifiers = [parse_uuid(part.strip()) for part in text.split(",")]
        if len(identifiers) > 100 or None in identifiers:
            raise ValidationError("Expected at most 100 UUIDs separated by commas.")
        return identifiers


class IdsFilter(filters.Filter):
    field_class = IdsField


class FoldedField(forms.CharField):
    """Text to look for, whatever its case and accents."""

    def clean(self, value: Any) -> Any:
        return fold(super().clean(value) or "")


class FoldedFilter(filters.Filter):
    """A substring of a folded column."""

    field_class = FoldedField

    def __init__(self, field_name: str, **kwargs: Any) -> None:
        super().__init__(field_name=field_name, lookup_expr="contains", max_length=200, **kwargs)


class DayField(forms.DateField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%d"], **kwargs)
        self.error_messages["invalid"] = "Expected a date as YYYY-MM-DD."


class DayFilter(filters.Filter):
    field_class = DayField


class StrictBooleanField(forms.CharField):
    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if text in {"", None}:
            return None
        if text not in {"true", "false"}:
            raise ValidationError("Expected true or false.")
        return text == "true"


class FlagFilter(filters.Filter):
    """true or false."""

    field_class = StrictBooleanField


class OneOfField(forms.ChoiceField):
    def validate(self, value: Any) -> None:
        forms.Field.validate(self, value)
        known = [str(choice) for choice, _ in self.choices]  # type: ignore[misc,union-attr]
        if value and value not in known:
            raise ValidationError(f"Expected one of {', '.join(known)}.")


class OneOfFilter(filters.Filter):
    """One of the `choices`; any other value is refused with the list of them."""

    field_class = OneOfField


class ListFilter(filters.FilterSet):
    """What every list can be filtered by; `business` is the caller's, set by the view."""

    business: Business

    created_after = MomentFilter(field_name="created_at", lookup_expr="gt")
    created_before = MomentFilter(field_name="created_at", lookup_expr="lt")
    updated_after = MomentFilter(field_name="updated_at", lookup_expr="gt")
    updated_before = MomentFilter(field_name="updated_at", lookup_expr="lt")
    ids = IdsFilter(field_name="uuid", lookup_expr="in")

    def filter_queryset(self, queryset: QuerySet[models.Model]) -> QuerySet[models.Model]:
        for name, value in self.form.cleaned_data.items():
            if value is not None and value != "":
                queryset = self.filters[name].filter(queryset, value)
        return queryset
