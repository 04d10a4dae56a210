"""How rows are called: by our UUIDs, as Earnipay's OpenAPI has them, or with its documentation's prefix (`cus_`, `biz_`) before."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID, uuid5

from rest_framework import exceptions, serializers

from invoicing.lib.ids import parse_uuid

_PREFIX = re.compile(r"^[a-z]{2,8}_(?=.)")


def read(text: Any) -> UUID | None:
    """The UUID that an id spells; None for anything else."""
    return parse_uuid(_PREFIX.sub("", text)) if isinstance(text, str) else None


_PEOPLE = UUID("5d0c7a3e-6f0b-5b1e-9a53-0d6f5f1f7c42")


def of_person(pk: int) -> UUID:
    """How a person is called, who has no UUID of its own: always the same, and nothing can be asked for by it."""
    return uuid5(_PEOPLE, str(pk))


class Id(serializers.Field):
    """The id of another row in a body."""

    def to_internal_value(self, data: Any) -> UUID:
        value = read(data)
        if value is None:
            raise exceptions.ValidationError("Expected an id.")
        return value
