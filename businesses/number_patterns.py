"""The shape of a number: `INV-#####`, or `INV-YYYY-#####`, which starts again each year."""

from __future__ import annotations

import re
from datetime import date

from django.core.exceptions import ValidationError

_PATTERN = re.compile(r"^[A-Za-z0-9/._ -]*?(YYYY|YY)?[A-Za-z0-9/._ -]*?#{1,12}[A-Za-z0-9/._ -]*$")


def validate_pattern(pattern: str) -> None:
    """ValidationError unless the pattern has one run of # and only letters, digits, space and / . _ - besides."""
    if not _PATTERN.match(pattern) or len(re.findall("#+", pattern)) != 1:
        raise ValidationError("Expected a pattern such as INV-##### or INV-YYYY-#####.")


def period_of(pattern: str, day: date) -> str:
    """The counter's period: the year where the pattern shows it, else empty."""
    return f"{day:%Y}" if "YY" in pattern else ""


def spell(pattern: str, value: int, day: date) -> str:
    """The number as text; more digits than # are not cut."""
    text = pattern.replace("YYYY", f"{day:%Y}").replace("YY", f"{day:%y}")
    return re.sub("#+", lambda run: str(value).zfill(len(run.group())), text)
