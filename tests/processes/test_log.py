"""Which lines of a process's log reach the terminal."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from invoicing.processes.log import Log, summary


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (json.dumps({"event": "request", "level": "info"}), ""),
        (
            json.dumps({"event": "broker_away", "level": "warning", "error": "refused"}),
            "warning: broker_away (refused)",
        ),
        (
            json.dumps({"event": "it\nbroke", "level": "error", "exception": "Traceback\n  x\nKeyError: 1"}),
            "error: it (KeyError: 1)",
        ),
        ("[ERROR] Unexpected exit from worker-1", "[ERROR] Unexpected exit from worker-1"),
        ("worker: Warm shutdown (MainProcess)", ""),
        ('"a JSON string"', ""),
    ],
)
def test_summary(line: str, shown: str) -> None:
    assert summary(line) == shown


def test_a_line_is_shown_once_and_when_it_is_whole(tmp_path: Path) -> None:
    log = Log(tmp_path / "web.log")
    os.write(log.descriptor, b"[ERROR] fir")
    assert log.new_loud_lines() == []
    os.write(log.descriptor, b"st\nquiet\n[ERROR] second\n")
    assert log.new_loud_lines() == ["[ERROR] first", "[ERROR] second"]
    assert log.new_loud_lines() == []
    os.close(log.descriptor)


def test_an_old_log_is_kept_beside_the_new_one(tmp_path: Path) -> None:
    for text in (b"one\n", b"two\n"):
        log = Log(tmp_path / "web.log")
        os.write(log.descriptor, text)
        os.close(log.descriptor)
    assert (tmp_path / "web.log").read_bytes() == b"two\n"
    assert (tmp_path / "web.log.1").read_bytes() == b"one\n"
