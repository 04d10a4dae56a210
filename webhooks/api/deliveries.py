"""Deliveries to an endpoint, and jobs that make more of them."""

from __future__ import annotations

from functools import partial
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from businesses.permissions import WEBHOOKS_ONLY
from businesses.serializers import paged
from businesses.views import BusinessView
from invoicing.lib.fields import read_body
from webhooks.api.filters import SORTS, DeliveryFilter, ReplayFilter
from webhooks.api.inputs import NoBody, RecoveryInput, ReplayInput
from webhooks.api.views import TAGS, find_endpoint
from webhooks.models import Delivery, Replay
from webhooks.serializers import (
    DELIVERY_COLUMNS,
    REPLAY_COLUMNS,
    DeliveryDetailOutput,
    DeliveryOutput,
    ReplayOutput,
    represent_deliveries,
    represent_delivery,
    represent_delivery_in_full,
    represent_replay,
    represent_replays,
)
from webhooks.services.deliveries import retry_delivery, skip_delivery
from webhooks.services.replays import recover, replay


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

    @extend_schema(responses=DeliveryDetailOutput, tags=TAGS)
    def retrieve(self, request: Request, id: str, delivery_id: str, **kwargs: Any) -> Response:  # noqa: A002
        """Get a delivery with the body that is sent, and what was asked and answered in each attempt."""
        return self.send_one(represent_delivery_in_full(self._find(id, delivery_id)))

    @extend_schema(request=None, responses={202: DeliveryOutput}, tags=TAGS)
    def retry(self, request: Request, id: str, delivery_id: str, **kwargs: Any) -> Response:  # noqa: A002
        """Send a delivery (again) now, with a new schedule of retries."""
        delivery = self._find(id, delivery_id)
        read_body(NoBody, request)
        return self.send(represent_delivery(retry_delivery(delivery, actor=self.actor)), 202)

    @extend_schema(request=None, responses=DeliveryOutput, tags=TAGS)
    def skip(self, request: Request, id: str, delivery_id: str, **kwargs: Any) -> Response:  # noqa: A002
        """Give a pending or held delivery up, so that what waits behind it in order can go."""
        delivery = self._find(id, delivery_id)
        read_body(NoBody, request)
        return self.send(represent_delivery(skip_delivery(delivery, actor=self.actor)))

    def _find(self, endpoint_id: str, delivery_id: str) -> Delivery:
        return self.find(Delivery.objects.filter(endpoint=find_endpoint(self, endpoint_id)), delivery_id, "Delivery")


class ReplayView(BusinessView):
    """Jobs that send events to one endpoint (again)."""

    scopes = WEBHOOKS_ONLY
    filters, sorts = ReplayFilter, SORTS

    @extend_schema(responses=paged(ReplayOutput), tags=TAGS)
    def list(self, request: Request, id: str, **kwargs: Any) -> Response:  # noqa: A002
        """List the replays and recoveries of an endpoint, newest first."""
        return self.send_list(
            Replay.objects.filter(endpoint=find_endpoint(self, id)),
            self.filters,
            sorts=self.sorts,
            columns=REPLAY_COLUMNS,
            represent=represent_replays,
        )

    @extend_schema(responses=ReplayOutput, tags=TAGS)
    def retrieve(self, request: Request, id: str, replay_id: str, **kwargs: Any) -> Response:  # noqa: A002
        """Get a replay: how many events were found, and how many are on their way."""
        rows = Replay.objects.filter(endpoint=find_endpoint(self, id))
        return self.send_one(represent_replay(self.find(rows, replay_id, "Replay")))

    @extend_schema(request=ReplayInput, responses={202: ReplayOutput}, tags=TAGS)
    def create(self, request: Request, id: str, **kwargs: Any) -> Response:  # noqa: A002
        """Send events to this endpoint (again), also those that it never had a delivery of.

        Without `event_types` and `event_ids` those that it is subscribed to; with `status` only those whose delivery
        is in one of these states.
        """
        endpoint = find_endpoint(self, id)
        body = read_body(ReplayInput, request)
        states = body.pop("status", ())
        return self._accepted(replay(endpoint, **body, states=states, actor=self.actor))

    @extend_schema(request=RecoveryInput, responses={202: ReplayOutput}, tags=TAGS)
    def recover(self, request: Request, id: str, **kwargs: Any) -> Response:  # noqa: A002
        """Send again what was held or has failed for this endpoint since a moment."""
        endpoint = find_endpoint(self, id)
        body = read_body(RecoveryInput, request)
        return self._accepted(recover(endpoint, since=body["since"], actor=self.actor))

    def _accepted(self, job: Replay) -> Response:
        data = represent_replay(job)
        return self.send(self.unmade(data) if self.dry_run else data, 202)
