"""How rows are called: by our UUIDs, as Earnipay's OpenAPI has them, or with its documentation's prefix (`cus_`, `biz_`) before."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from rest_framework import exceptions, serializers

from invoicing.lib.ids import parse_uuid

_PREFIX = re.compile(r"^[a-z]{2,8}_(?=.)")


def read(text: Any) -> UUID | None:
    """The UUID that an id spells; None for anything else."""
    return parse_uuid(_PREFIX.sub("", text)) if isinstance(text, str) else None


class Id(serializers.Field):
    """The id of another row in a body."""

    def to_internal_value(self, data: Any) -> UUID:
        value = read(data)
        if value is None:
            raise exceptions.ValidationError("Expected an id.")
        return value
