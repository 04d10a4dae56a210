"""Tags as a person types them: words with commas between them."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget

from businesses.validators import validate_tags


class TagsField(forms.CharField):
    """A list of tags in one line; what was typed twice counts once."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "Words with commas between them.")
        super().__init__(**{"required": False, "max_length": 1_000, "widget": UnfoldAdminTextInputWidget(), **kwargs})

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        words = (word.strip() for word in super().clean(value).split(","))
        tags = list(dict.fromkeys(word for word in words if word))
        validate_tags(tags)
        return tags

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)
