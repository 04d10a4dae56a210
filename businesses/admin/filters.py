"""List filters that offer, and name, only rows of the current business."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.admin import RelatedFieldListFilter
from django.db import models
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RelatedDropdownFilter

from businesses.admin.scoping import own_rows
from businesses.membership import AdminRequest

_MOST = 200


class OwnRelatedFilter(RelatedDropdownFilter):
    """A dropdown of the business's latest rows; Django's would offer those of everybody."""

    def field_choices(self, field: Any, request: AdminRequest, model_admin: Any) -> list[tuple[Any, str]]:
        rows = own_rows(field.remote_field.model, request.business).order_by("-pk")[:_MOST]
        return [(row.pk, str(row)) for row in rows]


class OwnAutocompleteFilter(AutocompleteSelectFilter):
    """Unfold's, which would show the name of any row whose id stands in the address."""

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        for choice in super().choices(changelist):
            field = choice["form"].fields[self.lookup_kwarg]
            field.queryset = own_rows(field.queryset.model, self.request.business)
            yield choice


def own_filter(model: type[models.Model], given: Any) -> Any:
    """An entry of `list_filter` with its filter of references replaced by ours."""
    name, kind = given if isinstance(given, tuple) else (given, None)
    if isinstance(name, str) and kind is None and model._meta.get_field(name).is_relation:
        return name, OwnRelatedFilter
    if kind is None or not issubclass(kind, RelatedFieldListFilter):
        return given
    if issubclass(kind, OwnRelatedFilter | OwnAutocompleteFilter):
        return given
    return name, OwnAutocompleteFilter if issubclass(kind, AutocompleteSelectFilter) else OwnRelatedFilter
