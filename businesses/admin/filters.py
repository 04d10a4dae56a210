"""List filters that offer only rows of the current business."""

from __future__ import annotations

from typing import Any

from unfold.contrib.filters.admin import RelatedDropdownFilter

from businesses.admin.base import own_rows
from businesses.membership import AdminRequest


class OwnRelatedFilter(RelatedDropdownFilter):
    """A dropdown of the business's own rows; Django's would offer those of everybody."""

    def field_choices(self, field: Any, request: AdminRequest, model_admin: Any) -> list[tuple[Any, str]]:
        rows = own_rows(field.remote_field.model, request.business).order_by("-pk")[:200]
        return [(row.pk, str(row)) for row in rows]
