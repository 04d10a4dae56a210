"""Paths of this app under /api/v1."""

from __future__ import annotations

from django.urls import re_path

from webhooks.api.deliveries import DeliveryView, ReplayView
from webhooks.api.events import EventView
from webhooks.api.views import EndpointView

_ONE = r"^webhooks/(?P<id>[^/]+)"
_DELIVERY = rf"{_ONE}/deliveries/(?P<delivery_id>[^/]+)"

urlpatterns = [
    re_path(r"^webhooks/?$", EndpointView.as_view({"get": "list", "post": "create"}), name="webhooks"),
    re_path(
        rf"{_ONE}/?$",
        EndpointView.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        name="webhook",
    ),
    re_path(rf"{_ONE}/test/?$", EndpointView.as_view({"post": "test"}), name="webhook-test"),
    re_path(rf"{_ONE}/enable/?$", EndpointView.as_view({"post": "enable"}), name="webhook-enable"),
    re_path(rf"{_ONE}/disable/?$", EndpointView.as_view({"post": "disable"}), name="webhook-disable"),
    re_path(rf"{_ONE}/health/?$", EndpointView.as_view({"get": "health"}), name="webhook-health"),
    re_path(rf"{_ONE}/rotate-secret/?$", EndpointView.as_view({"post": "rotate_secret"}), name="webhook-rotate-secret"),
    re_path(rf"{_ONE}/recover/?$", ReplayView.as_view({"post": "recover"}), name="webhook-recover"),
    re_path(rf"{_ONE}/replays/?$", ReplayView.as_view({"get": "list", "post": "create"}), name="webhook-replays"),
    re_path(rf"{_ONE}/replays/(?P<replay_id>[^/]+)/?$", ReplayView.as_view({"get": "retrieve"}), name="webhook-replay"),
    re_path(rf"{_ONE}/deliveries/?$", DeliveryView.as_view({"get": "list"}), name="webhook-deliveries"),
    re_path(rf"{_DELIVERY}/?$", DeliveryView.as_view({"get": "retrieve"}), name="webhook-delivery"),
    re_path(rf"{_DELIVERY}/retry/?$", DeliveryView.as_view({"post": "retry"}), name="webhook-delivery-retry"),
    re_path(rf"{_DELIVERY}/skip/?$", DeliveryView.as_view({"post": "skip"}), name="webhook-delivery-skip"),
    re_path(r"^events/?$", EventView.as_view({"get": "list"}), name="events"),
    re_path(r"^events/(?P<id>[^/]+)/?$", EventView.as_view({"get": "retrieve"}), name="event"),
]
