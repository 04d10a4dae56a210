"""Webhooks: how many deliveries one sender makes, and what endpoints that hang cost the others."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal

import aiohttp

from benchmarks.measure import Bar, Result, compare
from benchmarks.rows import copy_row, execute
from benchmarks.sink import AFTER_50_MS, AT_ONCE, NEVER, sink
from billing.services.invoices import create_invoice
from billing.services.lines import LineDraft
from businesses.audit import SYSTEM
from businesses.services import create_business
from customers.services import create_customer
from invoicing.lib import clock
from webhooks.dispatch import drain
from webhooks.models import Attempt, Delivery, Endpoint, Event
from webhooks.services.endpoints import create_endpoint

_ENDPOINTS, _AT_A_TIME = 100, 100
_FAIR_ROUNDS, _EVENTS = 3, 40  # of each endpoint


def run(*, full: bool) -> Iterator[Result]:
    """Each work in turn."""
    count = 20_000 if full else 2_000
    at_once = deliveries(count, AT_ONCE, "answered at once", Bar(floor=0.3, goal=0.5, better="higher"))
    at_once.facts.update(healthy_beside_hung())
    yield at_once
    yield deliveries(count, AFTER_50_MS, "answered after 50 ms", Bar(floor=0.5, goal=0.8, better="higher"))


# The queue -----------------------------------------------------------------------------------------------------------
class Queue:
    """Endpoints of one business, and deliveries to them that are due: copies of one that the services made."""

    def __init__(self, urls: Sequence[str]) -> None:
        business, today = create_business(name="Tells the world", actor=SYSTEM), clock.today("UTC")
        self.endpoints = [create_endpoint(business, url=url, events=["*"], actor=SYSTEM)[0].pk for url in urls]
        customer = create_customer(business, name="Customer", email="c@customer.test", actor=SYSTEM)
        lines = [LineDraft(description=f"Work {n}", quantity=Decimal(n), unit_price=Decimal(100)) for n in (1, 2, 3)]
        details = {"issue_date": today, "due_date": today + timedelta(days=30)}
        create_invoice(business, customer=customer, lines=lines, status="sent", details=details, actor=SYSTEM)
        self.model = Delivery.objects.of(business).select_related("event").latest("pk")
        put_away()

    def fill(self, count: int, endpoints: Sequence[int]) -> None:
        """So many events, each of them due at one of these endpoints (whose ids follow one another), in turn."""
        last = Event.objects.latest("pk").pk
        copy_row(self.model.event, count, uuid="gen_random_uuid()", created_at="now()", position="NULL")
        copy_row(self.model, count, uuid="gen_random_uuid()", created_at="now()", next_attempt_at="now()",
                 state="'pending'", event_id=f"{last} + n",
                 endpoint_id=f"{endpoints[0]} + mod(n, {len(endpoints)})")  # fmt: skip

    @property
    def body(self) -> bytes:
        """What each call carries."""
        return bytes(self.model.body)


def put_away() -> None:
    """Nothing is due, and no endpoint has failed."""
    Delivery.objects.filter(state="pending").update(state="failed", next_attempt_at=None, lease_until=None)
    Endpoint.objects.update(consecutive_failures=0)


def settle() -> None:
    """Let the database know what it has."""
    execute(f"VACUUM ANALYZE {', '.join(model._meta.db_table for model in (Event, Delivery, Attempt))}")


# How many ------------------------------------------------------------------------------------------------------------
def deliveries(count: int, path: str, how: str, bar: Bar) -> Result:
    """One sender in one process, from due rows to rows written, and the same bodies sent by the client library alone."""
    with sink(_ENDPOINTS) as addresses:
        urls = [address + path for address in addresses]
        queue = Queue(urls)

        def fill() -> None:
            queue.fill(count, queue.endpoints)
            settle()

        def send() -> None:
            if (recorded := drain()) != count:
                raise SystemExit(f"{recorded} attempts were recorded of {count} that were due.")

        result = compare(
            f"{count:,} webhook deliveries, {how}",
            send,
            lambda: asyncio.run(_post_all(count, urls, queue.body)),
            before_ours=fill,
            limit_is=f"bare aiohttp, {_AT_A_TIME} at a time",
            bar=bar,
            facts={"endpoints": len(urls), "body_bytes": len(queue.body)},
        )
    result.facts.update(per_second=round(count / result.ours), limit_per_second=round(count / result.limit))
    return result


async def _post_all(count: int, urls: Sequence[str], body: bytes) -> None:
    """The same calls without rows, headers of ours, vetting or deadline."""
    calls = (urls[n % len(urls)] for n in range(count))
    headers = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def post() -> None:
            for url in calls:
                async with session.post(url, data=body, headers=headers) as response:
                    await response.read()

        await asyncio.gather(*(post() for _ in range(_AT_A_TIME)))


# What those that hang cost -------------------------------------------------------------------------------------------
def healthy_beside_hung() -> dict[str, float]:
    """How long half, and 99 of 100, of the deliveries of 50 healthy endpoints took at most, in ms: alone, and behind those
    of 50 that never answer. All are due when the sender starts.
    """
    delays: dict[str, list[float]] = {"alone": [], "beside_hung": []}
    for _ in range(_FAIR_ROUNDS):
        delays["alone"] += _delays(hung=0)
        delays["beside_hung"] += _delays(hung=_ENDPOINTS // 2)
    facts: dict[str, float] = {}
    for name, values in delays.items():
        cuts = statistics.quantiles(values, n=100)
        facts |= {f"healthy_{name}_p50_ms": round(cuts[49]), f"healthy_{name}_p99_ms": round(cuts[98])}
    return facts


def _delays(*, hung: int) -> list[float]:
    healthy = _ENDPOINTS // 2
    with sink(hung + healthy, hang_until=healthy * _EVENTS) as addresses:
        paths = [NEVER] * hung + [AT_ONCE] * healthy
        queue = Queue([address + path for address, path in zip(addresses, paths, strict=True)])
        for endpoints in (queue.endpoints[:hung], queue.endpoints[hung:]):
            if endpoints:
                queue.fill(len(endpoints) * _EVENTS, endpoints)
        settle()
        started = clock.now()
        drain()
    put_away()
    told = Delivery.objects.filter(endpoint__in=queue.endpoints[hung:], state="delivered")
    delays = [(moment - started).total_seconds() * 1000 for moment in told.values_list("updated_at", flat=True)]
    if len(delays) != healthy * _EVENTS:
        raise SystemExit(f"{len(delays)} of {healthy * _EVENTS} were delivered.")
    return delays


__all__: list[str] = ["run"]
