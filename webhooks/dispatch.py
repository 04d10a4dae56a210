"""The sender: many calls at once from one event loop, which has a thread of its own; the database stays in the caller's.

While calls are under way the outcomes before them are written and the next deliveries claimed. Slow endpoints don't hold
up the others: as calls end their places are filled, no endpoint has more than its share, and calls that drag on count for
at most a quarter of the places, however many they are.
"""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from itertools import takewhile
from typing import Any

import structlog

from invoicing.lib import clock
from invoicing.lib.http import DEADLINE, Answer, Client
from webhooks.claims import LEASE, Claim, claim
from webhooks.formats import wire_format
from webhooks.heartbeat import beat
from webhooks.outcomes import Outcome, record_outcomes
from webhooks.queues import Load, next_in_line
from webhooks.signing import Call

PLACES = 100  # calls at once
SLOW_PLACES = PLACES // 4  # that calls which drag on, and calls to endpoints that failed last time, may hold
_SLOW = 1.0  # seconds after which a call drags on
_GATHER, _IDLE = 0.05, 0.5  # seconds to wait for outcomes to record together; for a first one
_ENOUGH = PLACES // 2  # outcomes to record together without waiting for more
_BEAT_EVERY = 10.0
_TURN = 300.0  # after which the next sweep goes on: a task without an end would be handed out again by the broker
# A claim that waited longer may be another's before its call has ended.
_FRESH = LEASE.total_seconds() - 2 * DEADLINE - 10
Beside = Callable[[Coroutine[Any, Any, Any]], Any]
log = structlog.get_logger(__name__)


class Sender:
    """Calls in flight and those that wait for a place; all of it belongs to the event loop."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.waiting: deque[tuple[float, Claim]] = deque()  # and when they were claimed
        self.calls: dict[int, tuple[float, Claim]] = {}  # by attempt, and when they began, the oldest first
        self.lines: set[asyncio.Task[None]] = set()  # each makes one call after the other
        self.ended: list[Outcome] = []
        self.goal, self.reached = 1, asyncio.Event()  # how many of them are waited for
        self.answered: set[int] = set()  # endpoints that did, whatever they said

    async def take(self, claims: list[Claim]) -> None:
        """Send these as places become free."""
        now = time.monotonic()
        self.waiting += [(now, claim) for claim in claims]
        for _ in range(min(len(self.waiting), self._free(now))):
            line = asyncio.create_task(self._call_in_turn())
            self.lines.add(line)
            line.add_done_callback(self.lines.discard)

    async def report(self) -> tuple[list[Outcome], int, Load]:
        """Wait a moment for calls to end; how they did, how many more claims may wait for a place, and what is under way."""
        await self._until(1, _IDLE)
        await self._until(_ENOUGH, _GATHER)
        outcomes, self.ended = self.ended, []
        self.answered |= {claim.endpoint.pk for claim, answer in outcomes if answer.status is not None}
        return outcomes, PLACES - len(self.waiting), self._load()

    async def _call_in_turn(self) -> None:
        while self.waiting and self._free(now := time.monotonic()) > 0:
            since, claim = self.waiting.popleft()
            if now - since > _FRESH:  # it comes back when its lease ends
                continue
            self.calls[claim.attempt_id] = now, claim
            answer = await send(self.client, claim)
            del self.calls[claim.attempt_id]
            self.ended.append((claim, answer))
            if len(self.ended) >= self.goal or not (self.calls or self.waiting):
                self.reached.set()

    async def _until(self, count: int, seconds: float) -> None:
        """So many calls have ended, or all, or so much time has passed."""
        if len(self.ended) < count and (self.calls or self.waiting):
            self.goal = count
            self.reached.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.reached.wait(), seconds)

    def _free(self, now: float) -> int:
        """How many calls may begin. A quarter of the places is all that calls which drag on can hold."""
        slow = sum(1 for _ in takewhile(lambda call: now - call[0] > _SLOW, self.calls.values()))
        return PLACES - len(self.calls) + max(0, slow - SLOW_PLACES)

    def _load(self) -> Load:
        claims = [claim for _, claim in (*self.calls.values(), *self.waiting)]
        return Load(
            by_endpoint=Counter(claim.endpoint.pk for claim in claims),
            by_business=Counter(claim.business_id for claim in claims),
            answered=self.answered,
            doubtful_left=SLOW_PLACES - sum(claim.endpoint.is_doubtful for claim in claims),
        )


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
        attempt_id=claim.attempt_uuid,
        event_id=claim.event_id,
        event_type=claim.event_type,
        timestamp=int(clock.now().timestamp()),
    )
    own = claim.endpoint.headers
    headers = own | wire_format(claim.endpoint.format).headers(claim.body, claim.endpoint.secrets, call)
    claim.shown_headers.update(headers | dict.fromkeys(own, "•••"))  # those of the business may be its secrets
    return headers


def drain() -> int:
    """Send until nothing is due and every call has ended; returns how many attempts were recorded. Any number may run."""
    beat()
    if not next_in_line(1, Load(), clock.of_database()):  # an idle look costs two reads
        return 0
    _spare_what_is_loaded()
    with asyncio.Runner() as runner:
        client = Client()
        runner.run(client.__aenter__())
        try:
            with _running(runner.get_loop()) as beside:
                return _drain(beside, Sender(client))
        finally:
            runner.run(client.__aexit__(None, None, None))


@lru_cache(maxsize=1)  # once in a process
def _spare_what_is_loaded() -> None:
    """From now on the collector of garbage does not look through all the program's modules, a fifth of a delivery's cost."""
    gc.collect()
    gc.freeze()


@contextmanager
def _running(loop: asyncio.AbstractEventLoop) -> Iterator[Beside]:
    """The loop runs in a thread of its own until the block ends; what the block gets has a coroutine done there."""
    thread = threading.Thread(target=loop.run_forever, name="calls")
    thread.start()
    try:
        yield lambda coroutine: asyncio.run_coroutine_threadsafe(coroutine, loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def _drain(beside: Beside, sender: Sender) -> int:
    recorded, beaten = 0, time.monotonic()
    ends = beaten + _TURN
    while True:
        outcomes, room, load = beside(sender.report())
        recorded += _record(outcomes)
        claims = claim(room, load) if time.monotonic() < ends else []
        if not (outcomes or claims or load.by_endpoint):
            return recorded
        beside(sender.take(claims))
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
