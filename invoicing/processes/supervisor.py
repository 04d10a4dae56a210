"""Keeps processes running: starts each in a session of its own, starts it again when it dies, ends all in order."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from invoicing.processes.commands import BASE_DIR, Process
from invoicing.processes.log import Log

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1
_TICK = 0.1  # seconds
_STEADY = 30.0  # seconds after which a death is not put down to the start
_LONGEST_WAIT = 30.0  # seconds between two starts
_ORDER = [["scheduler"], ["web"], ["worker", "dispatcher"], ["broker"]]  # who asks ends before who answers


def say(text: str) -> None:
    """Write a line to the terminal; one that has been closed is no reason to fail."""
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except OSError:
        return


class Child:
    """One process, its log, and the memory of how often it died at once."""

    def __init__(self, process: Process, log_dir: Path, keep: list[int]) -> None:
        self.process = process
        self.log = Log(log_dir / f"{process.name}.log")
        self._keep = keep
        self._quick_deaths = 0
        self._last_said = ""
        self._again_at: float | None = None
        self.running = self._spawn()

    def _spawn(self) -> subprocess.Popen[bytes]:
        self._started = time.monotonic()
        return subprocess.Popen(  # noqa: S603 - command lines of commands.py
            self.process.command,
            cwd=BASE_DIR,
            env=self.process.environ(),
            stdin=subprocess.DEVNULL,
            stdout=self.log.descriptor,
            stderr=self.log.descriptor,
            pass_fds=self._keep,
            start_new_session=True,  # so that Ctrl-C reaches the supervisor alone
            preexec_fn=ends_with_parent(self.process.stop),
        )

    def attend(self) -> None:
        """Show what is new in the log; start the process again if it died and its pause is over."""
        self.show()
        now = time.monotonic()
        if self._again_at is not None:
            if now >= self._again_at:
                self._again_at, self.running = None, self._spawn()
        elif self.running.poll() is not None:
            self.sweep()
            self._again_at = now + self._pause(now - self._started)

    def _pause(self, lived: float) -> float:
        self._quick_deaths = self._quick_deaths + 1 if lived < _STEADY else 1
        wait: float = min(_LONGEST_WAIT, 0.5 * 2 ** (self._quick_deaths - 1))
        often = f" for the {self._quick_deaths}th time in a row" if self._quick_deaths > 3 else ""
        say(f"{self.process.name}: ended{often} ({_reason(self.running.returncode)}); starting again in {wait:g} s.")
        if self._quick_deaths > 3:
            say("\n".join([f"  its log {self.log.path} ends:", *(f"  | {line}" for line in self.log.tail(8))]))
        return wait

    def show(self) -> None:
        for line in self.log.new_loud_lines() if self.process.speaks else []:
            if line != self._last_said:
                say(f"{self.process.name}: {line}")
            self._last_said = line

    def ask_to_end(self) -> None:
        """The gentle signal, to the process itself and never to its group: Celery's pool must not get it too."""
        if self.running.poll() is None:
            self.running.send_signal(self.process.stop)

    def sweep(self) -> None:
        """Kill what is left of its session."""
        try:
            os.killpg(self.running.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        finally:
            self.running.wait()


class Supervisor:
    """A context: inside, children run; SIGINT, SIGTERM and SIGHUP ask for the end, a second one kills."""

    def __init__(self, log_dir: Path, keep: list[int]) -> None:
        log_dir.mkdir(exist_ok=True, mode=0o700)
        self.log_dir, self.keep = log_dir, keep
        self.children: dict[str, Child] = {}
        self.requests = 0

    def __enter__(self) -> Supervisor:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # ignored under nohup
                signal.signal(number, self._request)
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def _request(self, number: int, frame: FrameType | None) -> None:
        self.requests += 1

    def add(self, process: Process) -> Child:
        """Start a process, to be kept running until the end."""
        child = self.children[process.name] = Child(process, self.log_dir, self.keep)
        return child

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> bool:
        """Watch the children until `ready()`; False when the end is asked for, or that long has passed."""
        deadline = time.monotonic() + seconds
        while not self.requests and time.monotonic() < deadline:
            if ready():
                return True
            self._attend()
        return False

    def complete(self, process: Process) -> Child:
        """Run a process to its end; ended early when the end of all is asked for."""
        child = Child(process, self.log_dir, self.keep)
        while child.running.poll() is None and not self.requests:
            self._attend()
            child.show()
        child.ask_to_end()
        self._await([child])
        child.show()
        return child

    def watch(self) -> None:
        """Keep all running until the end is asked for."""
        while not self.requests:
            self._attend()

    def _attend(self) -> None:
        for child in self.children.values():
            child.attend()
        time.sleep(_TICK)

    def stop(self) -> None:
        """End all, in order, each with its patience; a further request kills at once."""
        for names in _ORDER:
            children = [self.children[name] for name in names if name in self.children]
            for child in children:
                child.ask_to_end()
            self._await(children)

    def _await(self, children: list[Child]) -> None:
        deadline = time.monotonic() + max((child.process.patience for child in children), default=0)
        while any(child.running.poll() is None for child in children):
            if self.requests > 1 or time.monotonic() > deadline:
                break
            time.sleep(0.02)
        for child in children:
            if child.running.poll() is None:
                say(f"{child.process.name}: did not end by itself and was killed.")
            child.sweep()


def ends_with_parent(stop: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn` that has the kernel send `stop` to the new process when this one dies, however it dies."""
    parent, heard = os.getpid(), {signal.SIGINT, signal.SIGTERM, signal.SIGQUIT}

    def before_exec() -> None:
        for number in heard:  # a shell's background job, `make run &`, would ignore SIGQUIT, and pass that on
            signal.signal(number, signal.SIG_DFL)
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(stop))
        # SIGQUIT before Celery has its handler would leave a core file behind, and secrets in it.
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
        if os.getppid() != parent:
            os._exit(1)

    return before_exec


def _reason(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
