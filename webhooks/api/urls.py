"""Paths of this app under /api/v1."""

from __future__ import annotations

from django.urls import re_path

from webhooks.api.views import DeliveryView, EndpointView, EventView

_ONE = r"^webhooks/(?P<id>[^/]+)"

urlpatterns = [
    re_path(r"^webhooks/?$", EndpointView.as_view({"get": "list", "post": "create"}), name="webhooks"),
    re_path(
        rf"{_ONE}/?$",
        EndpointView.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        name="webhook",
    ),
    re_path(rf"{_ONE}/test/?$", EndpointView.as_view({"post": "test"}), name="webhook-test"),
    re_path(rf"{_ONE}/enable/?$", EndpointView.as_view({"post": "enable"}), name="webhook-enable"),
    re_path(rf"{_ONE}/deliveries/?$", DeliveryView.as_view({"get": "list"}), name="webhook-deliveries"),
    re_path(
        rf"{_ONE}/deliveries/(?P<delivery_id>[^/]+)/retry/?$",
        DeliveryView.as_view({"post": "retry"}),
        name="webhook-delivery-retry",
    ),
    re_path(r"^events/?$", EventView.as_view({"get": "list"}), name="events"),
    re_path(r"^events/(?P<id>[^/]+)/?$", EventView.as_view({"get": "retrieve"}), name="event"),
]
