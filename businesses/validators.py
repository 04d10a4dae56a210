"""What may be filled in: currencies, time zones, locales and IBANs that exist, and columns that take their values."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Any
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError
from django.core.exceptions import ValidationError
from django.db import models
from stdnum import iban

from invoicing.lib.errors import Detail, Invalid
from invoicing.lib.money import EXPONENTS


def validate_currency(code: str) -> None:
    """ValidationError unless `code` is an ISO 4217 currency in upper case."""
    if code not in EXPONENTS:
        raise ValidationError("Expected an ISO 4217 currency code such as USD.")


@lru_cache(maxsize=1)
def time_zones() -> frozenset[str]:
    """All IANA time zones."""
    return frozenset(available_timezones())


def validate_time_zone(name: str) -> None:
    """ValidationError unless `name` is an IANA time zone."""
    if name not in time_zones():
        raise ValidationError("Expected an IANA time zone such as Europe/Berlin.")


def validate_locale(name: str) -> None:
    """ValidationError unless Babel knows the locale."""
    try:
        Locale.parse(name)
    except (ValueError, UnknownLocaleError):
        raise ValidationError("Expected a locale such as en_US or de_AT.") from None


def validate_iban(value: str) -> None:
    """ValidationError unless the check digits of the IBAN (ISO 13616) are right."""
    if not iban.is_valid(value):
        raise ValidationError("This is not a valid IBAN.")


def validate_buckets(text: str) -> None:
    """ValidationError unless the text is one to six rising whole numbers from 1 to 9999, separated by commas."""
    parts = [part.strip() for part in text.split(",")]
    days = [int(part) for part in parts if part.isascii() and part.isdigit() and 0 < len(part) <= 4]
    if len(days) != len(parts) or not 1 <= len(days) <= 6 or any(low >= high for low, high in pairwise([0, *days])):
        raise ValidationError("Expected rising numbers of days such as 30,60,90 (at most six).")


def validate_tags(tags: Any) -> None:
    """ValidationError unless it is a list of at most 20 different texts of 1 to 40 characters in one line without commas."""
    if not isinstance(tags, list) or len(tags) > 20 or any(not isinstance(tag, str) for tag in tags):
        raise ValidationError("Expected at most 20 words.")
    if any(not 1 <= len(tag) <= 40 or "," in tag or [tag.strip()] != tag.splitlines() for tag in tags):
        raise ValidationError("A tag has 1 to 40 characters and no comma.")
    if len(set(tags)) != len(tags):
        raise ValidationError("A tag is given once.")


def check_columns(row: models.Model) -> None:
    """Invalid, naming each field that is wrong, unless every column of an unsaved row takes its value.

    References are left out: who may be referred to is for the service to say.
    """
    references = {field.name for field in row._meta.concrete_fields if field.is_relation}
    try:
        row.clean_fields(exclude=references)
    except ValidationError as error:
        details = [Detail(name, message) for name, messages in error.message_dict.items() for message in messages]
        raise Invalid(f"{details[0].field}: {details[0].message}", details=details) from None
