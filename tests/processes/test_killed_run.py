"""
A statement run whose workers are killed with SIGKILL at random points: nobody is left out, and nobody gets two statements
but for a message whose sending was cut off: that has the same Message-ID and bytes, at most once for each kill.

Small in CI; FULL=1 is 2,000 customers and 30 kills; CUSTOMERS and KILLS say otherwise.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import defaultdict
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from invoicing.lib import json
from invoicing.processes.commands import BASE_DIR
from tests.processes.server import Server, environment, free_port, running, servers_of_production, wait_for

pytestmark = pytest.mark.processes
_CUSTOMERS, _KILLS = (2_000, 30) if os.environ.get("FULL") else (24, 2)
CUSTOMERS, KILLS = int(os.environ.get("CUSTOMERS", _CUSTOMERS)), int(os.environ.get("KILLS", _KILLS))


class Postman:
    """What arrived: the bytes of each mail by its first recipient."""

    def __init__(self) -> None:
        self.mails: dict[str, list[bytes]] = defaultdict(list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.mails[envelope.rcpt_tos[0]].append(envelope.content)
        return "250 OK"


class Program:
    """A client of the server's API."""

    def __init__(self, server: Server, variables: dict[str, str]) -> None:
        self.server, self.variables = server, environment(server.data_dir, server.port, **variables)
        business = self._manage("create_business", "Acme", "--owner", "me@acme.test").split()
        uuid = next(word for word in business if len(word) == 36)
        self.key = self._manage("create_api_key", "--business", uuid, "--name", "t", "--scope", "all").split()[-1]

    def _manage(self, *arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=BASE_DIR, env=self.variables, capture_output=True, text=True, check=True)
        return done.stdout

    def call(self, method: str, path: str, body: Any = None) -> Any:
        import http.client

        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=120)
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        connection.request(method, f"/api/v1{path}", json.encode(body) if body is not None else None, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        assert answer.status < 300, content
        return json.decode(content)

    def batch(self, calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
        rows = []
        for start in range(0, len(calls), 100):
            rows += self.call("POST", "/batch", {"items": calls[start : start + 100]})["items"]
        assert {row["status"] for row in rows} == {201}, rows[0]
        return [row["body"] for row in rows]

    def make_debtors(self) -> list[str]:
        """Customers who each owe something; their addresses."""
        names = [f"c{number:05}" for number in range(CUSTOMERS)]
        bodies = [{"name": name, "email": f"{name}@customers.test"} for name in names]
        made = self.batch([{"method": "POST", "path": "/customers", "body": body} for body in bodies])
        line = {"description": "Work", "quantity": 1, "unit_price": 100}
        invoices = [{"customer_id": row["id"], "status": "sent", "items": [line]} for row in made]
        self.batch([{"method": "POST", "path": "/invoices", "body": body} for body in invoices])
        return [body["email"] for body in bodies]


def test_killed_anywhere_it_goes_on_and_sends_once(tmp_path: Path) -> None:
    postman = Postman()
    controller = Controller(postman, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        with servers_of_production() as outside:
            mail = {"EMAIL_URL": f"smtp://127.0.0.1:{controller.port}", "RATE_LIMIT": "0"}
            with running(tmp_path / "data", **outside, **mail) as server:
                assert wait_for(lambda: server.status("/readyz") == 200, 40), server.said
                program = Program(server, {**outside, **mail})
                addresses = program.make_debtors()
                started = time.monotonic()
                run = program.call("POST", "/statement-runs", {"type": "open_item"})["id"]
                kills = kill_while_it_sends(server, postman)
                settled = wait_for(lambda: all_sent(program, run), 300 + CUSTOMERS)
                assert settled, program.call("GET", f"/statement-runs/{run}")
    finally:
        controller.stop()
    assert set(postman.mails) == set(addresses)
    repeats = {address: mails for address, mails in postman.mails.items() if len(mails) > 1}
    for mails in repeats.values():
        assert len({message_from_bytes(mail)["Message-ID"] for mail in mails}) == 1
        assert len(set(mails)) == 1
    again = sum(len(mails) - 1 for mails in repeats.values())
    took = f"{time.monotonic() - started:.0f} s"
    sys.stdout.write(
        f"\n{len(addresses)} statements in {took}, {kills} kills, {again} sent again with the same Message-ID\n"
    )
    assert again <= kills


def kill_while_it_sends(server: Server, postman: Postman) -> int:
    """SIGKILL one process of the worker (its parent or one that it forked) after every so many mails; how many."""
    dice, done = random.Random(20_261_121), 0  # noqa: S311 - any numbers do
    for kill in range(KILLS):
        goal = CUSTOMERS * (kill + 1) // (KILLS + 2)
        wait_for(lambda goal=goal: len(postman.mails) >= goal, 60)  # type: ignore[misc]
        time.sleep(dice.uniform(0, 0.3))
        pids = worker_processes(server)
        if pids:
            os.kill(dice.choice(pids), signal.SIGKILL)
            done += 1
    return done


def worker_processes(server: Server) -> list[int]:
    main = server.children().get("worker")
    forked = [pid for pid in server.processes() if main and parent_of(pid) == main]
    return [main, *forked] if main else []


def parent_of(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def all_sent(program: Program, run: str) -> bool:
    """Whether every statement of the run is known to have left; asked seldom, for a worker has better things to do."""
    time.sleep(1)
    found = program.call("GET", f"/statement-runs/{run}?fields=state,counts,total")
    return bool(found["state"] == "done" and found["counts"]["sent"] == found["total"] == CUSTOMERS)
