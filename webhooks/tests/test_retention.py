"""What is forgotten after EVENT_RETENTION_DAYS, and what never is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from invoicing.lib import clock
from webhooks import retention
from webhooks.models import Attempt, Delivery, Endpoint, Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def history(endpoint: Endpoint, tell: Any, start: datetime) -> list[Event]:
    """One event a day, each tried once: delivered, failed, pending, held, delivered."""
    events = []
    for day, state in enumerate(("delivered", "failed", "pending", "held", "delivered")):
        with clock.at(start + timedelta(days=day)):
            event = tell()
            delivery = event.deliveries.get()
            Attempt.objects.create(business=event.business, delivery=delivery, number=1, status_code=200)
            due = delivery.next_attempt_at if state == "pending" else None
            Delivery.objects.filter(pk=delivery.pk).update(state=state, next_attempt_at=due)
            events.append(event)
    return events


def test_old_ones_that_nobody_waits_for_go(
    history: list[Event], start: datetime, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EVENT_RETENTION_DAYS = 30
    monkeypatch.setattr(retention, "BATCH", 2)
    with clock.at(start + timedelta(days=34)):
        assert retention.forget_old_events() == 2
        assert retention.forget_old_events() == 0
    assert list(Event.objects.order_by("id")) == history[2:]
    assert Attempt.objects.count() == Delivery.objects.count() == 3


def test_zero_is_for_ever(history: list[Event], start: datetime, settings: Any) -> None:
    settings.EVENT_RETENTION_DAYS = 0
    with clock.at(start + timedelta(days=9999)):
        assert retention.forget_old_events() == 0
    assert Event.objects.count() == 5
