"""`make run` for real: it gets ready, mends itself, keeps its data, and leaves nothing behind, however it ends."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes.server import Server, running, servers_of_production, wait_for

pytestmark = pytest.mark.processes


@pytest.fixture
def outside() -> Iterator[dict[str, str]]:
    with servers_of_production() as variables:
        yield variables


def test_gets_ready_ends_cleanly_and_starts_again(tmp_path: Path, outside: dict[str, str]) -> None:
    data_dir = tmp_path / "data"
    with running(data_dir, empty=True, **outside) as server:
        expected = {"web", "worker", "dispatcher", "scheduler"} | (set() if outside else {"broker"})
        assert wait_for(lambda: set(server.children()) == expected, 5)
        assert wait_for(lambda: server.status("/readyz") == 200, 40), server.said
        assert f"http://127.0.0.1:{server.port}/" in server.said
        assert "create_business" in server.said
        started = time.monotonic()
        assert server.end(signal.SIGINT) == 0
        assert time.monotonic() - started < 30
        assert server.processes() == []
        assert "Traceback" not in server.said
        assert "killed" not in server.said
    secret = (data_dir / "secret-key").read_text()
    with running(data_dir, **outside) as server:
        assert (data_dir / "secret-key").read_text() == secret
        assert (data_dir / "log" / "web.log.1").exists()
        assert server.end(signal.SIGTERM) == 0
        assert server.processes() == []


def test_starts_again_what_dies_and_kills_what_will_not_end(tmp_path: Path, outside: dict[str, str]) -> None:
    with running(tmp_path / "data", **outside) as server:
        assert wait_for(lambda: server.status("/readyz") == 200, 40), server.said
        before = server.children()
        for pid in before.values():
            os.kill(pid, signal.SIGKILL)
        assert wait_for(lambda: _all_new(server, before), 20), server.said
        assert wait_for(lambda: server.status("/readyz") == 200, 40), server.said
        for name in before:
            assert f"{name}: ended (signal SIGKILL); starting again in 0.5 s." in server.said
        os.kill(server.children()["web"], signal.SIGSTOP)  # one that cannot end by itself
        server.process.send_signal(signal.SIGINT)
        assert wait_for(lambda: "Stopping" in server.said, 5)
        started = time.monotonic()
        assert server.end(signal.SIGINT) == 0
        assert time.monotonic() - started < 3
        assert server.processes() == []
        assert "web: did not end by itself and was killed." in server.said


def _all_new(server: Server, before: dict[str, int]) -> bool:
    now = server.children()
    return set(now) == set(before) and not set(now.values()) & set(before.values())


def test_one_server_a_data_dir_and_nothing_outlives_it(tmp_path: Path, outside: dict[str, str]) -> None:
    with running(tmp_path / "data", **outside) as server:
        second = Server(tmp_path / "data", **outside)
        assert second.process.wait(30) == 1
        assert f"is in use by a server that is running (process {server.process.pid})" in second.said
        assert "Traceback" not in second.said
        assert server.status("/healthz") == 200
        server.process.kill()
        server.process.wait()
        assert wait_for(lambda: not server.processes(), 20), server.processes()
