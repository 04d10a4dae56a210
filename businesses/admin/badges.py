"""How values look, alike in lists and on pages: states as coloured labels, moments in words, JSON indented."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime


def badge(text: str, colour: str = "") -> SafeString:
    """A label; `colour` is one of unfold's: success, info, warning, danger, primary, or nothing."""
    return render_to_string("unfold/helpers/label.html", {"text": text, "type": colour})


def moment(value: datetime | None, *, never: str = "–") -> str:
    """A time in the zone of the business: 21 Nov 2026, 11:28. Pages, unlike lists, would show ISO 8601."""
    return date_format(localtime(value), "DATETIME_FORMAT") if value else never


def pretty_json(value: Any) -> SafeString:
    """A value as indented JSON, for reading."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return format_html('<pre class="font-mono overflow-auto text-xs whitespace-pre-wrap">{}</pre>', text)
