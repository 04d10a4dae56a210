"""The OpenAPI 3.1 schema: what the views do not say themselves, said once for all of them."""

from __future__ import annotations

from typing import Any, Literal

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from businesses.filters import DayFilter, FlagFilter, IdsFilter, MomentFilter, UUIDFilter
from businesses.views import WRITES


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """`Authorization: Bearer oim_<64 hex>`."""

    target_class = "businesses.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "oim_<64 hex>"}


class ErrorDetail(serializers.Serializer[Any]):
    """What is wrong with one field."""

    field = serializers.CharField()
    message = serializers.CharField()


class Error(serializers.Serializer[Any]):
    """Every refusal."""

    error = serializers.CharField(help_text="One sentence.")
    code = serializers.CharField(help_text="A word for programs.")
    details = ErrorDetail(many=True)
    request_id = serializers.CharField(required=False, help_text="Of an answer of 5xx.")


_KINDS: tuple[tuple[type[Any], Any], ...] = (
    (MomentFilter, OpenApiTypes.DATETIME),
    (DayFilter, OpenApiTypes.DATE),
    (FlagFilter, OpenApiTypes.BOOL),
    (UUIDFilter, OpenApiTypes.UUID),
    (IdsFilter, OpenApiTypes.STR),
)


class Schema(AutoSchema):
    """Adds the parameters, headers and errors that the base view gives to every operation."""

    view: Any

    def get_override_parameters(self) -> list[Any]:
        """What a list can be asked, and what every write takes."""
        parameters: list[Any] = list(super().get_override_parameters())
        if "explain" in self.view.query.get(self.view.action, ()):
            parameters.append(OpenApiParameter("explain", bool, description="Add the steps behind every amount."))
        if self.method in WRITES:
            return [*parameters, *_OF_WRITES, *(_OF_CHANGES if self.method == "PATCH" else [])]
        if self.view.action == "list":
            parameters += self._of_list()
        if self.view.action == "retrieve":
            parameters.append(_header("If-None-Match", "An ETag: 304 where the resource still has it."))
        if self.view.action in {"list", "retrieve"}:
            parameters.append(_query("fields", OpenApiTypes.STR, "Only these keys, separated by commas."))
            if expands := getattr(self.view, "expands", ()):
                parameters.append(OpenApiParameter("expand", str, enum=list(expands), description="Show it in full."))
        return parameters

    def _of_list(self) -> list[OpenApiParameter]:
        filters, sorts = getattr(self.view, "filters", None), getattr(self.view, "sorts", {})
        found = [_of_filter(name, item) for name, item in (filters.base_filters if filters else {}).items()]
        order = ", ".join(sorts)
        return [
            *found,
            *_OF_PAGES,
            _query("sort", OpenApiTypes.STR, f"A list of {order}; a minus sign turns one round."),
        ]

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        bodies["default"] = self._get_response_for_code(Error, "default", direction=direction)  # type: ignore[no-untyped-call]
        bodies["default"]["description"] = "A refusal: 400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 429 or 503."
        return bodies


def _query(name: str, kind: Any, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, kind, description=description)


def _header(name: str, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, description=description)


def _of_filter(name: str, item: Any) -> OpenApiParameter:
    choices = [str(value) for value, _ in item.extra.get("choices", ())]
    kind = next((kind for cls, kind in _KINDS if isinstance(item, cls)), OpenApiTypes.STR)
    return OpenApiParameter(name, kind, enum=choices or None)


_OF_PAGES = [
    _query("page", OpenApiTypes.INT, "From 1; the answer then counts all rows."),
    _query("limit", OpenApiTypes.INT, "1–100, default 25."),
    _query("starting_after", OpenApiTypes.UUID, "The rows after this one, at a flat cost."),
    _query("ending_before", OpenApiTypes.UUID, "The rows before this one, at a flat cost."),
]
_OF_WRITES = [
    OpenApiParameter("dry_run", bool, description="Answer as if, and store nothing."),
    _header("Idempotency-Key", "1–255 visible ASCII; kept 7 days."),
]
_OF_CHANGES = [_header("If-Match", "An ETag: 412 where the resource has changed since.")]
_METADATA = _query("metadata[key]", OpenApiTypes.STR, "Only rows with this value under this key of their metadata.")


def without_slash(endpoints: list[Any]) -> list[Any]:
    """Preprocessing hook: paths end without a slash, though one is taken."""
    return [(path.removesuffix("/"), regex, method, callback) for path, regex, method, callback in endpoints]
