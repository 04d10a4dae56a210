"""Forms that show what a service refused, on the field it named."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS

from businesses.membership import AdminRequest
from invoicing.lib.errors import Detail, DomainError

_LINE = re.compile(r"^(\w+)\.(\d+)(?:\.(\w+))?$")


class BusinessForm(forms.ModelForm):
    """A model form whose writes are a service's."""

    # What a service calls a field → what this form calls it, where they differ.
    names: ClassVar[dict[str, str]] = {}

    request: AdminRequest
    refusal: DomainError | None = None

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.refusal is not None:
            self._show(self.refusal)

    def _show(self, refusal: DomainError) -> None:
        for detail in refusal.details or [Detail("", refusal.message)]:
            name = self.names.get(detail.field, detail.field)
            if name in self.fields:
                self.add_error(name, detail.message)
            else:
                self.add_error(
                    NON_FIELD_ERRORS, f"{detail.field}: {detail.message}" if detail.field else detail.message
                )

    def changes(self) -> dict[str, Any]:
        """What was typed and differs from what was shown, as the service takes it."""
        return {name: self.cleaned_data[name] for name in self.changed_data if name in self.cleaned_data}


def place_on_lines(formset: Any, name: str, refusal: DomainError) -> None:
    """Put `items.0.quantity` on the first line's quantity; lines count as they were sent, without the deleted ones."""
    sent = [form for form in formset.forms if form.has_changed() or form.instance.pk]
    for form in sent:
        form.errors  # noqa: B018 - cleans the line, without which it takes no error
    kept = [form for form in sent if not formset._should_delete_form(form)]
    for detail in refusal.details:
        found = _LINE.match(detail.field)
        if found and found[1] == name and int(found[2]) < len(kept):
            line = kept[int(found[2])]
            line.add_error(found[3] if found[3] in line.fields else NON_FIELD_ERRORS, detail.message)
