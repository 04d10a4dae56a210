"""create_business, create_api_key: what they print last, and what they refuse."""

from __future__ import annotations

from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command

from businesses.models import ApiKey, Business, Member
from conftest import Api


def run(*args: str) -> str:
    out = StringIO()
    call_command(*args, stdout=out)
    return out.getvalue().strip()


def test_a_business_with_an_owner_and_a_key(db: None) -> None:
    printed = run(
        "create_business", "Acme", "--currency", "EUR", "--country", "DE", "--owner", "me@acme.test"
    ).splitlines()
    business = Business.objects.get(uuid=UUID(printed[-1]))
    assert (business.currency, business.country) == ("EUR", "DE")
    assert "/accounts/" in printed[0]
    assert Member.objects.of(business).get().role == "owner"
    secret = run("create_api_key", "--business", str(business.uuid), "--name", "ERP", "--scope", "read").splitlines()[
        -1
    ]
    assert Api(secret).get("/me").json()["scope"] == "read"
    key = ApiKey.objects.get()
    assert key.prefix == secret[:12]
    assert secret not in str(vars(key))


@pytest.mark.parametrize(
    "args",
    [
        ("create_business", "Acme", "--currency", "XXX"),
        ("create_business", "Acme", "--country", "Germany"),
        ("create_api_key", "--business", "x", "--name", "n", "--scope", "all"),
        ("create_api_key", "--business", "0199b2f0-0000-7000-8000-000000000000", "--name", "n", "--scope", "all"),
    ],
)
def test_what_cannot_be_is_refused(db: None, args: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        run(*args)
    assert not Business.objects.exists()


def test_a_key_ends_when_its_day_begins(alice: Any) -> None:
    args = ("create_api_key", "--business", str(alice.uuid), "--name", "n", "--scope", "all", "--expires")
    assert Api(run(*args, "2020-01-01").splitlines()[-1]).get("/me").status_code == 401
    assert Api(run(*args, "2100-01-01").splitlines()[-1]).get("/me").status_code == 200
    with pytest.raises(CommandError):
        run(*args, "soon")
