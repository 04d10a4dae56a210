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
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import takewhile

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
_AHEAD = 2 * PLACES  # claims that may wait for a place, so that the loop has work while the database is busy
_ENOUGH = PLACES  # outcomes to record together without waiting for more
_BEAT_EVERY = 10.0
_TURN = 300.0  # after which the next sweep goes on: a task without an end would be handed out again by the broker
# A claim that waited longer may be another's before its call has ended.
_FRESH = LEASE.total_seconds() - 2 * DEADLINE - 10
log = structlog.get_logger(__name__)


class Sender:
    """Calls in flight and those that wait for a place. They are made in the event loop; `take` and `report` are for the
    thread that has the database, and never wait for a turn of the loop, which is long while much is sent.
    """

    def __init__(self, client: Client, loop: asyncio.AbstractEventLoop) -> None:
        self.client, self.loop = client, loop
        self.lines: set[asyncio.Task[None]] = set()  # each makes one call after the other
        self.answered: set[int] = set()  # endpoints that did, whatever they said
        self.news = threading.Condition()  # guards what follows; told when `goal` calls have ended, or all
        self.goal = 1
        self.waiting: deque[tuple[float, Claim]] = deque()  # and when they were claimed
        self.calls: dict[int, tuple[float, Claim]] = {}  # by attempt, and when they began, the oldest first
        self.ended: list[Outcome] = []

    def take(self, claims: list[Claim]) -> None:
        """Send these as places become free."""
        now = time.monotonic()
        with self.news:
            self.waiting += [(now, claim) for claim in claims]
        self.loop.call_soon_threadsafe(self._open_lines)

    def report(self, *, more_due: bool) -> tuple[list[Outcome], int, Load]:
        """How calls have ended, how many more claims may wait for a place, and what is under way.

        Waits a moment for calls to end, unless more is due and there is room for it.
        """
        with self.news:
            if not more_due or self._room() < _ENOUGH:
                self._until(1, _IDLE)
                self._until(_ENOUGH, _GATHER)
            outcomes, self.ended = self.ended, []
            room, under_way = self._room(), [claim for _, claim in (*self.calls.values(), *self.waiting)]
        self.answered |= {claim.endpoint.pk for claim, answer in outcomes if answer.status is not None}
        return outcomes, room, self._load(under_way)

    def _room(self) -> int:
        """For so many claims beside those that begin at once."""
        return _AHEAD - max(0, len(self.waiting) - self._free(time.monotonic()))

    def _until(self, count: int, seconds: float) -> None:
        """So many calls have ended, or all, or so much time has passed."""
        self.goal = count
        self.news.wait_for(self._reached, seconds)

    def _reached(self) -> bool:
        return len(self.ended) >= self.goal or not (self.calls or self.waiting)

    def _load(self, under_way: list[Claim]) -> Load:
        return Load(
            by_endpoint=Counter(claim.endpoint.pk for claim in under_way),
            by_business=Counter(claim.business_id for claim in under_way),
            answered=self.answered,
            doubtful_left=SLOW_PLACES - sum(claim.endpoint.is_doubtful for claim in under_way),
        )

    # In the loop -----------------------------------------------------------------------------------------------------
    def _open_lines(self) -> None:
        with self.news:
            wanted = min(len(self.waiting), self._free(time.monotonic()))
        for _ in range(wanted):
            line = asyncio.create_task(self._call_in_turn())
            self.lines.add(line)
            line.add_done_callback(self.lines.discard)

    async def _call_in_turn(self) -> None:
        while claim := self._next():
            answer = await send(self.client, claim)
            with self.news:
                del self.calls[claim.attempt_id]
                self.ended.append((claim, answer))
                if self._reached():
                    self.news.notify()

    def _next(self) -> Claim | None:
        """What to send now; one that waited for too long comes back when its lease ends."""
        now = time.monotonic()
        with self.news:
            while self.waiting and self._free(now) > 0:
                since, claim = self.waiting.popleft()
                if now - since < _FRESH:
                    self.calls[claim.attempt_id] = now, claim
                    return claim
        return None

    def _free(self, now: float) -> int:
        """How many calls may begin. A quarter of the places is all that calls which drag on can hold."""
        slow = sum(1 for _ in takewhile(lambda call: now - call[0] > _SLOW, self.calls.values()))
        return PLACES - len(self.calls) + max(0, slow - SLOW_PLACES)


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
    made = wire_format(claim.endpoint.format).headers(claim.body, claim.endpoint.secrets, call)
    claim.shown_headers = dict.fromkeys(own, "•••") | made  # those of the business may be its secrets
    return own | made


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
            with _running(runner.get_loop()) as loop:
                return _drain(Sender(client, loop))
        finally:
            runner.run(client.__aexit__(None, None, None))


@lru_cache(maxsize=1)  # once in a process
def _spare_what_is_loaded() -> None:
    """From now on the collector of garbage does not look through all the program's modules, a fifth of a delivery's cost."""
    gc.collect()
    gc.freeze()


@contextmanager
def _running(loop: asyncio.AbstractEventLoop) -> Iterator[asyncio.AbstractEventLoop]:
    """The loop runs in a thread of its own until the block ends."""
    thread = threading.Thread(target=loop.run_forever, name="calls")
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def _drain(sender: Sender) -> int:
    recorded, more_due, beaten = 0, True, time.monotonic()
    ends = beaten + _TURN
    while True:
        outcomes, room, load = sender.report(more_due=more_due)
        recorded += _record(outcomes)
        claims = claim(room, load) if time.monotonic() < ends else []
        more_due = len(claims) == room
        if not (outcomes or claims or load.by_endpoint):
            return recorded
        sender.take(claims)
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
