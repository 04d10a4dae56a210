"""Which rows a member may see and choose, and lists of them that stay fast."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db import models
from django.utils.functional import cached_property
from unfold.views import ChangeList

from businesses.membership import AdminRequest
from businesses.models import Business, User

_MOST_COUNTED = 10_000


class CappedPaginator(Paginator):
    """Counts at most 10,000 rows, so that the first page of a big business is as fast as that of a small one."""

    @cached_property
    def count(self) -> int:
        return self.object_list[:_MOST_COUNTED].count()  # type: ignore[attr-defined,no-any-return]


def own_rows(model: type[models.Model], business: Business, rows: Any = None) -> Any:
    """The rows of a model that a member of `business` may see or choose; no users, and of businesses only the own."""
    rows = model._default_manager.all() if rows is None else rows
    if issubclass(model, Business):
        return rows.filter(pk=business.pk)
    return rows.none() if issubclass(model, User) else rows.filter(business=business)


class OwnChangeList(ChangeList):
    """Unfold's, without an offer to show all where nothing is left out."""

    def get_results(self, request: AdminRequest) -> None:
        super().get_results(request)
        if not self.query and not self.has_active_filters:
            self.full_result_count = self.result_count


class OwnChoices:
    """What both admins and inlines do: references may only be chosen among rows of the current business."""

    def formfield_for_foreignkey(self, db_field: Any, request: AdminRequest, **kwargs: Any) -> Any:
        """Django's, the choices narrowed to the business; what a subclass gives as `queryset` is narrowed too."""
        kwargs["queryset"] = own_rows(db_field.remote_field.model, request.business, kwargs.get("queryset"))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]
