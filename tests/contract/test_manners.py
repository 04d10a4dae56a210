"""The manners of the door: request ids, unknown paths, the rate limit, a database or broker that is away."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError

from billing.tests.test_invoices_api import seed_body
from conftest import Api, make_api
from tests.servers import valkey

NAUGHTY = [
    "\u202eright to left override",
    "Ω≈ç√∫˜µ≤≥÷",
    "田中さんにあげて下さい",
    "מָה שֶׁהָיָה",
    "🏳️\u200d🌈 👩\u200d👩\u200d👧",
    "Z̮̞̠͙͔ͅḀ̗̞͈̻̗Ḷ͙͎̯̹̞͓G̻O̭̗̮",
    "<script>alert(1)</script>",
    "'; DROP TABLE billing_invoice; --",
    "%s%n%x {0.__class__} {{7*7}} ${7*7}",
    "=cmd|' /C calc'!A0",
    "\ufeff\ufffe\u0001\u001b[31m",
    "x" * 200,
    "a\r\nBcc: everyone@example.com",
    " leading and trailing ",
]


def test_a_request_id_is_kept_or_made(api: Api) -> None:
    assert api.get("/me", X_Request_ID="my-id-1")["X-Request-ID"] == "my-id-1"
    assert len(api.get("/me", X_Request_ID="bad id\t")["X-Request-ID"]) == 32
    assert len(api.get("/me")["X-Request-ID"]) == 32


def test_a_slash_too_many_is_served_not_redirected(api: Api) -> None:
    assert api.get("/customers/").status_code == 200
    assert api.post("/customers/", {"name": "x"}).status_code == 201


def test_unknown_paths_answer_json(api: Api) -> None:
    answer = api.get("/nothing")
    assert answer.status_code == 404
    assert set(answer.json()) == {"error", "code", "details"}


@pytest.mark.parametrize("text", NAUGHTY)
def test_naughty_strings_harm_nothing(api: Api, text: str) -> None:
    customer = api.post("/customers", {"name": text, "city": text, "notes": text, "tax_id": text[:50]})
    assert customer.status_code in {201, 400}, customer.content
    if customer.status_code == 400:
        return
    body = seed_body(customer.json()["id"]) | {"notes": text, "terms": text, "reference": text[:100]}
    body["items"][0]["description"] = text
    made = api.post("/invoices", {**body, "status": "sent"})
    assert made.status_code == 201, made.content
    assert api.get("/invoices").status_code == 200
    assert api.get(f"/invoices/{made.json()['id']}/pdf").content.startswith(b"%PDF-")
    assert api.get("/customers", X_Request_ID=text.encode("ascii", "ignore").decode()[:20] or "x").status_code == 200
    assert api.get(f"/customers/{customer.json()['id']}/statement").status_code == 200


def test_the_rate_limit_is_one_decision_for_all_processes(alice: Any, settings: Any) -> None:
    api = make_api(alice)
    with valkey() as url:
        settings.REDIS_URL, settings.RATE_LIMIT = url, 5
        answers = [api.get("/me") for _ in range(14)]
        codes = [answer.status_code for answer in answers]
        assert codes[:10] == [200] * 10
        assert 429 in codes[10:]
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert int(refused["Retry-After"]) >= 1
        assert refused["RateLimit-Limit"] == "5"
        assert refused["RateLimit-Remaining"] == "0"
        assert refused.json()["code"] == "rate_limited"
        assert make_api(alice).get("/me").status_code == 200


def test_without_a_broker_calls_pass(api: Api, settings: Any) -> None:
    settings.REDIS_URL, settings.RATE_LIMIT = "unix:///nowhere/valkey.sock", 1
    assert [api.get("/me").status_code for _ in range(4)] == [200] * 4


def test_a_database_that_is_away_is_said_clearly() -> None:
    from invoicing.lib.api import answer_error

    answer = answer_error(OperationalError("server closed the connection"), {})
    assert answer is not None
    assert (answer.status_code, answer["Retry-After"], answer.data["code"]) == (503, "5", "unavailable")
