"""The form of an endpoint: events ticked by kind, headers one a line."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django import forms
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminURLInputWidget,
    UnfoldBooleanSwitchWidget,
)

from businesses.admin.forms import BusinessForm
from invoicing.lib import clock
from webhooks.catalog import ALL, SUBSCRIPTIONS
from webhooks.models import Endpoint


def _kinds() -> list[tuple[str, list[tuple[str, str]]]]:
    """Each kind with its wildcard first."""
    groups = groupby(sorted(SUBSCRIPTIONS - {ALL}), key=lambda name: name.partition(".")[0])
    return [(noun.replace("_", " ").capitalize(), [(name, _said(name)) for name in names]) for noun, names in groups]


def _said(name: str) -> str:
    return f"{name} (all, later ones too)" if name.endswith("*") else name


class EndpointForm(BusinessForm):
    """What a business asks of us."""

    all_events = forms.BooleanField(
        label="All events",
        required=False,
        initial=True,
        widget=UnfoldBooleanSwitchWidget(),
        help_text="Also those that are added later. Otherwise tick them below.",
    )
    some_events = forms.MultipleChoiceField(
        label="Only these events", choices=_kinds, required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget()
    )
    header_lines = forms.CharField(
        label="Additional headers",
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="One a line, such as Authorization: Bearer abc.",
    )

    names = {"events": "some_events", "headers": "header_lines"}

    class Meta:
        model = Endpoint
        fields = ("url", "description", "format", "schedule", "fifo")
        widgets = {"url": UnfoldAdminURLInputWidget(), "fifo": UnfoldBooleanSwitchWidget()}
        labels = {"schedule": "Repeat after", "fifo": "One after the other, in order"}
        help_texts = {
            "url": "Where events are posted to; https://.",
            "description": "For yourself.",
            "fifo": "Slower; an event that cannot be delivered holds up those behind it until it is skipped.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "all_events" in self.fields:
            events = self.instance.events
            self.initial["all_events"] = ALL in events
            self.initial["some_events"] = [name for name in events if name != ALL]
            self.initial["header_lines"] = "\n".join(f"{key}: {text}" for key, text in self.instance.headers.items())

    def clean_header_lines(self) -> dict[str, str]:
        """Name → value; whether they may be set says the service."""
        headers: dict[str, str] = {}
        for line in filter(None, map(str.strip, self.cleaned_data["header_lines"].splitlines())):
            name, colon, value = line.partition(":")
            if not colon or not value.strip() or name.strip() in headers:
                raise forms.ValidationError("Expected one “Name: value” a line, each name once.")
            headers[name.strip()] = value.strip()
        return headers

    def wanted(self) -> dict[str, Any]:
        """The fields as the services take them."""
        data = self.cleaned_data
        events = [ALL] if data["all_events"] else data["some_events"]
        plain: dict[str, Any] = {
            name: data[name] for name in ("url", "description", "format", "schedule", "fifo") if name in data
        }
        return {**plain, "events": events, "headers": data["header_lines"]}


_PERIODS = [
    ("1", "the last hour"),
    ("24", "the last day"),
    ("168", "the last seven days"),
    ("720", "the last thirty days"),
    ("", "all time"),
]


class RecoverForm(BaseDialogForm):
    """Since when events that were not delivered are sent again."""

    hours = forms.ChoiceField(
        label="Events of", choices=_PERIODS, required=False, initial="24", widget=UnfoldAdminSelectWidget()
    )

    def since(self) -> datetime | None:
        """The chosen moment; None: whenever it was."""
        hours = self.cleaned_data["hours"]
        return clock.now() - timedelta(hours=int(hours)) if hours else None
