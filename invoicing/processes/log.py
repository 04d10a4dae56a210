"""One process's log: a file that the process writes by itself, and the few of its lines that a terminal should show."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

_LOUD = {"warning", "error", "critical"}
_LOUD_TEXT = re.compile(r"\[?\b(WARNING|ERROR|CRITICAL|FATAL)\b")
_ROTATE_AT = 20_000_000  # bytes


class Log:
    """Rotated when opened and when it passes 20 MB; the process appends to `descriptor`, which no slow terminal can block."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if path.exists():
            path.replace(path.with_suffix(".log.1"))
        self.descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._read = 0
        self._rest = b""

    def new_loud_lines(self) -> list[str]:
        """The warnings and errors written since the last call, each as one short line."""
        with self.path.open("rb") as file:
            file.seek(self._read)
            chunk = file.read()
        self._read += len(chunk)
        if self._read > _ROTATE_AT:
            self._rotate()
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        shown = (summary(line.decode(errors="replace")) for line in lines)
        return [line for line in shown if line]

    def tail(self, count: int) -> list[str]:
        """The last `count` lines, as they are."""
        lines = self.path.read_text(errors="replace").splitlines()
        return [line for line in lines if line.strip()][-count:]

    def _rotate(self) -> None:
        shutil.copyfile(self.path, self.path.with_suffix(".log.1"))
        os.truncate(self.path, 0)  # the writer appends, so it goes on at the new end
        self._read = 0


def summary(line: str) -> str:
    """A log line for the terminal; empty where it is no warning or error."""
    try:
        entry = json.loads(line)
    except ValueError:
        return line if _LOUD_TEXT.search(line) else ""
    if not isinstance(entry, dict) or entry.get("level") not in _LOUD:
        return ""
    event = str(entry.get("event", "")).strip().partition("\n")[0]
    cause = str(entry.get("exception") or entry.get("error") or "").strip().rpartition("\n")[2]
    return f"{entry['level']}: {event}" + (f" ({cause})" if cause else "")
