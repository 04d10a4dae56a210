"""What Invoiced's clients send to have something texted or posted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import exceptions, serializers

from billing.services.channels import Texting
from dialects.door import Tolerant
from dialects.invoiced.inputs import Seconds
from dialects.invoiced.messages import native_words
from invoicing.lib.fields import OneOf, Text


class Phones(serializers.ListField):
    """`[{"name", "phone"}]`."""

    child = serializers.DictField()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "max_length": 50, **kwargs})

    def to_internal_value(self, data: Any) -> list[str]:
        numbers = []
        for index, item in enumerate(super().to_internal_value(data)):
            phone = item.get("phone") if isinstance(item, Mapping) else None
            if isinstance(phone, int) and not isinstance(phone, bool):
                phone = str(phone)
            if not isinstance(phone, str) or not 3 <= len(phone) <= 50:
                raise exceptions.ValidationError({str(index): ["Expected an object with `phone`."]})
            numbers.append(phone)
        return numbers


class TextInput(Tolerant):
    """Which numbers to text to, and what to say."""

    to = Phones()
    message = Text(max_length=1_600)


class LetterInput(Tolerant):
    """Which statement."""

    type = OneOf([("open_item", ""), ("balance_forward", "")])
    start = Seconds()
    end = Seconds()
    items = OneOf([("past_due", "")])


class StatementTextInput(TextInput, LetterInput):
    """Which statement, which numbers to text to, and what to say."""


def texting(body: Mapping[str, Any]) -> Texting:
    """What a TextInput describes."""
    return Texting(to=body.get("to") or None, message=native_words(body.get("message")))
