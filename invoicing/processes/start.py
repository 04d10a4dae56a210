"""`make run`: checks, broker, migrations and demo, then the four processes, the banner, and a clean end."""

from __future__ import annotations

import http.client
import os
import sys
from ipaddress import ip_address
from urllib.parse import urlsplit

from invoicing.lib.env import Environment
from invoicing.processes import commands
from invoicing.processes.banner import banner, refresh_url
from invoicing.processes.broker import answers, broker
from invoicing.processes.commands import Process
from invoicing.processes.preflight import checked_environment, lock_data_dir
from invoicing.processes.supervisor import Supervisor, say

_LOOPBACK_NETS = "127.0.0.0/8,::1/128"


def run() -> int:
    """Run everything until Ctrl-C; 0 after a clean end, 1 when it could not start."""
    environment = checked_environment()
    lock = lock_data_dir(environment.data_dir)
    os.environ["DATA_DIR"] = str(environment.data_dir)
    os.environ["PYTHONUNBUFFERED"] = "1"
    nets = _allow_loopback(environment)
    with Supervisor(environment.data_dir / "log", keep=[lock]) as supervisor:
        started = _start(supervisor, environment, nets)
        if started:
            supervisor.watch()
        say("Stopping …")
    return 0 if started or supervisor.requests else 1


def _allow_loopback(environment: Environment) -> str:
    """Let the demo's webhooks reach a receiver on this machine, where the server itself is not open to others."""
    public = urlsplit(environment.public_url).hostname or ""
    is_private = _is_loopback(environment.host) and _is_loopback(public)
    if not environment.demo or "OUTGOING_ALLOW_NETS" in os.environ or not is_private:
        return ""
    os.environ["OUTGOING_ALLOW_NETS"] = _LOOPBACK_NETS
    return _LOOPBACK_NETS


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _start(supervisor: Supervisor, environment: Environment, nets: str) -> bool:
    credentials = environment.data_dir / "demo-credentials"
    is_first = not credentials.exists()
    if not (_broker_is_up(supervisor, environment) and _prepared(supervisor, environment, is_first=is_first)):
        return False
    supervisor.add(commands.web(environment))
    if not supervisor.wait_until(lambda: _web_answers(environment), seconds=60):
        _complain(supervisor, f"The web server does not answer; see {supervisor.log_dir / 'web.log'}.")
        return False
    # Only now, so that five Pythons that start do not hold up the one that people wait for.
    for process in (commands.worker, commands.dispatcher, commands.scheduler):
        supervisor.add(process(environment))
    if credentials.exists():
        refresh_url(credentials, environment.public_url)
    say(banner(environment, credentials, is_first=is_first, allowed_nets=nets))
    return True


def _broker_is_up(supervisor: Supervisor, environment: Environment) -> bool:
    socket = environment.embedded_broker
    if socket is None:
        if not answers(environment.redis_url):
            _complain(supervisor, "REDIS_URL: no Redis or Valkey answers there.")
            return False
        return True
    supervisor.add(broker(socket, environment.data_dir / "valkey"))
    if not supervisor.wait_until(lambda: answers(environment.redis_url), seconds=20):
        _complain(supervisor, f"The embedded broker does not answer; see {supervisor.log_dir / 'broker.log'}.")
        return False
    return True


def _prepared(supervisor: Supervisor, environment: Environment, *, is_first: bool) -> bool:
    if is_first and environment.demo:
        say("First start: making the tables and a demo business with a year of data …")
    command = [sys.executable, "-m", "invoicing.processes", "prepare"]
    child = supervisor.complete(Process(name="prepare", command=command))
    if child.running.returncode != 0:
        whole = f"\n(all of it in {child.log.path})" if len(child.log.tail(2)) > 1 else ""
        _complain(supervisor, "".join(child.log.tail(1)) + whole)
    return child.running.returncode == 0 and not supervisor.requests


def _complain(supervisor: Supervisor, text: str) -> None:
    if not supervisor.requests:  # whoever asked for the end knows why it did not start
        say(text)


def _web_answers(environment: Environment) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(environment.host, environment.host)  # noqa: S104
    connection = http.client.HTTPConnection(host, environment.port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
