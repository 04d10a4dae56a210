"""
A sender that is gone at each point of its work, and another one after it: the event arrives all the same, and twice only where
the request had already left, with the same id and the same bytes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models import F

from businesses.audit import SYSTEM
from businesses.models import Business
from tests.processes.dying_sender import DyingSender
from tests.processes.receiver import Receiver
from tests.processes.server import wait_for
from webhooks.dispatch import drain
from webhooks.models import Delivery
from webhooks.services.endpoints import create_endpoint

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
TIMES = 10 if os.environ.get("FULL") else 1
LOOPBACK = "127.0.0.0/8"
POINTS = {  # what a sender that is killed there leaves behind: attempts, requests, whether a second one is still needed
    "committed": (0, 0, True),  # the event, but nobody is told
    "claiming": (0, 0, True),  # the lease and the attempt are written and not committed
    "claimed": (1, 0, True),
    "sent": (1, 1, True),
    "answered": (1, 1, True),
    "recording": (1, 1, True),  # the outcome is written and not committed
    "recorded": (1, 1, False),
}


@pytest.fixture(scope="module")
def sender(django_db_setup: None) -> Iterator[DyingSender]:
    """On the tests' own database."""
    url, name = os.environ.get("DATABASE_URL"), connection.settings_dict["NAME"]
    database = url.replace("/invoicing", f"/{name}", 1) if url else f"sqlite:///{name}"
    with DyingSender({**os.environ, "DATABASE_URL": database, "OUTGOING_ALLOW_NETS": LOOPBACK}) as sender:
        yield sender


@pytest.fixture
def receiver(alice: Business, settings: Any) -> Iterator[Receiver]:
    """Where Alice wants to hear of everything."""
    settings.OUTGOING_ALLOW_NETS = [LOOPBACK]
    with Receiver() as receiver:
        create_endpoint(alice, url=receiver.url("alice"), events=["*"], actor=SYSTEM)
        yield receiver


@pytest.mark.parametrize("point", POINTS)
def test_killed_there(point: str, sender: DyingSender, receiver: Receiver, alice: Business, tmp_path: Path) -> None:
    attempts, requests, unfinished = POINTS[point]
    for time in range(TIMES):
        arrived = tmp_path / str(time)
        receiver.arrived = arrived if point == "sent" else None
        receiver.requests.clear()
        sender.die_at(point, alice.pk, arrived)
        assert len(receiver.requests) == requests
        assert wait_for(another_has_sent, 20)
        check(receiver, attempts + unfinished, requests + unfinished)


def another_has_sent() -> bool:
    """A healthy sender, a lease later."""
    Delivery.objects.filter(lease_until__isnull=False).update(lease_until=F("created_at"))
    drain()
    return not Delivery.objects.exclude(state=Delivery.State.DELIVERED).exists()


def check(receiver: Receiver, attempts: int, requests: int) -> None:
    delivery = Delivery.objects.latest("pk")
    made = list(delivery.attempts.order_by("number"))
    assert [attempt.number for attempt in made] == list(range(1, attempts + 1))
    assert delivery.attempt_count == attempts
    assert [attempt.succeeded for attempt in made] == [False] * (attempts - 1) + [True]
    assert len(receiver.requests) == requests
    assert {request.event for request in receiver.requests} == {delivery.event.event_id}
    assert len({request.digest for request in receiver.requests}) == 1
    assert [request.attempt for request in receiver.requests] == [str(attempt.uuid) for attempt in made][-requests:]
