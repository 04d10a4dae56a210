"""The sender: many calls at once from one event loop, the database between them from one thread, never during a call.

Slow endpoints don't hold up the others: as calls end their places are filled, and no endpoint has more than its share.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from functools import lru_cache

import structlog

from invoicing.lib import clock
from invoicing.lib.http import Answer, Client
from invoicing.lib.secrets import decrypt
from webhooks.claims import Claim, claim
from webhooks.heartbeat import beat
from webhooks.models import due_deliveries
from webhooks.outcomes import Outcome, record_outcomes
from webhooks.signing import Call, oim_headers

PLACES = 100  # calls at once
SHARE = 25  # of one endpoint
_GATHER, _IDLE = 0.05, 0.5  # seconds to wait for outcomes to record together; for a first one
_BEAT_EVERY = 10.0
_TURN = 300.0  # after which the next sweep goes on: a task without an end would be handed out again by the broker
log = structlog.get_logger(__name__)


class Sender:
    """Calls in flight; lives in one event loop, which runs only inside `start` and `finish`."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.waiting: list[Claim] = []
        self.calls: dict[asyncio.Task[Answer], Claim] = {}

    def claim(self) -> int:
        """Take as much as can start while the calls in flight end; returns how much."""
        under_way = Counter(claim.endpoint.pk for claim in (*self.calls.values(), *self.waiting))
        taken = claim(PLACES - len(self.waiting), share=SHARE, under_way=under_way)
        self.waiting += taken
        return len(taken)

    async def start(self) -> None:
        """Fill the free places, and let the requests go out."""
        free = PLACES - len(self.calls)
        starting, self.waiting = self.waiting[:free], self.waiting[free:]
        self.calls |= {asyncio.create_task(send(self.client, claim)): claim for claim in starting}
        await asyncio.sleep(0)

    async def finish(self) -> list[Outcome]:
        """Wait a moment for calls to end, and hand back those that have."""
        if not self.calls:
            return []
        done, pending = await asyncio.wait(self.calls, timeout=_GATHER)
        if not done:
            done, _ = await asyncio.wait(pending, timeout=_IDLE, return_when=asyncio.FIRST_COMPLETED)
        return [(self.calls.pop(task), task.result()) for task in done]


async def send(client: Client, claim: Claim) -> Answer:
    """One call. A row that cannot be sent (a secret of another SECRET_KEY, broken headers) is a failure like any other."""
    try:
        headers = _headers(claim)
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
    ours = oim_headers(claim.body, _opened(claim.endpoint.secret), call)
    return {**claim.endpoint.headers, **ours}


@lru_cache(maxsize=1000)
def _opened(secret: str) -> str:
    return decrypt(secret)  # as slow as all else in a request's headers


def drain() -> int:
    """Send until nothing is due and every call has ended; returns how many attempts were recorded. Any number may run."""
    beat()
    if not due_deliveries().exists():
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
