"""`/connections`: the business's accounts at providers, made, replaced and forgotten; their credentials go in and never out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import re_path
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from businesses.filters import ListFilter, OneOfFilter
from businesses.models import ApiKey
from businesses.paging import Order
from businesses.permissions import READ
from businesses.serializers import paged
from businesses.views import BusinessView
from invoicing.lib.errors import NotFound
from invoicing.lib.fields import Strict, Text, read_body
from invoicing.lib.http import MAX_URL
from messaging.connections import check_base_url, connect_provider, connection_of, disconnect_provider
from messaging.models import Connection
from messaging.serializers import CONNECTION_COLUMNS, ConnectionOutput, represent_connection, represent_connections

_TAGS = ["Connections"]
_ALL = frozenset({ApiKey.Scope.ALL})
_TWILIO = OpenApiExample(
    "Twilio",
    value={
        "provider": "twilio",
        "account": "ACXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
        "credential": "your_auth_token",
        "sender": "+14155550123",
    },
    request_only=True,
)


class ConnectionInput(Strict):
    """An account; it takes the place of the provider's former one."""

    provider = serializers.ChoiceField(choices=Connection.Provider.choices)
    account = Text(max_length=64, help_text="Twilio's Account SID; Lob has none.")
    credential = Text(
        max_length=200, help_text="Auth token or API key. Default: the one that is kept, for the same account and URL."
    )
    sender = Text(max_length=64, help_text="Twilio: a number or a messaging service; Lob has none.")
    base_url = Text(max_length=MAX_URL, help_text="Default: the provider's own.")


class ConnectionFilter(ListFilter):
    """Of connections."""

    provider = OneOfFilter(choices=Connection.Provider.choices)


class ConnectionView(BusinessView):
    """Accounts at providers."""

    scopes = {"GET": READ, "POST": _ALL, "DELETE": _ALL}
    filters = ConnectionFilter
    sorts = {"created_at": Order("pk", False), "updated_at": Order("updated_at", False)}

    def answer(self, request: Request, **kwargs: Any) -> Response:
        """Look a new URL's host up before the transaction begins: a name server must not hold it open."""
        url = request.data.get("base_url") if self.action == "create" and isinstance(request.data, Mapping) else None
        if isinstance(url, str) and url.strip():
            check_base_url(url.strip())
        return super().answer(request, **kwargs)

    @extend_schema(responses=paged(ConnectionOutput), tags=_TAGS)
    def list(self, request: Request) -> Response:
        """Which providers are connected: Twilio for text messages, Lob for letters."""
        return self.send_list(
            Connection.objects.all(),
            self.filters,
            sorts=self.sorts,
            columns=CONNECTION_COLUMNS,
            represent=represent_connections,
        )

    @extend_schema(request=ConnectionInput, responses=ConnectionOutput, examples=[_TWILIO], tags=_TAGS)
    def create(self, request: Request) -> Response:
        """Connect a provider, or replace its account; needs a key with the scope all."""
        body = {name: value for name, value in read_body(ConnectionInput, request).items() if value is not None}
        new = connection_of(self.business, body["provider"]) is None
        data = represent_connection(connect_provider(self.business, **body, actor=self.actor))
        return self.send(self.unmade(data) if self.dry_run and new else data)

    @extend_schema(responses={204: None}, tags=_TAGS)
    def destroy(self, request: Request, provider: str) -> Response:
        """Forget an account and its credential; what is queued and has not left fails. Needs the scope all."""
        connection = connection_of(self.business, provider)
        if connection is None:
            raise NotFound("Connection not found")
        disconnect_provider(connection, actor=self.actor)
        return self.send(b"", 204)


urlpatterns = [
    re_path(r"^connections/?$", ConnectionView.as_view({"get": "list", "post": "create"}), name="connections"),
    re_path(r"^connections/(?P<provider>[^/]+)/?$", ConnectionView.as_view({"delete": "destroy"}), name="connection"),
]
