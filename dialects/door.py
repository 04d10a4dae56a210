"""What the views of all formats have in common: they come through the base view's door and spell refusals their own way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import exceptions
from rest_framework.response import Response

from businesses.views import BusinessView
from invoicing.lib.api import answer_error, flatten
from invoicing.lib.errors import DomainError
from invoicing.lib.fields import Strict


class Refusal:
    """What is refused, before a format spells it: an HTTP status, one sentence, and the fields it is about."""

    def __init__(self, status: int, message: str, fields: Iterable[tuple[str, str]] = (), code: str = "") -> None:
        self.status, self.message, self.fields, self.code = status, message, tuple(fields), code


def rows_in_order(rows: QuerySet[Any], pks: Sequence[int], columns: Iterable[str]) -> list[dict[str, Any]]:
    """These columns of rows by primary key, in that order: what a page of keys is shown from."""
    found = {row["pk"]: row for row in rows.filter(pk__in=pks).values(*{*columns, "pk"})}
    return [found[pk] for pk in pks]


class Tolerant(Strict):
    """A body whose unknown fields are ignored."""

    def to_internal_value(self, data: Any) -> Any:
        known = (
            {name: value for name, value in data.items() if name in self.fields} if isinstance(data, Mapping) else data
        )
        return super().to_internal_value(known)


class DialectView(BusinessView):
    """A view of another wire format. It ignores what its clients send and no document names: they send it to the other too.

    A format sets `authentication_classes` and `refuse`, once, in a base class of its own.
    """

    schema = None  # the OpenAPI document is the native API's
    statuses: ClassVar[Mapping[int, int]] = {}  # of the native API → of the format, where it knows fewer

    @staticmethod
    def refuse(refusal: Refusal) -> Any:
        """The body of a refusal."""
        raise NotImplementedError

    def check_query(self, also: Iterable[str] = ()) -> None:
        """Anything goes."""

    def get_exception_handler(self) -> Callable[[Exception, Mapping[str, Any]], Response | None]:
        """The native one decides about status and headers, the format about the body."""
        return self._answer_error

    def _answer_error(self, error: Exception, context: Mapping[str, Any]) -> Response | None:
        response = answer_error(error, context)
        if response is not None:
            response.status_code = self.statuses.get(response.status_code, response.status_code)
            response.data = self.refuse(_refusal(error, response))
        return response


def _refusal(error: Exception, response: Response) -> Refusal:
    body = response.data
    if isinstance(error, DomainError):
        fields = [(detail.field, detail.message) for detail in error.details]
        return Refusal(response.status_code, error.message, fields, error.code)
    if isinstance(error, exceptions.ValidationError):
        fields = [(detail.field, detail.message) for detail in flatten(error.detail)]
        return Refusal(response.status_code, body["error"], fields, body["code"])
    return Refusal(response.status_code, body["error"], (), body["code"])
