"""Rows beneath a row, of the same business."""

from __future__ import annotations

from typing import Any, ClassVar

from unfold.admin import StackedInline, TabularInline

from businesses.admin.scoping import OwnChoices, own_rows
from businesses.membership import AdminRequest


class BusinessInline(OwnChoices):
    """Rows beneath a row: seen, or, where `editable`, edited by whoever may change the row above."""

    editable: ClassVar[bool] = False
    detail_name: ClassVar[str] = ""  # the list that a service's `items.0.quantity` means
    extra = 0
    can_delete = False
    show_change_link = False

    def get_queryset(self, request: AdminRequest) -> Any:
        return own_rows(self.model, request.business, super().get_queryset(request))  # type: ignore[attr-defined,misc]

    def has_view_permission(self, request: AdminRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: AdminRequest, obj: Any = None) -> bool:
        return self.editable

    def has_change_permission(self, request: AdminRequest, obj: Any = None) -> bool:
        return self.editable

    def has_delete_permission(self, request: AdminRequest, obj: Any = None) -> bool:
        return self.editable and self.can_delete


class BusinessTabularInline(BusinessInline, TabularInline):
    """Rows in a table."""


class BusinessStackedInline(BusinessInline, StackedInline):
    """Rows one below the other."""
