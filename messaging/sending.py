"""How a message leaves: claimed by state and lease, sent outside any transaction, its outcome recorded.

A claim is one conditional UPDATE, and `lease_until` is the proof of it. A message still in `sending` after its lease may
or may not have left: it is sent again under the same Message-ID (a letter under the same key, of which its provider makes
no second one; for text messages there is no such thing) and counted in `resends`.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db.models import Q

from invoicing.lib import clock
from messaging.models import Channel, Message, State
from messaging.transports import NoAnswer, OutcomeUnknown, Refused, ServerAway, Transport, TryLater
from messaging.ways import Way, Ways, way_of

LEASE = timedelta(
    minutes=2
)  # longer than what follows the renewal: three waits of EMAIL_TIMEOUT, a provider's deadline
DELAYS = [timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 480)]
MAX_ATTEMPTS = len(DELAYS) + 1
_PATIENT_ATTEMPTS = 3  # greylisting is over after that; who is still refused is left out
_SWEEP = 600  # seconds; the next sweep goes on
_UNKNOWN = "The outcome of the last attempt is unknown; it may have arrived."
log = structlog.get_logger(__name__)


def send_one(pk: int) -> None:
    """Send the message if it is due and nobody else is sending it."""
    message = claim(pk)
    if message is not None:
        with closing(Ways()) as ways:
            deliver(message, ways.of(message))


def send_due() -> int:
    """Send all that is due, over one connection of each kind; returns how many were tried.

    Where the mail server is away, or a business's provider gives no answer, nothing else waits for it.
    """
    count, until, away = 0, time.monotonic() + _SWEEP, set[Way]()
    with closing(Ways()) as ways:
        while time.monotonic() < until and (message := claim(away=away)) is not None:
            count += 1
            if not deliver(message, ways.of(message)):
                away.add(way_of(message))
    return count


def claim(pk: int | None = None, *, away: Collection[Way] = ()) -> Message | None:
    """Take one due message (or this one) for the length of a lease; None when there is none but what goes `away`'s ways."""
    while (found := _next_due(pk, away)) is not None:
        crashed = found.state == State.SENDING
        if crashed and found.attempts >= MAX_ATTEMPTS:
            _change(found, state=State.FAILED, lease_until=None, last_error=_UNKNOWN)
            continue
        if _change(
            found,
            state=State.SENDING,
            lease_until=clock.now() + LEASE,
            attempts=found.attempts + 1,
            resends=found.resends + crashed,
        ):
            return found
    return None


def _next_due(pk: int | None, away: Collection[Way]) -> Message | None:
    now = clock.now()
    due = Q(state=State.QUEUED, due_at__lte=now) | Q(state=State.SENDING, lease_until__lte=now)
    rows = Message.objects.select_related("business").filter(due, state__in=[State.QUEUED, State.SENDING])
    if pk is not None:
        rows = rows.filter(pk=pk)
    for way in away:
        rows = rows.exclude(**way.rows)
    return rows.order_by("due_at", "id").first()


def _change(message: Message, **fields: Any) -> bool:
    """Write the fields if the row is still as `message` knows it; False when somebody else was faster."""
    known = {"pk": message.pk, "state": message.state, "lease_until": message.lease_until}
    if not Message.objects.filter(**known).update(**fields, updated_at=clock.now()):
        return False
    for name, value in fields.items():
        setattr(message, name, value)
    return True


class _LeaseLost(Exception):
    """Somebody else has taken the message over."""


def deliver(message: Message, transport: Transport) -> bool:
    """Send a claimed message and record the outcome; False where no other could be sent this way either."""
    goes_on = True
    try:
        outcome = _attempt(message, transport)
    except _LeaseLost:
        log.warning("message_lease_lost", uuid=str(message.uuid))
        return True
    except Refused as error:
        outcome = _failed(str(error))
    except OutcomeUnknown as error:
        # It stays in `sending`: when the lease ends, the next attempt counts as a resend.
        outcome = _again(message, str(error), unknown=True)
        goes_on = not isinstance(error, NoAnswer)
    except TryLater as error:
        outcome = _again(message, str(error))
        goes_on = not isinstance(error, ServerAway)
    except Exception as error:  # one bad row must not stop the others
        log.exception("message_broken", uuid=str(message.uuid))
        outcome = _again(message, f"{type(error).__name__}: {error}")
    _record(message, outcome)
    return goes_on


def _attempt(message: Message, transport: Transport) -> dict[str, Any]:
    def commit() -> None:
        if not _change(message, lease_until=clock.now() + LEASE):
            raise _LeaseLost

    patient = message.attempts <= _PATIENT_ATTEMPTS
    delivered = transport.deliver(message, patient=patient, commit=commit)
    error = "; ".join(f"{address}: {answer}" for address, answer in delivered.refused.items())
    sent = {"state": State.SENT, "sent_at": clock.now(), "lease_until": None}
    said = {name: getattr(delivered, name) for name in ("provider_id", "expected_delivery_date", "num_pages")}
    return {**sent, **said, "last_error": error, "sealed_link": ""}


def _again(message: Message, error: str, *, unknown: bool = False) -> dict[str, Any]:
    # A mail that comes twice is one mail (its Message-ID says so), a letter has a key of its own; a text message rings twice.
    twice = unknown and message.channel == Channel.SMS and message.resends > 0
    if message.attempts >= MAX_ATTEMPTS or twice:
        return _failed(f"{error} {_UNKNOWN}" if unknown else error)
    moment: datetime = clock.now() + DELAYS[message.attempts - 1]
    if unknown:
        return {"lease_until": moment, "last_error": error}
    return {"state": State.QUEUED, "due_at": moment, "lease_until": None, "last_error": error}


def _failed(error: str) -> dict[str, Any]:
    return {"state": State.FAILED, "lease_until": None, "last_error": error}


def _record(message: Message, outcome: dict[str, Any]) -> None:
    known = _change(message, **outcome)
    log.info(
        "message_attempt",
        uuid=str(message.uuid),
        channel=message.channel,
        state=str(message.state),
        attempts=message.attempts,
        error=message.last_error or None,
        recorded=known,
    )
