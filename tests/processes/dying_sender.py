"""
A sender that kills itself at a named point of its work.

`python -m tests.processes.dying_sender` reads lines `POINT BUSINESS FILE`. For each it forks a process that publishes an
event of that business (a primary key), sends it, and is gone with SIGKILL at that point; then it prints how that ended. At
`sent` the receiver makes FILE when the request has arrived.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

Function = Callable[..., Any]


class DyingSender:
    """The program, as the test that starts it sees it."""

    def __init__(self, variables: dict[str, str]) -> None:
        command = [sys.executable, "-m", "tests.processes.dying_sender"]
        self.process = subprocess.Popen(
            command, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.process.communicate()

    def die_at(self, point: str, business: int, arrived: Path) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{point} {business} {arrived}\n")
        assert self.process.stdout.readline() == f"{-signal.SIGKILL}\n"


def main() -> None:
    """Import once, then die as often as asked for."""
    import django

    django.setup()
    for line in sys.stdin:
        sender = multiprocessing.get_context("fork").Process(target=_work, args=line.split())
        sender.start()
        sender.join()
        sys.stdout.write(f"{sender.exitcode}\n")
        sys.stdout.flush()


def _work(point: str, business: str, arrived: str) -> None:
    from django.db import transaction

    from businesses.audit import SYSTEM
    from businesses.models import Business
    from webhooks.outbox import publish

    if point in SEAMS:
        module, name, seam = SEAMS[point]
        _wrap(module, name, seam(Path(arrived)) if point == "sent" else seam)
    with transaction.atomic():
        if point == "committed":
            transaction.on_commit(_die)  # before the one that wakes the dispatcher
        publish(Business.objects.get(pk=business), "invoice.paid", {"number": "INV-1"}, actor=SYSTEM)
    _send()


def _send() -> None:
    from webhooks.dispatch import drain

    drain()


def _wrap(module: str, name: str, seam: Callable[[Function], Function]) -> None:
    """Put the seam around a function wherever it has been imported."""
    import webhooks.dispatch  # noqa: F401 - it and all that it imports

    original: Function = getattr(sys.modules[module], name)
    for loaded in [found for title, found in sys.modules.items() if title.startswith("webhooks.")]:
        if getattr(loaded, name, None) is original:
            setattr(loaded, name, seam(original))


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _before_commit(function: Function) -> Function:
    """All that the function writes is written, nothing of it committed."""

    def wrapped(*arguments: Any, **named: Any) -> Any:
        from django.db import transaction

        with transaction.atomic():
            result = function(*arguments, **named)
            if result != []:  # a claim of nothing
                _die()
        return result

    return wrapped


def _after(function: Function) -> Function:
    def wrapped(*arguments: Any, **named: Any) -> Any:
        result = function(*arguments, **named)
        if result != []:
            _die()
        return result

    return wrapped


def _before_answer(arrived: Path) -> Callable[[Function], Function]:
    def seam(send: Function) -> Function:
        async def wrapped(*arguments: Any, **named: Any) -> Any:
            call = asyncio.create_task(send(*arguments, **named))
            while not (arrived.exists() or call.done()):
                await asyncio.sleep(0.005)
            if arrived.exists():
                _die()
            return await call

        return wrapped

    return seam


def _after_answer(send: Function) -> Function:
    async def wrapped(*arguments: Any, **named: Any) -> Any:
        await send(*arguments, **named)
        _die()

    return wrapped


SEAMS: dict[str, tuple[str, str, Function]] = {
    "claiming": ("webhooks.claims", "claim", _before_commit),
    "claimed": ("webhooks.claims", "claim", _after),
    "sent": ("webhooks.dispatch", "send", _before_answer),
    "answered": ("webhooks.dispatch", "send", _after_answer),
    "recording": ("webhooks.outcomes", "record_outcomes", _before_commit),
    "recorded": ("webhooks.outcomes", "record_outcomes", _after),
}

if __name__ == "__main__":
    main()
