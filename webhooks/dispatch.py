"""The sender: many calls at once from one event loop, the database between them from one thread, never during a call.

Slow endpoints don't hold up the others: as calls end their places are filled, no endpoint has more than its share, and
calls that drag on count for at most a quarter of the places, however many they are.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping

import structlog

from invoicing.lib import clock
from invoicing.lib.http import DEADLINE, Answer, Client
from webhooks.claims import LEASE, Claim, claim
from webhooks.formats import wire_format
from webhooks.heartbeat import beat
from webhooks.models import Endpoint
from webhooks.outcomes import Outcome, record_outcomes
from webhooks.queues import Load, next_in_line
from webhooks.signing import Call

PLACES = 100  # calls at once
SLOW_PLACES = PLACES // 4  # that calls which drag on, and calls to endpoints that failed last time, may hold
_SLOW = 1.0  # seconds after which a call drags on
_GATHER, _IDLE = 0.05, 0.5  # seconds to wait for outcomes to record together; for a first one
_BEAT_EVERY = 10.0
_TURN = 300.0  # after which the next sweep goes on: a task without an end would be handed out again by the broker
# A claim that waited longer may be another's before its call has ended.
_FRESH = LEASE.total_seconds() - 2 * DEADLINE - 10
log = structlog.get_logger(__name__)


class Sender:
    """Calls in flight; lives in one event loop, which runs only inside `start` and `finish`."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.waiting: list[tuple[float, Claim]] = []  # and when they were claimed
        self.calls: dict[asyncio.Task[Answer], tuple[float, Claim]] = {}  # and when they began
        self.answered: set[int] = set()  # endpoints that did, whatever they said

    def claim(self) -> int:
        """Take as much as can start while the calls in flight end; returns how much."""
        now = time.monotonic()
        taken = claim(PLACES - len(self.waiting), self._load())
        self.waiting += [(now, claim) for claim in taken]
        return len(taken)

    async def start(self) -> None:
        """Fill the free places, and let the requests go out."""
        now = time.monotonic()
        free = max(0, PLACES - len(self.calls) + self._lent(now))
        starting, self.waiting = self.waiting[:free], self.waiting[free:]
        fresh = [claim for since, claim in starting if now - since < _FRESH]  # others come back when their lease ends
        self.calls |= {asyncio.create_task(send(self.client, claim)): (now, claim) for claim in fresh}
        for _ in range(3):  # a task begins in the loop's next turn, and its request leaves in the one after
            await asyncio.sleep(0)

    async def finish(self) -> list[Outcome]:
        """Wait a moment for calls to end, and hand back those that have."""
        if not self.calls:
            return []
        done, pending = await asyncio.wait(self.calls, timeout=_GATHER)
        if not done:
            done, _ = await asyncio.wait(pending, timeout=_IDLE, return_when=asyncio.FIRST_COMPLETED)
        outcomes = [(self.calls.pop(task)[1], task.result()) for task in done]
        self.answered |= {claim.endpoint.pk for claim, answer in outcomes if answer.status is not None}
        return outcomes

    def _load(self) -> Load:
        claims = [claim for _, claim in (*self.calls.values(), *self.waiting)]
        return Load(
            by_endpoint=Counter(claim.endpoint.pk for claim in claims),
            by_business=Counter(claim.endpoint.business_id for claim in claims),
            answered=self.answered,
            doubtful_left=SLOW_PLACES - sum(claim.is_doubtful for claim in claims),
        )

    def _lent(self, now: float) -> int:
        """Places that are filled anew although their calls have not ended."""
        slow = sum(now - since > _SLOW for since, _ in self.calls.values())
        return max(0, slow - SLOW_PLACES)


async def send(client: Client, claim: Claim) -> Answer:
    """One call. A row that cannot be sent (a secret of another SECRET_KEY, broken headers) is a failure like any other."""
    try:
        headers = _headers(claim)
        claim.attempt.url, claim.attempt.request_headers = claim.endpoint.url, _shown(headers, claim.endpoint)
    except Exception as error:  # whatever is wrong with one row must not stop the others
        log.warning("webhook_not_sendable", delivery=str(claim.delivery_uuid), error=repr(error))
        return Answer(None, "", 0, f"The request could not be made ({type(error).__name__}).")
    try:
        return await client.post(claim.endpoint.url, claim.body, headers)
    except Exception as error:
        log.exception("webhook_call_broke", delivery=str(claim.delivery_uuid))
        return Answer(None, "", 0, f"The call could not be made ({type(error).__name__}).")


def _headers(claim: Claim) -> dict[str, str]:
    call = Call(
        attempt_id=claim.attempt.uuid,
        event_id=claim.event_id,
        event_type=claim.event_type,
        timestamp=int(clock.now().timestamp()),
    )
    secrets = claim.endpoint.secrets_at(clock.now())
    return {**claim.endpoint.headers, **wire_format(claim.endpoint.format).headers(claim.body, secrets, call)}


def _shown(headers: Mapping[str, str], endpoint: Endpoint) -> dict[str, str]:
    """The headers for the log; those that the business added may be its secrets."""
    return {name: "•••" if name in endpoint.headers else value for name, value in headers.items()}


def drain() -> int:
    """Send until nothing is due and every call has ended; returns how many attempts were recorded. Any number may run."""
    beat()
    if not next_in_line(1, Load(), clock.of_database()):  # an idle look costs two reads
        return 0
    with asyncio.Runner() as runner:
        client = Client()
        runner.run(client.__aenter__())
        try:
            return _drain(runner, Sender(client))
        finally:
            runner.run(client.__aexit__(None, None, None))


def _drain(runner: asyncio.Runner, sender: Sender) -> int:
    """While calls are under way the outcomes before them are written and the next ones claimed."""
    recorded, beaten = 0, time.monotonic()
    ends = beaten + _TURN
    outcomes: list[Outcome] = []
    sender.claim()
    while True:
        runner.run(sender.start())
        recorded += _record(outcomes)
        taken = sender.claim() if time.monotonic() < ends else 0
        if not taken and not outcomes and not sender.calls:
            return recorded
        outcomes = runner.run(sender.finish())
        if time.monotonic() - beaten > _BEAT_EVERY:
            beat()
            beaten = time.monotonic()


def _record(outcomes: list[Outcome]) -> int:
    """All in one transaction; where one of them breaks it each in its own, and that one is sent again after its lease."""
    try:
        if outcomes:
            record_outcomes(outcomes)
        return len(outcomes)
    except Exception as error:
        if len(outcomes) == 1:
            log.exception("webhook_outcome_lost", delivery=str(outcomes[0][0].delivery_uuid))
            return 0
        log.warning("webhook_outcomes_apart", error=repr(error))
        return sum(_record([outcome]) for outcome in outcomes)
