"""How the admin writes amounts, dates and badges, and reads amounts that are typed in major units."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError as BadNumber
from unfold.widgets import UnfoldAdminTextInputWidget

from businesses.models import Business
from invoicing.lib import money as lib
from invoicing.lib.fields import exact_number
from invoicing.lib.ids import parse_uuid
from invoicing.lib.spoken_numbers import read_number, write_number

BADGES = {
    "draft": "",
    "sent": "info",
    "paid": "success",
    "overdue": "danger",
    "cancelled": "warning",
    "accepted": "success",
    "rejected": "danger",
    "expired": "warning",
    "converted": "primary",
    "recorded": "success",
    "voided": "warning",
    "refunded": "warning",
    "active": "success",
    "inactive": "",
    "planned": "",
    "queued": "info",
    "preparing": "info",
    "sending": "info",
    "running": "info",
    "failed": "danger",
    "skipped": "warning",
    "done": "success",
}


def money(minor: int, currency: str, business: Business) -> str:
    """Minor units as the business writes amounts: $1,234.50."""
    return str(format_currency(lib.to_major(minor, currency), currency, locale=business.locale))


def typed(minor: int, currency: str) -> str:
    """Minor units as a person would type them into a field: 1234.50, or 1234,50."""
    return write_number(lib.to_major(minor, currency), lib.exponent(currency))


def plain(value: Decimal) -> str:
    """A quantity, price or rate in its shortest spelling, as a person would type it."""
    return write_number(value)


def written(value: Decimal, business: Business) -> str:
    """A quantity or rate as the business writes numbers."""
    return str(format_decimal(value, locale=business.locale, decimal_quantization=False))


def day(value: date | None, business: Business) -> str:
    """A date as the business writes it; an empty string for none."""
    return format_date(value, "medium", locale=business.locale) if value else ""


def discounts(gross: int, discount: int, of_lines: int) -> list[tuple[str, str, int]]:
    """Kind, name and minor units of what was taken off: on the lines and on the whole apart, where there is both."""
    if not discount:
        return []
    parts = [("Discount", discount)]
    if of_lines and of_lines != discount:
        parts = [("Line discounts", of_lines), ("Discount on everything", discount - of_lines)]
    return [("gross", "Before discount", gross), *(("discount", name, -minor) for name, minor in parts)]


class NumberField(forms.CharField):
    """An exact number; what is typed is read as the business writes numbers (2.5 or 2,5), never by way of a float."""

    def __init__(
        self, *, decimals: int = 6, low: Decimal | None = None, high: Decimal | None = None, **kwargs: Any
    ) -> None:
        attrs = {"inputmode": "decimal", "autocomplete": "off", **kwargs.pop("attrs", {})}
        kwargs.setdefault("widget", UnfoldAdminTextInputWidget(attrs=attrs))
        super().__init__(**kwargs)
        self.decimals, self.low, self.high = decimals, low, high

    def prepare_value(self, value: Any) -> Any:
        return plain(value) if isinstance(value, Decimal) else value

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            number = exact_number(read_number(text), self.decimals)
        except ValueError:
            raise ValidationError(f"Expected a number such as {plain(Decimal('1234.5'))}.") from None
        except BadNumber as error:
            raise ValidationError(str(error.detail[0])) from None  # type: ignore[index]
        if self.low is not None and number < self.low:
            raise ValidationError(f"Must not be less than {self.low}.")
        if self.high is not None and number > self.high:
            raise ValidationError(f"At most {self.high}.")
        return number


class AmountField(NumberField):
    """An amount in major units of `currency`, given as minor units."""

    def __init__(self, *, currency: str, **kwargs: Any) -> None:
        super().__init__(decimals=lib.exponent(currency), **kwargs)
        self.currency = currency

    def prepare_value(self, value: Any) -> Any:
        return typed(value, self.currency) if isinstance(value, int) else value

    def clean(self, value: Any) -> Any:
        number = super().clean(value)
        return None if number is None else lib.to_minor(number, self.currency)


def known_pk(rows: QuerySet[Any], object_id: Any) -> Any:
    """The primary key that an address means: itself, or that of the row with this UUID, by which events know it."""
    identifier = parse_uuid(str(object_id))
    if identifier is None:
        return object_id
    return rows.filter(uuid=identifier).values_list("pk", flat=True).first() or 0
