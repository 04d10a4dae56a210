"""A client of Earnipay's that only had its base URL and key changed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from businesses.models import Business, Member
from businesses.sessions import open_session
from businesses.tests.people import PASSWORD, make_member
from conftest import Api, make_api
from invoicing.lib import json
from messaging import sending
from messaging.models import Message
from messaging.tests.conftest import read

BASE = "/earnipay/v1"
SECRET = "quite a long secret of 2026"


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


def logged_in(member: Member) -> Earnipay:
    """A program in which this person has logged in."""
    return bearing(open_session(member.user).access)


def bearing(token: str) -> Earnipay:
    """A program with this access token."""
    program = Earnipay(Api(None))
    program.headers = {"Authorization": f"Bearer {token}"}
    return program


def log_in(email: str, password: str = PASSWORD, **headers: str) -> Any:
    """What /auth/login answers."""
    return Earnipay(Api(None)).post("/auth/login", {"email": email, "password": password}, **headers)


@pytest.fixture
def owner(alice: Business) -> Member:
    """The owner of Alice's business, who has a password."""
    return make_member(alice, password=True)


@pytest.fixture
def mail_folder(settings: Any, tmp_path: Path) -> Path:
    settings.EMAIL_TO_FILES, settings.DATA_DIR = True, tmp_path
    return tmp_path / "mail"


def token_in(folder: Path) -> str:
    """The token of the newest mail: the last two parts of its link."""
    sending.send_due()
    mail = (folder / f"{Message.objects.latest('id').uuid}.eml").read_bytes()
    body = read(mail).get_body(("plain",)).get_content()  # type: ignore[union-attr]
    found = re.search(r"/accounts/password/([^/]+)/([^/]+)/", body)
    assert found is not None
    return f"{found[1]}.{found[2]}"
