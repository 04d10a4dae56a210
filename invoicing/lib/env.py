"""The environment, read once: every variable the server knows, its default, and a clear refusal of what is wrong."""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured


class BadEnvironment(SystemExit):
    """A variable cannot be what it says; the process does not start."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """All settings from outside. Paths are absolute; `email` and `database` are Django's own dictionaries."""

    host: str
    port: int
    data_dir: Path
    public_url: str
    secret_key: str
    database: dict[str, Any]
    redis_url: str  # as redis-py spells it: unix://… or redis://…
    embedded_broker: Path | None  # the socket of our own Valkey, where REDIS_URL is not given
    trusted_proxies: list[str]
    allowed_hosts: list[str]
    email: dict[str, Any] | None
    email_from: str
    rate_limit: int
    outgoing_allow_nets: list[str]
    webhook_calls_per_endpoint: int
    event_retention_days: int
    demo: bool
    debug: bool


def read_environment() -> Environment:
    """Read the process environment; BadEnvironment names the variable that is wrong."""
    env = environ.Env()
    data_dir = Path(env.str("DATA_DIR", "") or "var").resolve()
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    host, port = env.str("HOST", "127.0.0.1"), _integer(env, "PORT", 8000, 1, 65535)
    public_url = _public_url(env.str("PUBLIC_URL", "") or f"http://{_url_host(host)}:{port}")
    socket = None if env.str("REDIS_URL", "") else broker_socket(data_dir)
    return Environment(
        host=host,
        port=port,
        data_dir=data_dir,
        public_url=public_url,
        secret_key=env.str("SECRET_KEY", "") or _kept_secret(data_dir / "secret-key"),
        database=_database(env, data_dir),
        redis_url=f"unix://{socket}" if socket else env.str("REDIS_URL"),
        embedded_broker=socket,
        trusted_proxies=_networks(env, "TRUSTED_PROXIES"),
        allowed_hosts=_hosts(env, public_url, host),
        email=_email(env),
        email_from=env.str("EMAIL_FROM", "") or "invoicing@localhost",
        rate_limit=_integer(env, "RATE_LIMIT", 100, 0, 1_000_000),
        outgoing_allow_nets=_networks(env, "OUTGOING_ALLOW_NETS"),
        webhook_calls_per_endpoint=_integer(env, "WEBHOOK_CALLS_PER_ENDPOINT", 4, 1, 100),
        event_retention_days=_integer(env, "EVENT_RETENTION_DAYS", 365, 0, 36_500),
        demo=env.str("DEMO", "1") not in {"0", "false", "no", "off"},
        debug=env.str("DEBUG", "0") in {"1", "true", "yes", "on"},
    )


def broker_socket(data_dir: Path) -> Path:
    """Where the embedded Valkey listens: in DATA_DIR, or in a short folder where that path passes the kernel's 107 bytes."""
    socket = data_dir / "valkey.sock"
    if len(os.fsencode(socket)) <= 100:
        return socket
    short = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"invoicing-{os.getuid()}-{short}" / "valkey.sock"


def _integer(env: environ.Env, name: str, default: int, low: int, high: int) -> int:
    text = env.str(name, "") or str(default)
    if not text.isdigit() or not low <= int(text) <= high:
        raise BadEnvironment(name, f"{text!r} is not a whole number from {low} to {high}.")
    return int(text)


def _url_host(host: str) -> str:
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - what to show, not what to bind
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _public_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path not in {"", "/"}:
        raise BadEnvironment("PUBLIC_URL", f"{url!r} is not http(s)://host[:port] without a path.")
    return url.rstrip("/")


def _networks(env: environ.Env, name: str) -> list[str]:
    values = [value.strip() for value in env.str(name, "").split(",") if value.strip()]
    for value in values:
        try:
            ip_network(value)
        except ValueError as error:
            raise BadEnvironment(name, f"{error}; expected CIDRs separated by commas.") from None
    return values


def _hosts(env: environ.Env, public_url: str, host: str) -> list[str]:
    given = [value.strip() for value in env.str("ALLOWED_HOSTS", "").split(",") if value.strip()]
    return given or sorted({urlsplit(public_url).hostname or "", host, "localhost", "127.0.0.1", "[::1]"})


def _kept_secret(path: Path) -> str:
    """The secret in `path`, made once; O_EXCL so that two processes that start together agree."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(50))
    secret = path.read_text().strip()
    if not secret:
        raise BadEnvironment("SECRET_KEY", f"{path} is empty; delete it or set SECRET_KEY.")
    return secret


def _database(env: environ.Env, data_dir: Path) -> dict[str, Any]:
    if not env.str("DATABASE_URL", ""):
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(data_dir / "invoicing.sqlite3")}
    config: dict[str, Any] = env.db_url("DATABASE_URL")
    if config["ENGINE"] not in {"django.db.backends.sqlite3", "django.db.backends.postgresql"}:
        raise BadEnvironment("DATABASE_URL", "expected postgres://… or sqlite:///….")
    return config


def _email(env: environ.Env) -> dict[str, Any] | None:
    if not env.str("EMAIL_URL", ""):
        return None
    try:
        config: dict[str, Any] = env.email_url("EMAIL_URL")
    except (ImproperlyConfigured, ValueError):
        config = {}
    if not str(config.get("EMAIL_BACKEND", "")).endswith("smtp.EmailBackend"):
        raise BadEnvironment("EMAIL_URL", "expected smtp://, smtp+tls:// or smtp+ssl://user:password@host:port.")
    return config
