"""The one door of the API: the base view, which knows the caller's business and wraps every write.

A write's order is: claim the Idempotency-Key → the handler (parse, service, represent) → keep the answer, in the one
outer transaction; `dry_run` does the same and rolls it back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from django.db import models, transaction
from django.db.models.fields.json import KeyTextTransform
from django.db.models.lookups import Exact
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django_filters import FilterSet
from rest_framework import exceptions
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from businesses import idempotency, paging, throttling
from businesses.audit import Actor
from businesses.callers import Caller
from businesses.models import Business, OwnedQuerySet
from businesses.paging import Order
from invoicing.lib import json
from invoicing.lib.api import flatten, unknown_name
from invoicing.lib.errors import Detail, Invalid, NotFound, PreconditionFailed
from invoicing.lib.ids import parse_uuid
from invoicing.lib.rows import read_objects, read_rows

Row = TypeVar("Row", bound=models.Model)
Represent = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]
WRITES = frozenset({"POST", "PATCH", "DELETE"})
_TOO_MANY = "Too many requests."


class RateLimited(exceptions.Throttled):
    """429, with Retry-After."""

    def __init__(self, wait: int, message: str = _TOO_MANY) -> None:
        super().__init__(wait, message)
        self.detail = ErrorDetail(message, "throttled")


def query_map(request: Request) -> dict[str, str]:
    """The query parameters, each at most once; Invalid for a repeated one or text that no database takes."""
    result: dict[str, str] = {}
    if not request.META.get("QUERY_STRING"):  # as most have none
        return result
    for name, values in request.query_params.lists():
        if len(values) > 1:
            raise Invalid.field(name[:100], "Given more than once.")
        try:
            result[json.clean_text(name)] = json.clean_text(str(values[0]))
        except json.BadJSON as error:
            raise Invalid.field("query", str(error)) from None
    return result


class BusinessView(ViewSet):
    """A view of one business. `scopes` and `rights` say who may enter; `query` which parameters besides a list's own are known."""

    scopes: ClassVar[Mapping[str, frozenset[Any]]] = {}  # method → the scopes of keys that open it
    rights: ClassVar[Mapping[str, str]] = {}  # action → what of ROLE_TABLE a member's role must allow
    query: ClassVar[Mapping[str, frozenset[str]]] = {}  # action → its query parameters
    shows_secret: ClassVar[frozenset[str]] = frozenset()  # actions whose answer must not be kept in the clear

    http_method_names = ["get", "head", "post", "patch", "delete"]
    metadata_class = None  # OPTIONS is 405 like every other verb that is not there

    request: Request
    action: str
    parameters: dict[str, str]
    dry_run: bool = False
    verdict: throttling.Verdict | None = None

    @property
    def caller(self) -> Caller:
        """Who calls."""
        return self.request.auth  # type: ignore[return-value]

    @property
    def business(self) -> Business:
        """The caller's business."""
        return self.caller.business

    @property
    def actor(self) -> Actor:
        """The caller, for services."""
        return self.caller.actor

    # The door ------------------------------------------------------------------------------------------------------
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """DRF's dispatch, with the handler run by `answer`."""
        self.args, self.kwargs, self.headers = args, kwargs, self.default_response_headers
        self.request = drf_request = self.initialize_request(request, *args, **kwargs)
        try:
            self.initial(drf_request, *args, **kwargs)
            response = self.answer(drf_request, **kwargs)
        except Exception as error:
            response = self.handle_exception(error)
        self.response = self.finalize_response(drf_request, response, *args, **kwargs)
        return self.response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticate, count, permit; then read the query."""
        super().initial(request, *args, **kwargs)
        if not hasattr(self, str(request.method).lower()):
            raise exceptions.MethodNotAllowed(str(request.method))
        self.parameters = query_map(request)
        self.dry_run = self._dry_run(str(request.method))

    def perform_authentication(self, request: Request) -> None:
        """Who calls, and whether it calls too often."""
        caller = request.auth
        if not isinstance(caller, Caller):
            raise exceptions.NotAuthenticated
        if caller.key:
            self.admit(caller.verdict, "Too many requests with this API key.")
        else:
            self.count(caller.counted_as)

    def count(self, caller: str) -> None:
        """Count a call; RateLimited where there were too many."""
        self.admit(throttling.take(caller))

    def admit(self, verdict: throttling.Verdict | None, refusal: str = _TOO_MANY) -> None:
        """Pass, or RateLimited where there were too many calls; None: nobody counts."""
        self.verdict = verdict
        if verdict is not None and not verdict.allowed:
            raise RateLimited(verdict.retry_after, refusal)

    def _dry_run(self, method: str) -> bool:
        text = self.parameters.pop("dry_run", None) if method in WRITES else None
        if text not in {None, "true", "false"}:
            raise Invalid.field("dry_run", "Expected true or false.")
        return text == "true"

    def answer(self, request: Request, **kwargs: Any) -> Response:
        """Run the handler; a write in the one outer transaction with its Idempotency-Key."""
        handler = getattr(self, str(request.method).lower())
        if request.method not in WRITES:
            if self.action != "list":  # a list knows its filters: see send_list
                self.check_query()
            return handler(request, **kwargs)  # type: ignore[no-any-return]
        data = request.data  # read before the transaction begins: a slow client must not hold it open
        self.check_query()
        with transaction.atomic():
            response = self._once(lambda: handler(request, **kwargs), data)
            if self.dry_run:
                transaction.set_rollback(True)
        return response

    def _once(self, run: Callable[[], Response], data: Any) -> Response:
        key = self.request.headers.get("Idempotency-Key")
        if key is None or self.dry_run:
            return run()
        print_ = idempotency.fingerprint(str(self.request.method), self.request.get_full_path(), data)
        row = idempotency.claim(self.business, key, print_, whose=self.caller.keeps_answers_as)
        if row.status:
            return self.send(idempotency.kept_answer(row), row.status, {"Idempotent-Replayed": "true"})
        response = run()
        body = response.data if isinstance(response.data, bytes) else b""
        idempotency.keep(row, status=response.status_code, body=body, secret=self.action in self.shows_secret)
        return response

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Add the rate limit's headers."""
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in (self.verdict.headers() if self.verdict else {}).items():
            response[name] = value
        return response

    # Parse ---------------------------------------------------------------------------------------------------------
    def check_query(self, also: Iterable[str] = ()) -> None:
        """Refuse query parameters that this action does not know."""
        known = {*self.query.get(self.action, {"fields"} if self.action == "retrieve" else ()), *also}
        unknown = [name for name in self.parameters if name not in known]
        if unknown:
            known |= {"dry_run"} if self.request.method in WRITES else set()
            details = [Detail(name[:100], unknown_name(name[:100], known) if known else "Unknown.") for name in unknown]
            raise Invalid(f"{details[0].field}: {details[0].message}", details=details)

    def find(self, queryset: OwnedQuerySet[Row], identifier: str, noun: str) -> Row:
        """The caller's row with this id; NotFound, the same for unknown, foreign, malformed and deleted."""
        value = parse_uuid(identifier)
        row = queryset.of(self.business).filter(uuid=value).first() if value else None
        if row is None:
            raise NotFound(f"{noun} not found")
        return row

    def find_shown(self, model: type[Row], columns: tuple[str, ...], identifier: str, noun: str) -> dict[str, Any]:
        """These columns of the caller's row with this id; NotFound, the same for unknown, foreign, malformed and deleted."""
        value, guard = parse_uuid(identifier), ("business_id", *_deletion(model))
        rows = read_rows(model, (*columns, *guard), [value] if value else [], by="uuid")
        if not rows or rows[0]["business_id"] != self.business.pk or rows[0].get("deleted_at"):
            raise NotFound(f"{noun} not found")
        return rows[0]

    # Represent -----------------------------------------------------------------------------------------------------
    def send(self, data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        """An answer, encoded once."""
        body = data if isinstance(data, bytes) else json.encode(data)
        return Response(body, status=status, headers=dict(headers or {}))

    def send_one(self, data: dict[str, Any]) -> Response:
        """A single resource with its ETag: 304 where If-None-Match has it, trimmed where `fields` asks."""
        etag = etag_of(data)
        if self.request.method not in WRITES and etag in _etags(self.request.headers.get("If-None-Match", "")):
            return Response(status=304, headers={"ETag": etag})
        return self.send(self.trim([data])[0], headers={"ETag": etag})

    def send_list(
        self,
        rows: OwnedQuerySet[Row],
        filters: type[FilterSet],
        *,
        sorts: Mapping[str, Order],
        columns: tuple[str, ...],
        represent: Represent,
        also: Iterable[str] = ("fields",),
    ) -> Response:
        """A page of the caller's rows, filtered, ordered and represented."""
        metadata = _metadata_names(self.parameters) if "metadata" in columns else []
        self.check_query({*paging.PARAMETERS, *filters.base_filters, *metadata, *also})
        own = rows.of(self.business)
        asked = not filters.base_filters.keys().isdisjoint(self.parameters)
        filtered = self.filtered(own, filters) if asked else own  # filters are costly to make
        for name in metadata:
            filtered = filtered.filter(Exact(KeyTextTransform(name[9:-1], "metadata"), self.parameters[name]))
        page = paging.paginate(filtered, self.parameters, among=own, sorts=sorts, columns=columns)
        return self.send(page.answer(lambda found: self.trim(represent(found))))

    def filtered(self, own: models.QuerySet[Row], filters: type[FilterSet]) -> models.QuerySet[Row]:
        """The caller's rows that the query asks for; Invalid names the parameters that are wrong."""
        filterset = filters(self.parameters, queryset=own)
        filterset.business = self.business
        if not filterset.is_valid():
            details = list(flatten({name: [str(e) for e in errors] for name, errors in filterset.errors.items()}))
            raise Invalid(f"{details[0].field}: {details[0].message}", details=details)
        return filterset.qs  # type: ignore[no-any-return]

    def trim(self, objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Only the keys that `fields` names, where it is given; Invalid for a name that is not there."""
        text = self.parameters.get("fields")
        if text is None or not objects:
            return objects
        names = [name for name in text.split(",") if name]
        for name in names:
            if name not in objects[0]:
                raise Invalid.field("fields", f"{name[:50]!r}: {unknown_name(name[:50], objects[0])}")
        return [{name: item[name] for name in names} for item in objects]

    def send_created(self, data: dict[str, Any], *, number: str = "", children: Iterable[str] = ()) -> Response:
        """201; in a dry run what would be created has no id and no number."""
        return self.send(self.unmade(data, number=number, children=children) if self.dry_run else data, 201)

    def unmade(self, data: dict[str, Any], *, number: str = "", children: Iterable[str] = ()) -> dict[str, Any]:
        """The object as a dry run shows it: its id, number and children's ids are null."""
        own = data["id"]
        blank = {**data, "id": None, **({number: None} if number else {})}
        for name in children:
            blank[name] = [
                {key: None if key == "id" or value == own else value for key, value in child.items()}
                for child in data[name]
            ]
        return blank

    def match(self, represent: Callable[[], dict[str, Any]]) -> None:
        """Compare If-Match with the row as it is, under the caller's lock; PreconditionFailed (412) when it differs."""
        expected = self.request.headers.get("If-Match")
        if expected and expected.strip() != "*" and etag_of(represent()) not in _etags(expected):
            raise PreconditionFailed("The resource has changed since this ETag was read.")


@lru_cache(maxsize=64)
def _deletion(model: type[models.Model]) -> tuple[str, ...]:
    return ("deleted_at",) if any(field.name == "deleted_at" for field in model._meta.fields) else ()


def etag_of(data: dict[str, Any]) -> str:
    """A strong ETag: the digest of the whole representation."""
    return f'"{hashlib.sha256(json.encode(data)).hexdigest()}"'


def _etags(header: str) -> set[str]:
    return {tag.strip().removeprefix("W/") for tag in header.split(",")}


def _metadata_names(parameters: Mapping[str, str]) -> list[str]:
    return [name for name in parameters if name.startswith("metadata[") and name.endswith("]") and len(name) > 10]


def find_reference(model: type[Row], business: Business, value: UUID | None, field: str) -> Row | None:
    """The row a body refers to, with its business; Invalid, in the same words for unknown, foreign and deleted, names the field."""
    if value is None:
        return None
    row: Any = next(iter(read_objects(model, [value], by="uuid")), None)
    if row is None or row.business_id != business.pk or getattr(row, "deleted_at", None) is not None:
        raise Invalid.field(field, "No such row.")
    row.business = business
    return row  # type: ignore[no-any-return]
