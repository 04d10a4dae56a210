"""/webhooks: endpoints, their secrets, and how they fare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from businesses.permissions import WEBHOOKS_ONLY
from businesses.serializers import paged
from businesses.views import BusinessView
from invoicing.lib import http
from invoicing.lib.errors import Invalid
from invoicing.lib.fields import read_body
from webhooks.api.filters import SORTS, EndpointFilter
from webhooks.api.inputs import EndpointInput, NoBody, RotationInput
from webhooks.health import health_of
from webhooks.models import Endpoint
from webhooks.serializers import (
    ENDPOINT_COLUMNS,
    DeliveryOutput,
    EndpointOutput,
    HealthOutput,
    NewEndpointOutput,
    represent_delivery,
    represent_endpoint,
    represent_endpoints,
    represent_health,
    represent_new_endpoint,
)
from webhooks.services.deliveries import send_test_event
from webhooks.services.endpoints import (
    create_endpoint,
    delete_endpoint,
    disable_endpoint,
    enable_endpoint,
    update_endpoint,
)
from webhooks.services.rotation import activate_secret, rotate_secret

TAGS = ["Webhooks"]


def find_endpoint(view: BusinessView, identifier: str, *, lock: bool = False) -> Endpoint:
    """The caller's endpoint in the path, locked where it is about to be compared and changed; NotFound otherwise."""
    rows = Endpoint.objects.live()
    return view.find(rows.select_for_update(no_key=True) if lock else rows, identifier, "Webhook")


class EndpointView(BusinessView):
    """The business's webhook endpoints."""

    scopes = WEBHOOKS_ONLY
    filters, sorts = EndpointFilter, SORTS
    shows_secret = frozenset({"create", "rotate_secret"})

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
        endpoint, secret = create_endpoint(self.business, **body, actor=self.actor)
        return self.send_created(self._once_shown(endpoint, secret))

    def _once_shown(self, endpoint: Endpoint, secret: str) -> dict[str, Any]:
        data = represent_new_endpoint(endpoint, secret)
        if self.dry_run:  # a secret that signs nothing would only mislead
            data |= {"secret": None, "standard_secret": None}
        return data

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
        return self.send_one(represent_endpoint(update_endpoint(endpoint, changes=changes, actor=self.actor)))

    @extend_schema(responses={204: None}, tags=TAGS)
    def destroy(self, request: Request, id: str, **kwargs: Any) -> Response:  # noqa: A002
        """Delete a webhook endpoint; what it has not received yet is never sent."""
        delete_endpoint(find_endpoint(self, id), actor=self.actor)
        return self.send(b"", 204)

    @extend_schema(request=None, responses={202: DeliveryOutput}, tags=TAGS)
    def test(self, request: Request, id: str, **kwargs: Any) -> Response:  # noqa: A002
        """Send the event `webhook.test` to this endpoint alone."""
        endpoint = find_endpoint(self, id)
        read_body(NoBody, request)
        data = represent_delivery(send_test_event(endpoint, actor=self.actor))
        return self.send(self.unmade(data, number="event_id") if self.dry_run else data, 202)

    @extend_schema(responses=HealthOutput, tags=TAGS)
    def health(self, request: Request, id: str, **kwargs: Any) -> Response:  # noqa: A002
        """How this endpoint fared over its latest 500 deliveries, and what waits for it."""
        return self.send(represent_health(health_of(find_endpoint(self, id))))

    @extend_schema(
        request=RotationInput,
        responses=PolymorphicProxySerializer(
            component_name="Rotation",
            serializers=[NewEndpointOutput, EndpointOutput],
            resource_type_field_name=None,
        ),
        tags=TAGS,
    )
    def rotate_secret(self, request: Request, id: str, **kwargs: Any) -> Response:  # noqa: A002
        """Make a new signing secret, shown only here; with `activate` let it sign alone, which it does after 24 hours anyway."""
        endpoint = find_endpoint(self, id)
        if read_body(RotationInput, request).get("activate"):
            return self.send(represent_endpoint(activate_secret(endpoint, actor=self.actor)))
        return self.send(self._once_shown(*rotate_secret(endpoint, actor=self.actor)))

    @extend_schema(request=None, responses=EndpointOutput, tags=TAGS)
    def disable(self, request: Request, id: str, **kwargs: Any) -> Response:  # noqa: A002
        """Send nothing more to this endpoint; its events are held until it is enabled and recovered."""
        endpoint = find_endpoint(self, id)
        read_body(NoBody, request)
        reason = f"Disabled by the API key {self.actor.label}."
        return self.send(represent_endpoint(disable_endpoint(endpoint, reason=reason, actor=self.actor)))

    @extend_schema(request=None, responses=EndpointOutput, tags=TAGS)
    def enable(self, request: Request, id: str, **kwargs: Any) -> Response:  # noqa: A002
        """Let a disabled endpoint receive new events again."""
        endpoint = find_endpoint(self, id)
        read_body(NoBody, request)
        return self.send(represent_endpoint(enable_endpoint(endpoint, actor=self.actor)))
