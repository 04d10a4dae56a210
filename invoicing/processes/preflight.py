"""What must be true before anything is started; each refusal is one sentence that names the variable to change."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import tempfile
import time
from pathlib import Path

from invoicing.lib.env import Environment, read_environment


def checked_environment() -> Environment:
    """The environment with a DATA_DIR that can be written and a port that is free; SystemExit says what is wrong."""
    try:
        environment = read_environment()
        with tempfile.TemporaryFile(dir=environment.data_dir):
            pass
    except OSError as error:
        folder = Path(os.environ.get("DATA_DIR") or "var").resolve()
        raise SystemExit(f"DATA_DIR: {folder} cannot be used ({error.strerror}).") from None
    check_port(environment.host, environment.port)
    return environment


def check_port(host: str, port: int) -> None:
    """SystemExit unless a server could listen there now."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise SystemExit(_why_not(host, port, error)) from None


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"PORT: {port} on {host} is in use; stop what listens there or choose another: make run PORT={port + 1}"
    if error.errno == errno.EACCES:
        return f"PORT: {port} is for root alone; choose one from 1024 up: make run PORT=8000"
    return f"HOST: {host} is no address of this machine ({error.strerror})."


def lock_data_dir(data_dir: Path) -> int:
    """
    The descriptor of a lock that says this DATA_DIR is in use; SystemExit while another start holds it.

    Children inherit it, so it is free only when the last process of an earlier start has gone.
    """
    descriptor = os.open(data_dir / "run.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + 15
    while not _locked(descriptor):
        holder = os.pread(descriptor, 20, 0).decode().strip()
        if Path(f"/proc/{holder or 'self'}").exists() or time.monotonic() > deadline:
            raise SystemExit(f"DATA_DIR: {data_dir} is in use by a server that is running (process {holder}).")
        time.sleep(0.1)
    os.truncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return descriptor


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
