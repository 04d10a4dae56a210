"""Sending many events (again): a stored job that goes on where it stopped. Recovery is a replay of what was not delivered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from businesses import audit
from businesses.audit import Actor
from invoicing.lib import clock
from invoicing.lib.errors import Invalid
from invoicing.lib.wake import wake
from webhooks.catalog import EVENT_NAMES, TEST
from webhooks.heartbeat import wake_dispatcher
from webhooks.models import Delivery, Endpoint, Event, Replay
from webhooks.outbox import queue
from webhooks.services.deliveries import require_enabled

BATCH = 500  # events of one transaction
NOT_DELIVERED = (Delivery.State.HELD, Delivery.State.FAILED)


def recover(endpoint: Endpoint, *, since: datetime | None, actor: Actor) -> Replay:
    """Send again what was held or given up for this endpoint since a moment (None: ever); Conflict while it is disabled."""
    return replay(endpoint, since=since, states=NOT_DELIVERED, actor=actor)


@transaction.atomic
def replay(
    endpoint: Endpoint,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    event_types: Sequence[str] = (),
    event_ids: Sequence[UUID] = (),
    states: Sequence[str] = (),
    actor: Actor,
) -> Replay:
    """Send events to this endpoint again, or for the first time; what fits is told by the model. Conflict while it is disabled.

    Raises Invalid where nothing narrows it down: all that ever happened is not sent by mistake.
    """
    if not (since or until or event_types or event_ids or states):
        raise Invalid("Say which events: since, until, event_types, event_ids or status.")
    _require_own(endpoint, event_ids)
    endpoint = Endpoint.objects.lock(endpoint.pk)
    require_enabled(endpoint)
    job = Replay(
        business=endpoint.business,
        endpoint=endpoint,
        since=since,
        until=until or clock.now(),
        event_types=list(event_types),
        event_ids=[str(uuid) for uuid in event_ids],
        states=list(states),
    )
    job.count = _events(job).count()
    job.save()
    audit.record(endpoint.business, actor, "endpoint.replayed", endpoint, {"events": job.count})
    wake("webhooks.tasks.replay", job.pk)
    return job


def _require_own(endpoint: Endpoint, event_ids: Sequence[UUID]) -> None:
    own = set(Event.objects.of(endpoint.business_id).filter(uuid__in=event_ids).values_list("uuid", flat=True))
    for index, uuid in enumerate(event_ids):
        if uuid not in own:
            raise Invalid.field(f"event_ids.{index}", "No such row.")


def go_on(pk: int) -> None:
    """Do what is left of a job, a batch per transaction; beside another worker it does nothing."""
    while _replay_batch(pk):
        pass


def unfinished_replays() -> QuerySet[Replay]:
    """Jobs with something left to do."""
    return Replay.objects.filter(state__in=[Replay.State.QUEUED, Replay.State.RUNNING]).order_by("id")


@transaction.atomic
def _replay_batch(pk: int) -> bool:
    """Put the next events on their way; whether there may be more."""
    free = Replay.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
    job = free.filter(pk__in=unfinished_replays()).filter(pk=pk).first()
    if job is None:
        return False
    endpoint = Endpoint.objects.lock(job.endpoint_id)
    events = list(_events(job)[:BATCH]) if endpoint.is_enabled else []
    if events:
        _send_again(job, endpoint, events)
        job.last_event, job.done, job.state = events[-1].pk, job.done + len(events), Replay.State.RUNNING
    else:
        job.state = Replay.State.DONE if endpoint.is_enabled else Replay.State.STOPPED
    job.save(update_fields=["last_event", "done", "state", "updated_at"])
    return bool(events)


def _events(job: Replay) -> QuerySet[Event]:
    """Those that are still to be sent, oldest first."""
    events = Event.objects.of(job.business_id).filter(pk__gt=job.last_event, created_at__lt=job.until).order_by("id")
    if job.since:
        events = events.filter(created_at__gte=job.since)
    if job.event_ids:
        events = events.filter(uuid__in=job.event_ids)
    if job.states:
        return _of_types(events, job.event_types).filter(
            deliveries__endpoint=job.endpoint, deliveries__state__in=job.states
        )
    return _of_types(events, job.event_types or ([] if job.event_ids else _subscribed(job.endpoint)))


def _of_types(events: QuerySet[Event], types: Sequence[str]) -> QuerySet[Event]:
    return events.filter(type__in=types) if types else events


def _subscribed(endpoint: Endpoint) -> list[str]:
    return sorted(name for name in EVENT_NAMES - {TEST} if endpoint.wants(name))


def _send_again(job: Replay, endpoint: Endpoint, events: Sequence[Event]) -> None:
    """What has a delivery becomes due anew, one that is under way keeps its lease; what has none gets one."""
    waiting = Delivery.objects.of(job.business_id).filter(endpoint=endpoint, event__in=events)
    there = set(waiting.values_list("event_id", flat=True))
    now = clock.now()
    waiting.update(state=Delivery.State.PENDING, failures=0, next_attempt_at=now, updated_at=now)
    for event in events:
        if event.pk not in there:
            queue(event, [endpoint])
    wake_dispatcher()
