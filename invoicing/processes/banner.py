"""The first words of `make run`: where the server is, how to get in, and a line that creates an invoice."""

from __future__ import annotations

import json
import os
import shlex
import sys
import urllib.error
import urllib.request
from pathlib import Path

from invoicing.lib.env import Environment

_SHOWN = ("HOST", "PORT", "PUBLIC_URL", "DATA_DIR")
_KEPT_TO_ITSELF = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY")


def banner(environment: Environment, credentials: Path, *, is_first: bool, allowed_nets: str) -> str:
    """All of it. `is_first`: the credentials were made by this start, so they are shown, else only their path."""
    lines = [
        "",
        f"Invoicing runs at {environment.public_url}/ (Ctrl-C stops it; logs in {environment.data_dir}/log)",
        "",
    ]
    if not credentials.exists():
        lines += _how_to_begin()
    elif is_first:
        lines += _how_to_get_in(environment.public_url, read_credentials(credentials), credentials)
    else:
        lines += [f"  Login and API key: {credentials}"]
    if allowed_nets:
        lines += ["", f"  This demo may send webhooks to this machine: OUTGOING_ALLOW_NETS={allowed_nets}"]
    return "\n".join([*lines, ""])


def read_credentials(path: Path) -> dict[str, str]:
    """The `name=value` lines of demo-credentials."""
    pairs = (line.partition("=") for line in path.read_text().splitlines() if "=" in line)
    return {name.strip(): value.strip() for name, _, value in pairs}


def refresh_url(path: Path, url: str) -> None:
    """Let the credentials name the address of this start; the file is replaced at once or not at all."""
    text = path.read_text()
    fresh = "".join(f"url={url}\n" if line.startswith("url=") else line for line in text.splitlines(keepends=True))
    if fresh == text:
        return
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(fresh)
    draft.replace(path)


def _how_to_get_in(url: str, given: dict[str, str], path: Path) -> list[str]:
    customer = first_customer(url, given["api_key"])
    line = {"description": "Consulting", "quantity": 2, "unit_price": 125, "tax_rate": 20}
    body = json.dumps({"customer_id": customer, "items": [line]})
    return [
        f"  Admin     {url}/admin/",
        f"  Login     {given['login']}",
        f"  Password  {given['password']}",
        f"  API       {url}/api/v1/docs",
        f"  API key   {given['api_key']}",
        f"  (kept in {path})",
        "",
        "  Create an invoice:",
        f"  curl -sS {url}/api/v1/invoices -H 'Authorization: Bearer {given['api_key']}' \\",
        f"    -H 'Content-Type: application/json' -d {shlex.quote(body)}",
    ]


def first_customer(url: str, key: str) -> str:
    """The id of a customer that the key may bill; a word that asks for one where the API does not answer."""
    request = urllib.request.Request(  # noqa: S310 - our own http(s) PUBLIC_URL
        f"{url}/api/v1/customers?limit=1", headers={"Authorization": f"Bearer {key}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            return str(json.load(answer)["data"][0]["id"])
    except (OSError, ValueError, LookupError):
        return "CUSTOMER_ID"


def _how_to_begin() -> list[str]:
    manage = f"{_assignments()}{_python()} manage.py"
    return [
        "  There is no demo. Make a business (the last line printed is its id), then a key for it:",
        f"  {manage} create_business 'My Company' --currency USD --country US --owner you@example.com",
        f"  {manage} create_api_key --business BUSINESS_ID --name 'my program' --scope all",
    ]


def _python() -> str:
    path = Path(sys.executable)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _assignments() -> str:
    """What the command lines must be given again; secrets are not repeated on a terminal."""
    given = {name: os.environ[name] for name in _SHOWN if os.environ.get(name)}
    if given.get("DATA_DIR") == str(Path("var").resolve()):
        del given["DATA_DIR"]  # the default, which the supervisor has made absolute
    shown = [f"{name}={shlex.quote(value)}" for name, value in given.items()]
    hidden = [f"{name}=…" for name in _KEPT_TO_ITSELF if os.environ.get(name)]
    return "".join(f"{assignment} " for assignment in shown + hidden)
