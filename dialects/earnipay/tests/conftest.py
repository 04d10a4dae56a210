"""A client of Earnipay's that only had its base URL and key changed."""

from __future__ import annotations

from typing import Any

import pytest

from businesses.models import Business
from conftest import Api, make_api
from invoicing.lib import json

BASE = "/earnipay/v1"


class Earnipay(Api):
    """`program.post("/customers", {...})` answers with `.status_code` and `.json()`; `by` is how the key is sent."""

    def __init__(self, api: Api, by: str = "X-API-Key") -> None:
        self.client = api.client
        bearer = api.headers.get("Authorization", "")
        self.headers = {by: bearer.removeprefix("Bearer ") if by == "X-API-Key" else bearer} if bearer else {}

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        data = body if isinstance(body, bytes) else (b"" if body is None else json.encode(body))
        content = {"data": data, "content_type": "application/json"} if body is not None else {}
        return self.client.generic(method, f"{BASE}{path}", headers={**self.headers, **sent}, **content)

    def data(self, path: str) -> Any:
        """What a GET that must work gives."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.content
        return answer.json()["data"]


@pytest.fixture
def program(api: Api) -> Earnipay:
    """Alice's program."""
    return Earnipay(api)


@pytest.fixture
def bobs(bob_api: Api) -> Earnipay:
    """Bob's program."""
    return Earnipay(bob_api)


@pytest.fixture
def business(alice: Business) -> str:
    """The id of Alice's business, as her program names it."""
    return str(alice.uuid)


@pytest.fixture
def customer(program: Earnipay, business: str) -> str:
    """The id of a customer."""
    return str(program.post("/customers", {"businessId": business, "name": "Delta"}).json()["data"]["id"])


def scoped(business: Business, scope: str) -> Earnipay:
    """A program of a business whose key has this scope."""
    return Earnipay(make_api(business, scope))


def refusal(answer: Any) -> tuple[int, str]:
    """Status and sentence of a refusal in Earnipay's form."""
    body = answer.json()
    assert set(body) == {"statusCode", "message", "error"}, body
    assert body["statusCode"] == answer.status_code
    assert isinstance(body["message"], str)
    return answer.status_code, body["message"]
