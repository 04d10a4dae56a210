"""The manners of the native API: strict JSON in, exact JSON out, and one form of error for everything that is refused."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from invoicing.lib import json
from invoicing.lib.errors import Detail, DomainError, Invalid

MAX_BODY = 1024 * 1024
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
