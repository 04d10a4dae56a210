"""However an inside address is spelled, it is not taken as an endpoint's URL and not dialled; what is public is taken."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from businesses.models import Business
from invoicing.lib.errors import Invalid
from invoicing.lib.http import Answer, Client, check_url
from invoicing.lib.secrets import encrypt
from webhooks.dispatch import drain
from webhooks.models import Attempt, Delivery, Endpoint
from webhooks.tests.spellings import PUBLIC, RESOLVED, sample, spellings

SPELLINGS = spellings()
SOME, FEW = sample(SPELLINGS, 250), sample(SPELLINGS, 60)
PORTS = (443, 8443)

_dials: list[Any] | None = None


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and _dials is not None and isinstance(arguments[1], tuple):
        _dials.append(arguments[1])


sys.addaudithook(_note)  # Python itself says whenever a socket is about to be connected; a hook cannot be taken back


@pytest.fixture
def dials() -> Iterator[list[Any]]:
    """The addresses that are dialled during a test."""
    global _dials
    _dials = []
    yield _dials
    _dials = None


@pytest.fixture(autouse=True)
def name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the place of the system's: knows RESOLVED, and the system's ways to read a number."""
    system = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        found = RESOLVED.get(host.rstrip(".").lower())
        if found is None:
            return system(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        kinds = [(socket.AF_INET6 if ":" in address else socket.AF_INET, address) for address in found]
        return [(kind, socket.SOCK_STREAM, 6, "", (address, port)) for kind, address in kinds]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def outside(dials: list[Any]) -> list[Any]:
    """Those of a URL: not the broker's or the database's."""
    return [address for address in dials if address[1] in PORTS]


def is_taken(url: str) -> bool:
    try:
        check_url(url)
    except Invalid as refusal:
        return refusal.details[0].field != "url"
    return True


def test_there_are_many() -> None:
    assert len(SPELLINGS) >= 1000
    assert 50 <= len(FEW) <= 80


def test_dials_are_seen(dials: list[Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        socket.create_connection(listener.getsockname()).close()
        assert dials == [listener.getsockname()]


def test_none_is_taken(dials: list[Any]) -> None:
    assert [url for url in SPELLINGS if is_taken(url)] == []
    assert outside(dials) == []


@pytest.mark.parametrize("url", PUBLIC)
def test_public_is_taken(url: str, dials: list[Any]) -> None:
    assert is_taken(url)
    assert outside(dials) == []


def test_none_is_dialled(dials: list[Any]) -> None:
    async def run() -> list[Answer]:
        async with Client() as client:
            return await asyncio.gather(*(client.post(url, b"{}", {}) for url in SPELLINGS))

    answers = asyncio.run(run())
    assert [url for url, answer in zip(SPELLINGS, answers, strict=True) if not answer.error or answer.status] == []
    assert outside(dials) == []


@pytest.mark.django_db
def test_none_is_taken_by_the_api(api: Any, dials: list[Any]) -> None:
    public = {"url": "https://hooks.example.com/", "events": ["*"]}
    path = f"/webhooks/{api.post('/webhooks', public).json()['id']}"
    for url in FEW:
        for answer in (api.post("/webhooks", {**public, "url": url}), api.patch(path, {"url": url})):
            assert answer.status_code == 400, url
            if "\0" not in url:  # which is no text at all
                assert [detail["field"] for detail in answer.json()["details"]] == ["url"]
    assert [endpoint.url for endpoint in Endpoint.objects.all()] == [public["url"]]
    assert outside(dials) == []


@pytest.mark.django_db
def test_none_is_dialled_for_a_test_event(api: Any, alice: Business, dials: list[Any]) -> None:
    planted = plant(alice, FEW)
    for endpoint in planted:
        assert api.post(f"/webhooks/{endpoint.uuid}/test").status_code in {202, 400}
    drain()
    expect_failures(planted)
    assert outside(dials) == []


@pytest.mark.django_db
def test_none_is_dialled_at_delivery(alice: Business, tell: Any, dials: list[Any]) -> None:
    """Also where a row says so, whoever wrote it."""
    planted = plant(alice, SOME)
    tell()
    assert drain() == len(planted) >= 200
    expect_failures(planted)
    assert outside(dials) == []


def plant(business: Business, urls: list[str]) -> list[Endpoint]:
    secret = encrypt("ab" * 32)
    rows = [Endpoint(business=business, url=url, events=["*"], secret=secret) for url in urls if "\0" not in url]
    return Endpoint.objects.bulk_create(rows)


def expect_failures(planted: list[Endpoint]) -> None:
    assert not Delivery.objects.exclude(state="pending").exists()
    assert Attempt.objects.filter(status_code=None, error__endswith=".").count() == len(planted)
