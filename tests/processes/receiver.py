"""A receiver of webhooks in a thread: it notes every request, answers some of them 500, and can keep one without an answer."""

from __future__ import annotations

import asyncio
import hashlib
import random
import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from aiohttp import web

_MOST_ERRORS = 3  # for one event at one endpoint: a delivery that is given up would not be the sender's loss


@dataclass(frozen=True, slots=True)
class Request:
    """What arrived, and how it was answered. `attempt` is its X-Webhook-ID, `digest` the SHA-256 of its body."""

    endpoint: str
    event: str
    attempt: str
    digest: str
    status: int


class Receiver:
    """Listens on 127.0.0.1 while the context lasts.

    `errors` is the share of requests that are answered 500; an answer takes up to `pause` seconds.
    """

    def __init__(self, *, errors: float = 0, pause: float = 0) -> None:
        self.errors, self.pause = errors, pause
        self.requests: list[Request] = []
        self.arrived: Path | None = None  # made when the next request has arrived, which then gets no answer
        self.dice, self._refused = random.Random(4), Counter[tuple[str, str]]()  # noqa: S311 - any numbers do
        self._listens, self._ends = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    def __enter__(self) -> Self:
        self._thread.start()
        self._listens.wait()
        return self

    def __exit__(self, *exception: object) -> None:
        self._loop.call_soon_threadsafe(self._ends.set)
        self._thread.join()

    def url(self, endpoint: str) -> str:
        return f"http://127.0.0.1:{self.port}/{endpoint}"

    async def _serve(self) -> None:
        app = web.Application()
        app.router.add_post("/{endpoint}", self._receive)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.port, self._loop = runner.addresses[0][1], asyncio.get_running_loop()
        self._listens.set()
        await self._ends.wait()
        await runner.cleanup()

    async def _receive(self, request: web.Request) -> web.Response:
        endpoint, event = request.match_info["endpoint"], request.headers["webhook-id"]
        digest, status = hashlib.sha256(await request.read()).hexdigest(), self._status((endpoint, event))
        self.requests.append(Request(endpoint, event, request.headers["X-Webhook-ID"], digest, status))
        if self.arrived:
            self.arrived.touch()
            self.arrived = None
            while request.transport is not None:
                await asyncio.sleep(0.01)
        await asyncio.sleep(self.dice.uniform(0, self.pause))
        return web.Response(status=status)

    def _status(self, delivery: tuple[str, str]) -> int:
        if self.dice.random() >= self.errors or self._refused[delivery] == _MOST_ERRORS:
            return 200
        self._refused[delivery] += 1
        return 500
