"""What no client should send gets a clear 4xx, and nothing is stored."""

from __future__ import annotations

import pytest

from customers.models import Customer

DEEP = b'{"metadata": ' + b'{"a":' * 40 + b"1" + b"}" * 41


@pytest.mark.parametrize(
    "body",
    [
        b'{"name": "a", "name": "b"}',
        b'{"name": "a", "metadata": {"k": "1", "k": "2"}}',
        b'{"name": "a", "credit_limit": NaN}',
        b'{"name": "a", "credit_limit": Infinity}',
        b'{"name": "a", "credit_limit": 1e400}',
        b'{"name": "a", "credit_limit": 1e-400}',
        b'{"name": "a", "credit_limit": 1e999999999999}',
        b'{"name": "a", "credit_limit": ' + b"9" * 5000 + b"}",
        b'{"name": "\\ud800"}',
        b'{"name": "a\\u0000b"}',
        b'{"\\u0000": "a"}',
        b'{"name": "\xff"}',
        DEEP,
        b'{"name": ' + b"[" * 100_000,
        b'{"name": "a"',
        b"",
        b"[]",
        b'"name"',
        b"null",
        b'{"name": ["a"]}',
        b'{"name": {"a": 1}}',
        b'{"name": true}',
        b'{"name": "a", "metadata": []}',
        b'{"name": "a", "metadata": {"k": null}}',
        b'{"name": "a", "metadata": {"": "v"}}',
        b'{"name": "a", "parent_id": {}}',
        b'{"name": "a", "type": {}}',
        b'{"name": "a", "currency": 1}',
        b'{"name": "a", "id": "01890000-0000-7000-8000-000000000000"}',
        b'{"name": "a", "business_id": "01890000-0000-7000-8000-000000000000"}',
        b'{"name": "a", "name_key": "b"}',
    ],
)
def test_400(api, alice, body):
    answer = api.post("/customers", body)
    assert answer.status_code == 400
    assert set(answer.json()) == {"error", "code", "details"}
    assert not Customer.objects.of(alice).exists()


def test_413(api):
    answer = api.post("/customers", b'{"name": "' + b"x" * 1024 * 1024 + b'"}')
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_415(api, media_type):
    answer = api.client.generic(
        "POST", "/api/v1/customers", data=b'{"name": "a"}', content_type=media_type, headers=api.headers
    )
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


NAUGHTY = [
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "\u202ertl",
    "👩\u200d👩\u200d👧",
    "%s%n",
    "{{7*7}}",
    "\ufeff",
    "\u0300",
    "𝔘",
    "a\r\nb\t\x01\x7f",
    "\u2028",
]


@pytest.mark.parametrize("text", NAUGHTY)
def test_naughty_strings_are_kept_as_they_are_and_found_again(api, text):
    body = {"name": f"x{text}", "notes": f"x{text}x", "metadata": {f"k{text}": text}}
    created = api.post("/customers", body).json()
    assert {name: created[name] for name in body} == {**body, "name": body["name"].strip()}
    assert api.get("/customers").json()["data"] == [created]
