"""`POST /batch`: up to 100 calls in one request, each through its own view and in its own transaction."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes, urlencode

import structlog
from django.core.handlers.wsgi import WSGIRequest, get_path_info
from django.http import HttpResponse
from django.urls import Resolver404, ResolverMatch, resolve
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from msgspec import Raw
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from businesses.permissions import ANY
from businesses.views import WRITES, BusinessView
from invoicing.lib import json
from invoicing.lib.api import error_body
from invoicing.lib.errors import Detail, Invalid
from invoicing.lib.fields import OneOf, Strict, Text, read_body

MAX_CALLS = 100
_PREFIX = "/api/v1"
_METHODS = ("GET", "POST", "PATCH", "DELETE")
_TOLD = ("ETag", "Retry-After", "Idempotent-Replayed")  # what a caller may need of a call's headers
log = structlog.get_logger(__name__)

_EXAMPLE = OpenApiExample(
    "A customer, and who is asking",
    value={
        "items": [
            {"method": "POST", "path": "/customers", "body": {"name": "Acme Corp"}, "idempotency_key": "acme-1"},
            {"method": "GET", "path": "/me"},
        ]
    },
    request_only=True,
)


@extend_schema_field({"type": "object"})
class Body(serializers.Field):  # type: ignore[type-arg]
    """A JSON object, kept as it was parsed."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Mapping):
            raise ValidationError("Expected an object.")
        return data


class CallInput(Strict):
    """One call."""

    method = OneOf(_METHODS, required=True)
    path = Text(required=True, max_length=2_000, help_text="Below /api/v1, such as /invoices?limit=5.")
    body = Body(required=False, allow_null=True)
    idempotency_key = Text(max_length=255)


class BatchInput(Strict):
    """The calls, in the order in which they are made."""

    items = CallInput(many=True, allow_empty=False, max_length=MAX_CALLS)  # type: ignore[call-arg]


class CallOutput(serializers.Serializer[Any]):
    """What one call answered."""

    status = serializers.IntegerField()
    headers = serializers.DictField(child=serializers.CharField(), help_text=", ".join(_TOLD))
    body = serializers.DictField(allow_null=True)


class BatchOutput(serializers.Serializer[Any]):
    """The answers, in the order of the calls."""

    items = CallOutput(many=True)


class BatchView(BusinessView):
    """Many calls at once. Any key may enter: each call asks for the scope that it needs."""

    scopes = {"POST": ANY}

    def answer(self, request: Request, **kwargs: Any) -> Response:
        """Without the one outer transaction: each call has its own, and its own Idempotency-Key."""
        if "Idempotency-Key" in request.headers:
            message = "A batch has none of its own: give each item an idempotency_key."
            raise Invalid(f"Idempotency-Key: {message}", details=[Detail("Idempotency-Key", message)])
        self.check_query()
        return self.post(request, **kwargs)  # type: ignore[attr-defined,no-any-return]

    @extend_schema(request=BatchInput, responses=BatchOutput, examples=[_EXAMPLE], tags=["Batch"])
    def create(self, request: Request) -> Response:
        """Make up to 100 calls; 200 with the status and body of each, whatever became of them."""
        calls = read_body(BatchInput, request)["items"]
        targets = [self._target(index, call) for index, call in enumerate(calls)]
        rows = [self._make(call, match) for call, match in zip(calls, targets, strict=True)]
        return self.send({"items": rows})

    def _target(self, index: int, call: dict[str, Any]) -> ResolverMatch | None:
        """The view that answers a path, or None where nothing does; Invalid for what cannot be in a batch at all."""
        path = call["path"].removeprefix(_PREFIX)
        if not path.startswith("/") or "#" in path:
            raise Invalid.field(f"items.{index}.path", "Expected a path such as /invoices.")
        call["path"], _, call["query"] = path.partition("?")
        try:
            match = resolve(get_path_info({"PATH_INFO": _path_info(call)}))
        except Resolver404:
            return None
        view = getattr(match.func, "cls", None)
        if view is BatchView:
            raise Invalid.field(f"items.{index}.path", "A batch cannot hold a batch.")
        return match if isinstance(view, type) and issubclass(view, BusinessView) else None

    def _make(self, call: dict[str, Any], match: ResolverMatch | None) -> dict[str, Any]:
        if match is None:
            return _row(404, error_body("There is nothing at this path.", "not_found"))
        try:
            response = match.func(self._request(call), *match.args, **match.kwargs)
            if hasattr(response, "render"):
                response.render()
        except Exception:  # what the others did is committed: they must hear of it
            log.exception("batch_call_failed", path=call["path"])
            body = error_body("Something went wrong on our side.", "internal_error")
            return _row(500, {**body, "request_id": self._request_id})
        return _told(response)

    @property
    def _request_id(self) -> str | None:
        return getattr(self.request, "request_id", None)

    def _request(self, call: dict[str, Any]) -> WSGIRequest:
        """The call as if it had come alone, with the batch's credentials."""
        outer = self.request.META
        body = b"" if call.get("body") is None else json.encode(call["body"])
        own = {
            "REQUEST_METHOD": call["method"],
            "PATH_INFO": _path_info(call),
            "QUERY_STRING": self._query(call).encode().decode("latin-1"),
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": "application/json" if body else "",
            "wsgi.input": io.BytesIO(body),
        }
        if call.get("idempotency_key"):
            own["HTTP_IDEMPOTENCY_KEY"] = call["idempotency_key"]
        kept = {name: value for name, value in outer.items() if name in _KEPT or name.startswith("wsgi.")}
        request = WSGIRequest({**kept, **own})
        request.request_id = self._request_id  # type: ignore[attr-defined]
        return request

    def _query(self, call: dict[str, Any]) -> str:
        """A dry run of the batch is one of each of its writes."""
        query: str = call["query"]
        if self.dry_run and call["method"] in WRITES and "dry_run=true" not in query.split("&"):
            query = "&".join(part for part in (query, urlencode({"dry_run": "true"})) if part)
        return query


_KEPT = frozenset({"HTTP_AUTHORIZATION", "HTTP_HOST", "REMOTE_ADDR", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL"})


def _path_info(call: dict[str, Any]) -> str:
    """A call's path as WSGI has it: its bytes, each of them a character."""
    return _PREFIX + unquote_to_bytes(call["path"]).decode("latin-1")


def _told(response: HttpResponse) -> dict[str, Any]:
    """A call's answer as a row; a file has no place in JSON."""
    content = bytes(response.content)
    if content and not str(response.get("Content-Type", "")).startswith("application/json"):
        return _row(406, error_body("A file cannot be part of a batch.", "not_acceptable"))
    headers = {name: response[name] for name in _TOLD if name in response}
    return _row(response.status_code, Raw(content) if content else None, headers)


def _row(status: int, body: Any, headers: dict[str, str] | None = None) -> dict[str, Any]:
    return {"status": status, "headers": headers or {}, "body": body}
