"""What each process is: its command line, the signal that ends it gently, and how long it may take over that."""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from invoicing.lib.env import Environment

BASE_DIR = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A program to run. `patience` is in seconds; `defaults` are variables that the outside may override."""

    name: str
    command: list[str]
    stop: signal.Signals = signal.SIGTERM
    patience: float = 20
    defaults: dict[str, str] = field(default_factory=dict)
    speaks: bool = True  # whether its warnings are worth a line on the terminal

    def environ(self) -> dict[str, str]:
        return {**self.defaults, **os.environ}


def web(environment: Environment) -> Process:
    """granian; its own GRANIAN_WORKERS, GRANIAN_BACKLOG … may be set from outside."""
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--http", "1", "--no-ws"]
    command += ["--host", environment.host, "--port", str(environment.port)]
    command += ["--log-level", "error", "--respawn-failed-workers", "invoicing.wsgi:application"]
    defaults = {
        "GRANIAN_WORKERS": "2",
        # A thread waits while a client sends its body; with one a worker, two stalled clients would stop everything.
        "GRANIAN_BLOCKING_THREADS": "16",
        "GRANIAN_BACKPRESSURE": "4000",  # it counts connections, idle ones too: at its default 1,100 of them stop all
        "GRANIAN_WORKERS_KILL_TIMEOUT": "5",
    }
    return Process(name="web", command=command, defaults=defaults)


def worker(environment: Environment) -> Process:
    """Takes tasks of the queue `work`. SIGQUIT is Celery's soft shutdown: tasks have 5 s, then they return to the queue."""
    command = _celery_worker("worker", "work", "--pool", "prefork", "--concurrency", "2")
    return Process(name="worker", command=command, stop=signal.SIGQUIT)


def dispatcher(environment: Environment) -> Process:
    """
    Takes tasks of the queue `dispatch`, one at a time, in the process itself.

    SIGTERM, not SIGQUIT: a solo pool runs the task in the thread that handles the signal, so the five seconds of a soft
    shutdown would only hold up the very task that they are meant for.
    """
    return Process(name="dispatcher", command=_celery_worker("dispatcher", "dispatch", "--pool", "solo"))


def scheduler(environment: Environment) -> Process:
    """Sends the tasks of CELERY_BEAT_SCHEDULE; there must be only one of these."""
    return Process(name="scheduler", command=_celery("beat", "--loglevel", "warning"))


PROCESSES: dict[str, Callable[[Environment], Process]] = {
    "web": web,
    "worker": worker,
    "dispatcher": dispatcher,
    "scheduler": scheduler,
}


def raise_file_limit() -> None:
    """Allow as many open files as the system lets us, up to 16,384: a connection is a file, and Debian's default is 1,024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 16_384 if hard == resource.RLIM_INFINITY else min(hard, 16_384)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _celery(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "celery", "--quiet", "--no-color", "--app", "invoicing", *arguments]


def _celery_worker(name: str, queue: str, *arguments: str) -> list[str]:
    # The pid makes the node's name unique where several run on one machine; gossip, mingle and heartbeats serve nobody here.
    node = f"{name}-{os.getpid()}@%h"
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "warning"]
    return _celery("worker", "--queues", queue, "--hostname", node, *quiet, *arguments)
