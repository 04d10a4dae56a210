"""A whole server, started as `make run` starts it, in a folder and on a port of its own."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

import psycopg

from invoicing.processes.commands import BASE_DIR
from tests.servers import Postgres, killable_postgres, valkey

_OURS = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "PUBLIC_URL", "ALLOWED_HOSTS", "OUTGOING_ALLOW_NETS", "RATE_LIMIT")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], object], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


def environment(data_dir: Path, port: int, **more: str) -> dict[str, str]:
    """The outside of a new server: nothing of the tests' own settings reaches it."""
    kept = {name: value for name, value in os.environ.items() if name not in _OURS}
    return {**kept, "DATA_DIR": str(data_dir), "PORT": str(port), "DEMO": "0", "HOST": "127.0.0.1", **more}


class Server:
    """One `python -m invoicing.processes run`; its terminal is the file `output`."""

    def __init__(self, data_dir: Path, **more: str) -> None:
        self.data_dir, self.port = data_dir, free_port()
        self.output = Path(os.environ["DATA_DIR"]) / f"terminal-{self.port}"
        with self.output.open("wb") as terminal:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "invoicing.processes", "run"],
                cwd=BASE_DIR,
                env=environment(data_dir, self.port, **more),
                stdout=terminal,
                stderr=terminal,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        return self.output.read_text()

    def status(self, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def is_up(self) -> bool:
        """Wait until it has said where it is."""
        return wait_for(lambda: "Invoicing runs at" in self.said or self.process.poll() is not None, 150)

    def children(self) -> dict[str, int]:
        """Process ids of the supervisor's own children, by what they are."""
        words = {"granian": "web", "--queues work": "worker", "--queues dispatch": "dispatcher", "beat": "scheduler"}
        found = {}
        for pid in self.processes():
            with contextlib.suppress(OSError):  # it ended meanwhile
                if pid != self.process.pid and _parent(pid) == self.process.pid:
                    line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
                    found[next((name for word, name in words.items() if word in line), "broker")] = pid
        return found

    def processes(self) -> list[int]:
        """Every process that has this DATA_DIR in its environment."""
        mark, found = f"DATA_DIR={self.data_dir}\0".encode(), []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if mark in (folder / "environ").read_bytes() and _state(folder) != "Z":
                    found.append(int(folder.name))
        return found

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Ask the supervisor to end; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(60)


def _state(folder: Path) -> str:
    return (folder / "stat").read_text().rpartition(")")[2].split()[0]


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@contextlib.contextmanager
def running(data_dir: Path, *, empty: bool = False, **more: str) -> Iterator[Server]:
    """A server that is up; whatever is left of it afterwards is killed. A new SQLite file has its tables, unless `empty`."""
    if not data_dir.exists():
        data_dir.mkdir()
        if "DATABASE_URL" not in more and not empty:
            shutil.copy(_migrated_file(), data_dir / "invoicing.sqlite3")
    server = Server(data_dir, **more)
    try:
        assert server.is_up(), server.said
        assert server.process.poll() is None, server.said
        yield server
    finally:
        for pid in [server.process.pid, *server.processes()]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        server.process.wait()


@lru_cache(maxsize=1)
def _migrated_file() -> Path:
    """A SQLite file with all tables, made once: that takes longer than all else that a server does before it is up."""
    folder = Path(os.environ["DATA_DIR"]) / "migrated"
    folder.mkdir()
    _migrate(folder)
    return folder / "invoicing.sqlite3"


@lru_cache(maxsize=1)
def _migrated_database(url: str) -> str:
    """The name of a PostgreSQL database with all tables, made once."""
    name = f"migrated_{os.getpid()}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    _migrate(Path(os.environ["DATA_DIR"]), DATABASE_URL=url.replace("/invoicing", f"/{name}", 1))
    return name


def _migrate(data_dir: Path, **more: str) -> None:
    command = [sys.executable, "manage.py", "migrate", "-v0"]
    subprocess.run(command, cwd=BASE_DIR, env=environment(data_dir, free_port(), **more), check=True)


@contextlib.contextmanager
def servers_of_production() -> Iterator[dict[str, str]]:
    """DATABASE_URL of a PostgreSQL database without rows and REDIS_URL over TCP; nothing where this test run has no PostgreSQL."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        yield {}
        return
    name = f"processes_{free_port()}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {_migrated_database(url)}")
    with valkey(port=free_port()) as redis_url:
        yield {"DATABASE_URL": url.replace("/invoicing", f"/{name}", 1), "REDIS_URL": redis_url}


@contextlib.contextmanager
def servers_to_kill() -> Iterator[tuple[dict[str, str], Postgres | None]]:
    """As `servers_of_production`, with a PostgreSQL that keeps what it has committed when it is killed."""
    if not os.environ.get("DATABASE_URL"):
        yield {}, None
        return
    with killable_postgres() as postgres, valkey(port=free_port()) as redis_url:
        yield {"DATABASE_URL": postgres.url, "REDIS_URL": redis_url}, postgres
