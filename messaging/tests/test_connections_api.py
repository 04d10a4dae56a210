"""`/connections` over HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest

from businesses.models import AuditEntry, Business
from conftest import Api, make_api
from messaging.models import Connection

TOKEN = "0123456789abcdef0123456789abWXYZ"
TWILIO = {"provider": "twilio", "account": "AC" + "a" * 32, "credential": TOKEN, "sender": "+14155550100"}
LOB = {"provider": "lob", "credential": "live_0123456789abcdef0123456789abcdefghi"}


def test_connect_list_replace_and_forget(api: Api) -> None:
    answer = api.post("/connections", TWILIO)
    assert answer.status_code == 200, answer.content
    shown = answer.json()
    assert {name: shown[name] for name in ("provider", "account", "sender", "base_url", "credential")} == {
        "provider": "twilio",
        "account": TWILIO["account"],
        "sender": "+14155550100",
        "base_url": "https://api.twilio.com",
        "credential": "…WXYZ",
    }
    lob = api.post("/connections", LOB).json()
    assert (lob["account"], lob["sender"], lob["base_url"]) == (None, None, "https://api.lob.com")
    assert [row["provider"] for row in api.get("/connections").json()["data"]] == ["lob", "twilio"]
    assert [row["provider"] for row in api.get("/connections?provider=lob").json()["data"]] == ["lob"]

    again = api.post("/connections", {**TWILIO, "sender": "MG" + "b" * 32}).json()
    assert (again["id"], again["sender"]) == (shown["id"], "MG" + "b" * 32)
    kept = {name: value for name, value in TWILIO.items() if name != "credential"}
    assert api.post("/connections", kept).json()["credential"] == "…WXYZ"
    assert api.delete("/connections/twilio").status_code == 204
    assert api.delete("/connections/twilio").status_code == 404
    assert [row["provider"] for row in api.get("/connections").json()["data"]] == ["lob"]


def test_the_secret_is_never_shown(api: Api, alice: Business) -> None:
    answers = [api.post("/connections", TWILIO), api.get("/connections"), api.post("/connections", {**LOB, "x": 1})]
    answers.append(api.post("/connections", {**TWILIO, "credential": TOKEN + " with spaces"}))
    assert not [answer for answer in answers if TOKEN[:20] in answer.content.decode()]
    row = Connection.objects.get()
    assert TOKEN[:8] not in row.credential
    assert row.credential_hint == "WXYZ"
    assert TOKEN[:8] not in json.dumps([entry.changes for entry in AuditEntry.objects.of(alice)])


@pytest.mark.parametrize("change", [{"base_url": "https://example.com"}, {"account": "AC" + "b" * 32}])
def test_a_kept_secret_goes_nowhere_else(api: Api, change: dict[str, str]) -> None:
    api.post("/connections", TWILIO)
    body = {name: value for name, value in TWILIO.items() if name != "credential"}
    answer = api.post("/connections", {**body, **change})
    assert (answer.status_code, answer.json()["details"][0]["field"]) == (400, "credential")
    assert Connection.objects.get().base_url == "https://api.twilio.com"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "provider"),
        ({**TWILIO, "provider": "sendgrid"}, "provider"),
        ({**TWILIO, "account": ""}, "account"),
        ({**TWILIO, "account": "AC/../x"}, "account"),
        ({**TWILIO, "sender": "+1 415"}, "sender"),
        ({**TWILIO, "sender": None}, "sender"),
        ({**TWILIO, "credential": None}, "credential"),
        ({**TWILIO, "credential": "short"}, "credential"),
        ({**TWILIO, "credential": "x" * 201}, "credential"),
        ({**TWILIO, "base_url": "http://api.twilio.com"}, "base_url"),
        ({**TWILIO, "base_url": "https://10.0.0.1"}, "base_url"),
        ({**TWILIO, "base_url": "https://localhost"}, "base_url"),
        ({**TWILIO, "base_url": "ftp://x"}, "base_url"),
        ({**TWILIO, "base_url": "https://u:p@example.com"}, "base_url"),
        ({**TWILIO, "base_url": "https://example.com/?x="}, "base_url"),
        ({**TWILIO, "base_url": 7}, "base_url"),
        ({**TWILIO, "base_url": "https://example.com/" + "a" * 1_900}, "base_url"),  # with a path behind it is too long
        ({**LOB, "account": "AC" + "a" * 32}, "account"),
        ({**LOB, "sender": "+14155550100"}, "sender"),
        ({**LOB, "nonsense": 1}, "nonsense"),
    ],
)
def test_bodies_that_cannot_be(api: Api, body: Any, field: str) -> None:
    answer = api.post("/connections", body)
    assert answer.status_code == 400
    assert answer.json()["details"][0]["field"] == field
    assert not Connection.objects.exists()


def test_nothing_of_anothers(api: Api, bob_api: Api) -> None:
    api.post("/connections", TWILIO)
    assert bob_api.get("/connections").json()["data"] == []
    assert bob_api.delete("/connections/twilio").status_code == 404
    bob_api.post("/connections", LOB)
    assert Connection.objects.count() == 2


@pytest.mark.parametrize("scope", ["read", "write", "webhooks"])
def test_only_a_key_for_everything_connects(alice: Business, scope: str) -> None:
    program = make_api(alice, scope)
    assert program.post("/connections", TWILIO).status_code == 403
    assert program.delete("/connections/twilio").status_code == 403
    assert program.get("/connections").status_code == (403 if scope == "webhooks" else 200)


def test_dry_run_and_the_key_sent_again(api: Api) -> None:
    dry = api.post("/connections?dry_run=true", TWILIO)
    assert (dry.status_code, dry.json()["id"]) == (200, None)
    assert not Connection.objects.exists()
    first, second = (api.post("/connections", TWILIO, Idempotency_Key="k") for _ in range(2))
    assert first.json() == second.json()
    assert AuditEntry.objects.filter(action="connection.connected").count() == 1
