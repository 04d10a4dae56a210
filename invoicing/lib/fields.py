"""The fields that bodies are made of: strict about types, exact about numbers, clear about what would be right."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from rest_framework import exceptions, serializers
from rest_framework.fields import empty
from rest_framework.request import Request

from invoicing.lib import money
from invoicing.lib.api import unknown_name
from invoicing.lib.errors import Invalid

_NUMBER = re.compile(r"^-?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?$", re.ASCII)


class Strict(serializers.Serializer[Any]):
    """A body whose every field is known: others are refused with the nearest known name."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            writable = {name for name, field in self.fields.items() if not field.read_only}
            unknown = {name: [unknown_name(str(name), writable)] for name in data if name not in writable}
            if unknown:
                raise exceptions.ValidationError(unknown)
        return super().to_internal_value(data)


class Text(serializers.CharField):
    """A string and nothing else; leading and trailing space goes, an empty string counts as null where null is allowed."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 255)
        if not kwargs.get("required"):
            kwargs.setdefault("allow_null", True)
            kwargs.setdefault("allow_blank", True)
            kwargs["required"] = False
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            raise exceptions.ValidationError("Expected a string.")
        return super().to_internal_value(data)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        value = super().run_validation(data)  # which passes an empty string by to_internal_value
        return None if value == "" and self.allow_null else value


class LongText(Text):
    """Text of several paragraphs, at most 10,000 characters."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 10_000, **kwargs})


class Flag(serializers.BooleanField):
    """true or false, not "yes" or 1."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            raise exceptions.ValidationError("Expected true or false.")
        return data


class OneOf(serializers.ChoiceField):
    """One of the choices, spelt as they are."""

    def __init__(self, choices: Any, **kwargs: Any) -> None:
        super().__init__(choices, **{"required": False, **kwargs})

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or data not in self.choices:
            raise exceptions.ValidationError(f"Expected one of {', '.join(map(str, self.choices))}.")
        return data


class Number(serializers.DecimalField):
    """An exact number (or a string that spells one): at most 15 significant digits and `decimal_places` decimals."""

    def __init__(self, *, decimal_places: int = 6, **kwargs: Any) -> None:
        # The digits are counted by exact_number; the schema would make of them a bound that does not hold.
        super().__init__(max_digits=None, decimal_places=decimal_places, **kwargs)

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, bool) or not isinstance(data, int | Decimal | str):
            raise exceptions.ValidationError("Expected a number.")
        return exact_number(data, self.decimal_places or 0)

    def to_representation(self, value: Any) -> Any:
        return money.number(Decimal(value))


def exact_number(data: int | Decimal | str, decimal_places: int) -> Decimal:
    """The Decimal meant by JSON data; ValidationError for NaN, an exponent out of range, or too many digits."""
    if isinstance(data, str) and not _NUMBER.match(data):
        raise exceptions.ValidationError("Expected a number.")
    value = Decimal(data)
    if not value.is_finite() or len(value.as_tuple().digits) > 40 or (value and not -40 < value.adjusted() < 40):
        raise exceptions.ValidationError(f"Expected a finite number of at most {money.MAX_DIGITS} digits.")
    value = Decimal(format(value.normalize(money.EXACT), "f"))
    digits = value.as_tuple()
    if len(str(abs(value)).replace(".", "").lstrip("0")) > money.MAX_DIGITS:
        raise exceptions.ValidationError(f"At most {money.MAX_DIGITS} significant digits.")
    if isinstance(digits.exponent, int) and -digits.exponent > decimal_places:
        raise exceptions.ValidationError(f"At most {decimal_places} decimals.")
    return value


class Day(serializers.DateField):
    """A calendar date, YYYY-MM-DD."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%d"], **kwargs)

    def to_internal_value(self, value: Any) -> Any:
        if not isinstance(value, str) or len(value) != 10 or not value.isascii():
            raise exceptions.ValidationError("Expected a date as YYYY-MM-DD.")
        day = super().to_internal_value(value)
        if not 1900 <= day.year <= 9000:
            raise exceptions.ValidationError("Expected a year from 1900 to 9000.")
        return day


class Metadata(serializers.DictField):
    """Up to 10 pairs of text of the client's own: keys of 1–40 characters, not all digits; values of at most 255."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, **kwargs})

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if not isinstance(data, Mapping):
            raise exceptions.ValidationError("Expected an object of strings.")
        if len(data) > 10:
            raise exceptions.ValidationError("At most 10 keys.")
        for key, value in data.items():
            if not 1 <= len(key) <= 40 or key.isdigit():
                raise exceptions.ValidationError({key[:50]: ["A key has 1–40 characters, not digits alone."]})
            if not isinstance(value, str) or len(value) > 255:
                raise exceptions.ValidationError({key: ["Expected a string of at most 255 characters."]})
        return dict(data)


class Reference(serializers.UUIDField):
    """The UUID of another row, in its canonical 36 characters."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or len(data) != 36:
            raise exceptions.ValidationError("Expected a UUID.")
        return super().to_internal_value(data)


class CurrencyCode(serializers.CharField):
    """An ISO 4217 code; lower case is taken too."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "allow_null": True, "max_length": 3, "min_length": 3, **kwargs})

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or data.upper() not in money.EXPONENTS:
            raise exceptions.ValidationError("Expected an ISO 4217 currency code such as USD.")
        return data.upper()


def read_body(serializer: type[Strict], request: Request, *, partial: bool = False) -> dict[str, Any]:
    """The validated body of a request; an absent body counts as {}."""
    data = request.data
    if not isinstance(data, Mapping):
        raise Invalid("The body must be a JSON object.")
    return dict(_reader(serializer, partial).run_validation(dict(data)))


@lru_cache(maxsize=256)
def _reader(serializer: type[Strict], partial: bool) -> Strict:
    """One for all requests: `run_validation` keeps nothing, and making the fields anew costs more than reading a body."""
    reader = serializer()
    if partial:  # only here: DRF's own `partial` would reach into the lines and let them miss their quantity
        for field in reader.fields.values():
            field.required, field.default = False, empty
    return reader
