"""
Events published by several processes while dispatchers, PostgreSQL and the broker's memory are killed at random points:
each that was committed arrives at every endpoint, none that was undone does, and what arrives twice is the same bytes.

Small in CI; FULL=1 is 200 kills of dispatchers, 20 of PostgreSQL and 20 of the broker's memory (on SQLite 50 and 20).
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from invoicing.lib.env import broker_socket
from invoicing.processes.commands import BASE_DIR
from tests.processes.database import Database
from tests.processes.receiver import Receiver, Request
from tests.processes.server import Server, environment, running, servers_to_kill, wait_for
from tests.processes.writers import Writers
from tests.servers import Postgres

pytestmark = pytest.mark.processes
FULL, ON_POSTGRES = bool(os.environ.get("FULL")), bool(os.environ.get("DATABASE_URL"))
DISPATCHER_KILLS = (200 if ON_POSTGRES else 50) if FULL else 4
POSTGRES_KILLS = (20 if FULL else 1) if ON_POSTGRES else 0
FLUSHES = 20 if FULL else 1
ENDPOINTS = ["first", "second", "third"]
REQUESTS_BETWEEN = 30  # that arrive before the next blow, or half a minute
END_LEASES = "UPDATE webhooks_delivery SET lease_until = created_at WHERE lease_until IS NOT NULL"
RETRY_NOW = (
    "UPDATE webhooks_delivery SET next_attempt_at = created_at "
    "WHERE state = 'pending' AND lease_until IS NULL AND next_attempt_at > created_at"
)


class Dispatchers:
    """The one of the server, which its supervisor starts again, and a second one, which this does."""

    def __init__(self, server: Server, variables: dict[str, str]) -> None:
        self.server, self.variables, self.kills = server, variables, 0
        self.start_second()

    def start_second(self) -> None:
        command = [sys.executable, "-m", "invoicing.processes", "dispatcher"]
        with (self.server.data_dir / "second-dispatcher.log").open("ab") as log:
            self.second = subprocess.Popen(command, cwd=BASE_DIR, env=self.variables, stdout=log, stderr=log)

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        self.kills += 1
        if pid == self.second.pid:
            self.second.wait()

    def kill_one(self, dice: random.Random) -> None:
        """Either of them, where both are alive; nothing else ends the second one, whatever it meets."""
        assert self.second.poll() is None
        first = self.server.children().get("dispatcher")
        self.kill(dice.choice([pid for pid in (first, self.second.pid) if pid]))
        if self.second.poll() is not None:
            self.start_second()

    @contextmanager
    def both_killed(self) -> Iterator[None]:
        """The block begins without any; the server starts its own again after half a second."""
        for pid in (self.server.children().get("dispatcher"), self.second.pid):
            if pid:
                self.kill(pid)
        yield
        self.start_second()


def test_killed_anywhere_it_loses_no_event(tmp_path: Path) -> None:
    with Receiver(errors=0.05, pause=0.4) as receiver, servers_to_kill() as (outside, postgres):
        variables = {**outside, "OUTGOING_ALLOW_NETS": "127.0.0.0/8", "GRANIAN_WORKERS": "1"}
        with running(tmp_path / "data", **variables) as server:
            database = Database(server.data_dir, outside.get("DATABASE_URL", ""))
            variables = environment(server.data_dir, server.port, **variables)
            dispatchers = Dispatchers(server, variables)
            writers = Writers(tmp_path / "writers", [receiver.url(name) for name in ENDPOINTS], variables)
            broker = outside.get("REDIS_URL") or f"unix://{broker_socket(server.data_dir)}"
            strike(receiver, dispatchers, postgres, broker)
            noted = writers.stop()
            receiver.errors = receiver.pause = 0  # what is left needs one more attempt each, and there is much of it
            with dispatchers.both_killed():
                database.change(END_LEASES)
            assert wait_for(lambda: all_settled(database), 1200 if FULL else 300), server.said
            prove(database, receiver.requests, noted, dispatchers.kills)


def strike(receiver: Receiver, dispatchers: Dispatchers, postgres: Postgres | None, broker: str) -> None:
    """All the blows but the last at both dispatchers, in an order of chance, each some requests and a moment after another."""
    dice = random.Random(20_261_121)  # noqa: S311 - any numbers do
    blows: list[Callable[[], object]] = [lambda: dispatchers.kill_one(dice)] * (DISPATCHER_KILLS - 2)
    blows += [lambda: forget_all(broker)] * FLUSHES
    if postgres:
        blows += [lambda: kill_postgres(postgres, dice)] * POSTGRES_KILLS
    dice.shuffle(blows)
    for blow in blows:
        goal = len(receiver.requests) + REQUESTS_BETWEEN
        wait_for(lambda goal=goal: len(receiver.requests) >= goal, 30)  # type: ignore[misc]
        time.sleep(dice.uniform(0, 0.3))
        blow()


def kill_postgres(postgres: Postgres, dice: random.Random) -> None:
    """It is away for up to a second."""
    postgres.kill()
    time.sleep(dice.uniform(0, 1))
    postgres.start()


def forget_all(broker: str) -> None:
    with redis.Redis.from_url(broker) as connection:
        connection.flushall()


def all_settled(database: Database) -> bool:
    """Whether nothing is left to send; what waits for its retry is due at once."""
    time.sleep(0.5)
    database.change(RETRY_NOW)
    return not database.rows("SELECT id FROM webhooks_delivery WHERE state = 'pending' LIMIT 1")


def prove(database: Database, requests: list[Request], noted: dict[str, set[str]], kills: int) -> None:
    """Nothing lost, nothing made up, nothing told in two ways; then the figures."""
    check_requests(requests, check_events(database, noted))
    repeats = check_attempts(database, requests)
    (cut_off,) = database.rows("SELECT count(*) FROM webhooks_attempt WHERE status_code IS NULL")[0]
    outcomes = ", ".join(f"{len(noted[outcome])} {outcome}" for outcome in ("committed", "undone", "unknown"))
    sys.stdout.write(
        f"\n{kills} kills of dispatchers, {POSTGRES_KILLS} of PostgreSQL, {FLUSHES} FLUSHALL: events {outcomes}; "
        f"{len(requests)} requests to {len(ENDPOINTS)} endpoints, {sum(r.status == 500 for r in requests)} answered 500, "
        f"{cut_off} attempts cut off, {repeats} events sent again with the same id and bytes, 0 lost\n"
    )


def check_events(database: Database, noted: dict[str, set[str]]) -> set[str]:
    """What was acknowledged is there, what was undone is not; the ids of all events, those of unknown outcome too."""
    stored = database.event_ids()
    assert len(noted["committed"]) > 50
    assert noted["committed"] <= stored
    assert not noted["undone"] & stored
    assert stored <= noted["committed"] | noted["unknown"]
    return stored


def check_requests(requests: list[Request], events: set[str]) -> None:
    """Every event was taken by every endpoint, nothing else was sent, and always the same bytes."""
    taken, digests = set(), defaultdict(set)
    for request in requests:
        digests[request.event].add(request.digest)
        if request.status == 200:
            taken.add((request.endpoint, request.event))
    assert taken == {(endpoint, event) for endpoint in ENDPOINTS for event in events}
    assert digests.keys() == events
    assert {len(bodies) for bodies in digests.values()} == {1}


def check_attempts(database: Database, requests: list[Request]) -> int:
    """Numbered 1, 2, 3 …, each sent at most once; how often an event came again, which only an attempt cut off explains."""
    counted = (
        "SELECT delivery_id, count(*), min(number), max(number), sum(CASE WHEN status_code IS NULL THEN 1 ELSE 0 END)"
    )
    rows = database.rows(f"{counted} FROM webhooks_attempt GROUP BY delivery_id")
    counts = dict(database.rows("SELECT id, attempt_count FROM webhooks_delivery"))
    assert {pk: (count, 1, count) for pk, count in counts.items()} == {row[0]: row[1:4] for row in rows}
    assert len({request.attempt for request in requests}) == len(requests)
    taken = Counter((request.endpoint, request.event) for request in requests if request.status == 200)
    repeats = sum(count - 1 for count in taken.values())
    assert repeats <= sum(row[4] for row in rows)
    return repeats
