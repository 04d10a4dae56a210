"""What only tests of webhooks need: an allowed receiver on this machine, endpoints, a moment to start from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from pytest_httpserver import HTTPServer

if TYPE_CHECKING:  # pytest reads this file before Django is set up
    from businesses.models import Business
    from webhooks.models import Delivery, Endpoint, Event

Publish = Callable[..., "Event"]


@pytest.fixture
def start() -> datetime:
    return datetime(2026, 4, 1, 10, tzinfo=UTC)


@pytest.fixture(scope="session")
def server() -> Iterator[HTTPServer]:
    """One for all tests; with threads, because the sender keeps its connections open."""
    with HTTPServer(threaded=True) as server:
        yield server


@pytest.fixture
def receiver(server: HTTPServer, settings: Any) -> Iterator[HTTPServer]:
    """A real server on this machine, which may be called."""
    settings.OUTGOING_ALLOW_NETS = ["127.0.0.0/8", "::1/128"]
    yield server
    server.clear()


@pytest.fixture
def endpoint(alice: Business, receiver: HTTPServer) -> Endpoint:
    """Alice's endpoint for everything."""
    from businesses.audit import SYSTEM
    from webhooks.services.endpoints import create_endpoint

    return create_endpoint(alice, url=receiver.url_for("/hook"), events=["*"], actor=SYSTEM)[0]


@pytest.fixture
def tell(alice: Business) -> Publish:
    """Publish an event of Alice's, committed."""
    from django.db import transaction

    from businesses.audit import SYSTEM
    from webhooks.outbox import publish

    def tell(type_: str = "invoice.paid", **data: Any) -> Event:
        with transaction.atomic():
            return publish(alice, type_, data, actor=SYSTEM)

    return tell


@pytest.fixture
def delivery(endpoint: Endpoint, tell: Publish) -> Delivery:
    """One event on its way to Alice's endpoint."""
    from webhooks.models import Delivery

    tell()
    return Delivery.objects.get()
