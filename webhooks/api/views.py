"""/webhooks, their deliveries, and /events."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from businesses.permissions import READ_OR_WEBHOOKS, WEBHOOKS_ONLY
from businesses.serializers import paged
from businesses.views import BusinessView
from invoicing.lib import http
from invoicing.lib.errors import Invalid, NotFound
from invoicing.lib.fields import read_body
from webhooks import services
from webhooks.api.filters import EVENT_SORTS, SORTS, DeliveryFilter, EndpointFilter, EventFilter, parse_event_id
from webhooks.api.inputs import EndpointInput, NoBody
from webhooks.models import Delivery, Endpoint, Event
from webhooks.serializers import (
    DELIVERY_COLUMNS,
    ENDPOINT_COLUMNS,
    EVENT_COLUMNS,
    DeliveryOutput,
    EndpointOutput,
    EventOutput,
    NewEndpointOutput,
    represent_deliveries,
    represent_delivery,
    represent_endpoint,
    represent_endpoints,
    represent_events,
    represent_new_endpoint,
)

TAGS = ["Webhooks"]


def find_endpoint(view: BusinessView, identifier: str, *, lock: bool = False) -> Endpoint:
    """The caller's endpoint in the path, locked where it is about to be compared and changed; NotFound otherwise."""
    rows = Endpoint.objects.live()
    return view.find(rows.select_for_update(no_key=True) if lock else rows, identifier, "Webhook")


class EndpointView(BusinessView):
    """The business's webhook endpoints."""

    scopes = WEBHOOKS_ONLY
    filters, sorts = EndpointFilter, SORTS
    shows_secret = frozenset({"create"})

    def answer(self, request: Request, **kwargs: Any) -> Response:
        """Look a new URL's host up before the transaction begins: a name server must not hold it open."""
        if self.action in {"create", "partial_update"} and isinstance(request.data, Mapping):
            url = request.data.get("url")
            if isinstance(url, str) and url.strip():
                http.check_url(url.strip())
        return super().answer(request, **kwargs)

    @extend_schema(responses=paged(EndpointOutput), tags=TAGS)
    def list(self, request: Request, **kwargs: Any) -> Response:
        """List webhook endpoints, newest first."""
        return self.send_list(
            Endpoint.objects.live(),
            self.filters,
            sorts=self.sorts,
            columns=ENDPOINT_COLUMNS,
            represent=represent_endpoints,
        )

    @extend_schema(request=EndpointInput, responses={201: NewEndpointOutput}, tags=TAGS)
    def create(self, request: Request, **kwargs: Any) -> Response:
        """Create a webhook endpoint; the answer alone shows its signing secret."""
        body = read_body(EndpointInput, request)
        endpoint, secret = services.create_endpoint(self.business, **body, actor=self.actor)
        data = represent_new_endpoint(endpoint, secret)
        if self.dry_run:  # a secret that signs nothing would only mislead
            data |= {"secret": None, "standard_secret": None}
        return self.send_created(data)

    @extend_schema(responses=EndpointOutput, tags=TAGS)
    def retrieve(self, request: Request, id: str, **kwargs: Any) -> Response:  # noqa: A002
        """Get a webhook endpoint."""
        return self.send_one(represent_endpoint(find_endpoint(self, id)))

    @extend_schema(request=EndpointInput, responses=EndpointOutput, tags=TAGS)
    def partial_update(self, request: Request, id: str, **kwargs: Any) -> Response:  # noqa: A002
        """Change the fields that are given; `headers` and `events` are replaced whole."""
        endpoint = find_endpoint(self, id, lock=True)
        self.match(lambda: represent_endpoint(endpoint))
        changes = read_body(EndpointInput, request, partial=True)
        if not changes:
            raise Invalid("Give at least one field to change.")
        return self.send_one(represent_endpoint(services.update_endpoint(endpoint, changes=changes, actor=self.actor)))

    @extend_schema(responses={204: None}, tags=TAGS)
    def destroy(self, request: Request, id: str, **kwargs: Any) -> Response:  # noqa: A002
        """Delete a webhook endpoint; what it has not received yet is never sent."""
        services.delete_endpoint(find_endpoint(self, id), actor=self.actor)
        return self.send(b"", 204)

    @extend_schema(request=None, responses={202: DeliveryOutput}, tags=TAGS)
    def test(self, request: Request, id: str, **kwargs: Any) -> Response:  # noqa: A002
        """Send the event `webhook.test` to this endpoint alone."""
        endpoint = find_endpoint(self, id)
        read_body(NoBody, request)
        data = represent_delivery(services.send_test_event(endpoint, actor=self.actor))
        return self.send(self.unmade(data, number="event_id") if self.dry_run else data, 202)

    @extend_schema(request=None, responses=EndpointOutput, tags=TAGS)
    def enable(self, request: Request, id: str, **kwargs: Any) -> Response:  # noqa: A002
        """Let a disabled endpoint receive new events again."""
        endpoint = find_endpoint(self, id)
        read_body(NoBody, request)
        return self.send(represent_endpoint(services.enable_endpoint(endpoint, actor=self.actor)))


