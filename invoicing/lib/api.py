"""The manners of the native API: strict bodies in, exact JSON out, and one form of error for everything that is refused."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions, serializers
from rest_framework.fields import empty
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from invoicing.lib import json, money
from invoicing.lib.errors import Detail, DomainError, Invalid

MAX_BODY = 1024 * 1024
_NUMBER = re.compile(r"^-?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?$", re.ASCII)
log = structlog.get_logger(__name__)


class TooLarge(DomainError):
    """413: more than a request may hold."""

    status = 413
    code = "too_large"


class OneFormat(BaseContentNegotiation):
    """Always JSON: a client that sends `Accept: */*`, or nothing, or nonsense, still gets an answer it can read."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        media_type = (request.content_type or "").split(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == media_type), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, str(renderer.media_type)


class StrictJSONParser(BaseParser):
    """Parses with `lib/json.py`; at most 1 MiB."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        body = stream.read(MAX_BODY + 1)
        if len(body) > MAX_BODY:
            raise TooLarge("The body is larger than 1 MiB.")
        try:
            return json.decode(body)
        except json.BadJSON as error:
            raise Invalid(str(error), code="invalid_json") from None


class ExactJSONRenderer(BaseRenderer):
    """Writes with `lib/json.py`; bytes are sent as they are, so that a stored answer is replayed to the letter."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        if data is None:
            return b""
        return data if isinstance(data, bytes) else json.encode(data)


# Errors --------------------------------------------------------------------------------------------------------------
_CODES = {
    400: "invalid",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "too_large",
    415: "unsupported_media_type",
    429: "rate_limited",
    503: "unavailable",
}


def error_body(message: str, code: str, details: Iterable[Detail] = ()) -> dict[str, Any]:
    """The one form of an error."""
    return {
        "error": message,
        "code": code,
        "details": [{"field": detail.field, "message": detail.message} for detail in details],
    }


def answer_error(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler: every refusal as {error, code, details}; 5xx carry the request id; None re-raises."""
    if isinstance(error, DomainError):
        response = Response(error_body(error.message, error.code, error.details), status=error.status)
        if error.status == 503:
            response["Retry-After"] = "5"
        return response
    if isinstance(error, exceptions.ValidationError):
        details = list(flatten(error.detail))
        return Response(error_body(_summary(details), "invalid", details), status=400)
    if isinstance(error, OperationalError | InterfaceError):
        log.exception("database_away")
        body = error_body("The database does not answer; try again.", "unavailable")
        body["request_id"] = getattr(context.get("request"), "request_id", None)
        return Response(body, status=503, headers={"Retry-After": "5"})
    return _framework_error(error)


def _framework_error(error: Exception) -> Response | None:
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, RequestDataTooBig):
        return Response(error_body("The body is larger than 1 MiB.", "too_large"), status=413)
    if not isinstance(error, exceptions.APIException):
        return None
    response = Response(error_body(str(error.detail), _CODES.get(error.status_code, "invalid")), error.status_code)
    if challenge := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = challenge
    if (wait := getattr(error, "wait", None)) is not None:
        response["Retry-After"] = str(wait)
    return response


def flatten(detail: Any, path: str = "") -> Iterable[Detail]:
    """DRF's nested error lists as details with dotted paths."""
    if isinstance(detail, Mapping):
        for key, value in detail.items():
            inner = path if key in {"non_field_errors", "__all__"} else f"{path}.{key}".lstrip(".")
            yield from flatten(value, inner)
    elif isinstance(detail, list) and any(isinstance(item, Mapping | list) for item in detail):
        for index, item in enumerate(detail):
            yield from flatten(item, f"{path}.{index}".lstrip("."))
    elif isinstance(detail, list):
        yield from (Detail(path, str(item)) for item in detail)
    else:
        yield Detail(path, str(detail))


def _summary(details: list[Detail]) -> str:
    if not details:
        return "The request is not valid."
    first = details[0]
    return f"{first.field}: {first.message}" if first.field else first.message


def json_error(request: HttpRequest, status: int, message: str) -> JsonResponse:
    """An error of the API from outside DRF: unknown paths, and what nobody expected."""
    body = error_body(message, _CODES.get(status, "internal_error"))
    if status >= 500:
        body["request_id"] = getattr(request, "request_id", None)
    return JsonResponse(body, status=status)


def unknown_name(name: str, known: Iterable[str]) -> str:
    """The message for a name that is not known, with the nearest that is."""
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"Unknown; did you mean {near[0]!r}?" if near else f"Unknown; known are: {', '.join(known)}."


# Fields of bodies ----------------------------------------------------------------------------------------------------
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
        raise exceptions.ValidationError(f"At most {money.MAX_DIGITS} significant digits.")
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
    reader = serializer(data=dict(data))
    if partial:  # only here: DRF's own `partial` would reach into the lines and let them miss their quantity
        for field in reader.fields.values():
            field.required, field.default = False, empty
    reader.is_valid(raise_exception=True)
    return dict(reader.validated_data)
