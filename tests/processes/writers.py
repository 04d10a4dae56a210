"""
Processes that publish events until they are told to stop; each notes in a file of its own what became of every event.

`python -m tests.processes.writers FOLDER URL …` makes a business with an endpoint at each URL, and forks the writers;
they end when FOLDER has a file `stop`. A line is `committed`, `undone` or `unknown`, and the event's id.
"""

from __future__ import annotations

import multiprocessing
import random
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # Django is set up by `main` alone: the test that starts this has another database
    from businesses.models import Business

WRITERS = 4
_UNDONE, _HELD = 0.1, 0.1  # of all transactions: rolled back; held open for a moment, so that later ids commit earlier


class Writers:
    """The processes, as the test that starts them sees them."""

    def __init__(self, folder: Path, urls: list[str], variables: dict[str, str]) -> None:
        self.folder, self.output = folder, folder / "writers.log"
        folder.mkdir()
        with self.output.open("wb") as output:
            command = [sys.executable, "-m", "tests.processes.writers", str(folder), *urls]
            self.process = subprocess.Popen(command, env=variables, stdout=output, stderr=output)

    def stop(self) -> dict[str, set[str]]:
        """Let them finish; the ids of events by what became of them."""
        (self.folder / "stop").touch()
        assert self.process.wait(120) == 0, self.output.read_text()
        noted = defaultdict(set)
        for path in self.folder.glob("writer-*"):
            for line in path.read_text().splitlines():
                outcome, event = line.split()
                noted[outcome].add(event)
        return noted


def main() -> int:
    """Make what the events need, and be several writers."""
    import django

    django.setup()
    from django.db import connections

    folder, urls = Path(sys.argv[1]), sys.argv[2:]
    business = _make_business(urls)
    connections.close_all()  # a connection belongs to one process
    fork = multiprocessing.get_context("fork").Process
    writers = [fork(target=_write_until_told, args=(business, folder, number)) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    return int(any(writer.exitcode for writer in writers))


def _make_business(urls: list[str]) -> Business:
    from businesses.audit import SYSTEM
    from businesses.services import create_business
    from webhooks.services.endpoints import create_endpoint

    business = create_business(name="Acme", actor=SYSTEM)
    for url in urls:
        create_endpoint(business, url=url, events=["*"], actor=SYSTEM)
    return business


def _write_until_told(business: Business, folder: Path, number: int) -> None:
    from django.db import DatabaseError, InterfaceError, connection

    dice = random.Random(number)  # noqa: S311 - any numbers do
    with (folder / f"writer-{number}").open("w", buffering=1) as notes:
        while not (folder / "stop").exists():
            event: list[str] = []
            try:
                outcome = _write(business, dice, event)
            except (DatabaseError, InterfaceError):  # it may have broken before the commit or after it
                outcome = "unknown"
                connection.close()
            for event_id in event:
                notes.write(f"{outcome} {event_id}\n")
            time.sleep(dice.uniform(0, 0.3))


def _write(business: Business, dice: random.Random, event: list[str]) -> str:
    """One transaction with one event, whose id is put into `event` as soon as there is one; what became of it."""
    from django.db import transaction

    from businesses.audit import SYSTEM
    from webhooks.outbox import publish

    with transaction.atomic():
        data = {"number": f"INV-{dice.randrange(10**9)}", "note": "é" * dice.randrange(500)}
        event.append(publish(business, "invoice.paid", data, actor=SYSTEM).event_id)
        if dice.random() < _HELD:
            time.sleep(dice.uniform(0, 0.1))
        undone = dice.random() < _UNDONE
        transaction.set_rollback(undone)
    return "undone" if undone else "committed"


if __name__ == "__main__":
    sys.exit(main())