class DeliveryView(BusinessView):
    """What was sent, or is to be sent, to one endpoint."""

    scopes = WEBHOOKS_ONLY
    filters, sorts = DeliveryFilter, SORTS

    @extend_schema(responses=paged(DeliveryOutput), tags=TAGS)
    def list(self, request: Request, id: str, **kwargs: Any) -> Response:  # noqa: A002
        """List deliveries to an endpoint with their attempts, newest first."""
        return self.send_list(
            Delivery.objects.filter(endpoint=find_endpoint(self, id)),
            self.filters,
            sorts=self.sorts,
            columns=DELIVERY_COLUMNS,
            represent=partial(represent_deliveries, business=self.business),
        )

    @extend_schema(request=None, responses={202: DeliveryOutput}, tags=TAGS)
    def retry(self, request: Request, id: str, delivery_id: str, **kwargs: Any) -> Response:  # noqa: A002
        """Send a delivery (again) now, with a new schedule of retries."""
        rows = Delivery.objects.filter(endpoint=find_endpoint(self, id))
        delivery = self.find(rows, delivery_id, "Delivery")
        read_body(NoBody, request)
        return self.send(represent_delivery(services.retry_delivery(delivery, actor=self.actor)), 202)


class EventView(BusinessView):
    """Everything that happened in the business."""

    scopes = {"GET": READ_OR_WEBHOOKS}
    filters, sorts = EventFilter, EVENT_SORTS

    @extend_schema(responses=paged(EventOutput), tags=["Events"])
    def list(self, request: Request, **kwargs: Any) -> Response:
        """List events, newest first."""
        for name in ("starting_after", "ending_before"):
            if identifier := parse_event_id(self.parameters.get(name, "")):
                self.parameters[name] = str(identifier)
        return self.send_list(
            Event.objects.all(),
            self.filters,
            sorts=self.sorts,
            columns=EVENT_COLUMNS,
            represent=partial(represent_events, business=self.business),
        )

    def send(self, data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        """As every answer, but a cursor is an event's id too."""
        page = data.get("pagination") if isinstance(data, dict) else None
        if page and page.get("next_cursor"):
            page["next_cursor"] = f"evt_{page['next_cursor'].replace('-', '')}"
        return super().send(data, status, headers)

    @extend_schema(responses=EventOutput, tags=["Events"])
    def retrieve(self, request: Request, id: str, **kwargs: Any) -> Response:  # noqa: A002
        """Get an event."""
        identifier = parse_event_id(id)
        own = Event.objects.of(self.business).filter(uuid=identifier) if identifier else Event.objects.none()
        row = own.values(*EVENT_COLUMNS).first()
        if row is None:
            raise NotFound("Event not found")
        return self.send_one(represent_events([row], self.business)[0])
