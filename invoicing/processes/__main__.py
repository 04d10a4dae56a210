"""`python -m invoicing.processes run|prepare|web|worker|dispatcher|scheduler`: all of them, or one, in the foreground."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from typing import NoReturn

from invoicing.lib.env import read_environment
from invoicing.processes.commands import BASE_DIR, PROCESSES, Process, raise_file_limit
from invoicing.processes.prepare import prepare
from invoicing.processes.start import run


def main() -> int:
    """Do what the first argument names."""
    parser = ArgumentParser(prog="python -m invoicing.processes")
    parser.add_argument("what", choices=["run", "prepare", *PROCESSES])
    what = parser.parse_args().what
    raise_file_limit()
    os.umask(0o077)  # the database, mail and keys are nobody else's to read
    if what == "run":
        return run()
    if what == "prepare":
        return prepare()
    return become(PROCESSES[what](read_environment()))


def become(process: Process) -> NoReturn:
    """Replace this process by that one, so that a signal to it needs no messenger."""
    os.chdir(BASE_DIR)
    os.execve(process.command[0], process.command, process.environ())  # noqa: S606 - our own command lines


sys.exit(main())
