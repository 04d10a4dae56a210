"""A web server as production starts it, with one worker, on a database of its own or the one that is measured."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.driver import Connection
from invoicing.lib.env import read_environment
from invoicing.processes.commands import BASE_DIR, web

_TICKS = os.sysconf("SC_CLK_TCK")


class Site:
    """Where it is, and a key of a business on it."""

    def __init__(self, port: int, environ: dict[str, str]) -> None:
        self.port, self.environ = port, environ
        self.business = self._manage("create_business", "Measured").splitlines()[-1]
        key = self._manage("create_api_key", "--business", self.business, "--name", "benchmark", "--scope", "all")
        self.key = key.splitlines()[-1]

    def _manage(self, *words: str) -> str:
        command = [sys.executable, "manage.py", *words]
        done = subprocess.run(command, cwd=BASE_DIR, env=self.environ, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
        return done.stdout.strip()

    def request(self, method: str, path: str, body: Any = None, *, key: bool = True) -> bytes:
        """The bytes of a request."""
        content = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nAccept: application/json\r\n"
        head += f"Authorization: Bearer {self.key}\r\n" if key else ""
        head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n" if content else ""
        return head.encode() + b"\r\n" + content

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The answer to one request, parsed; SystemExit where it is refused."""
        with contextlib.closing(Connection(self.port)) as connection:
            status, content = connection.exchange(self.request(method, path, body))
        if status >= 300:
            raise SystemExit(f"{method} {path}: {status} {content.decode()}")
        return json.loads(content)

    def cpu(self) -> float:
        """Seconds that the server's processes have computed since they began."""
        return sum(_cpu(pid) for pid in self.pids)

    pids: tuple[int, ...] = ()


@contextlib.contextmanager
def site(folder: Path, **environ: str) -> Iterator[Site]:
    """A site with a new business, of DATABASE_URL or (empty) of a SQLite file in `folder`; it ends with the block.

    Calls are counted for the rate limit, which nobody reaches.
    """
    folder.mkdir(exist_ok=True)
    port = _free_port()
    settings = {"DJANGO_SETTINGS_MODULE": "benchmarks.settings", "RATE_LIMIT": "1000000", "GRANIAN_WORKERS": "1"}
    own = {**os.environ, **settings, "DATA_DIR": str(folder), "HOST": "127.0.0.1", "PORT": str(port), **environ}
    for name in ("PUBLIC_URL", "ALLOWED_HOSTS", *(name for name, value in own.items() if not value)):
        own.pop(name, None)
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=BASE_DIR, env=own, check=True)
    made = Site(port, own)
    process = web(replace(read_environment(), host="127.0.0.1", port=port))
    with (folder / "web.log").open("wb") as log:
        environ = {**process.defaults, **own}
        server = subprocess.Popen(process.command, cwd=BASE_DIR, env=environ, stdout=log, stderr=log)  # noqa: S603
    try:
        _wait(port, folder / "web.log")
        made.pids = (server.pid, *_children(server.pid))
        yield made
    finally:
        server.terminate()
        server.wait()


def _wait(port: int, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), contextlib.closing(Connection(port)) as connection:
            if connection.exchange(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")[0] == 200:
                return
        time.sleep(0.1)
    raise SystemExit(f"The server does not answer:\n{log.read_text()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
