"""Invoiced's credit balance adjustments."""

from __future__ import annotations

from typing import Any

import pytest

from billing.models import Adjustment
from dialects.invoiced.tests.conftest import Invoiced

pytestmark = pytest.mark.django_db
PATH = "/credit_balance_adjustments"


@pytest.fixture
def acme(invoiced: Invoiced) -> int:
    return int(invoiced.post("/customers", {"name": "Acme"}).json()["id"])


def give(invoiced: Invoiced, **body: Any) -> dict[str, Any]:
    response = invoiced.post(PATH, body)
    assert response.status_code == 201, response.content
    return dict(response.json())


def test_give_reword_and_take_back(invoiced: Invoiced, acme: int) -> None:
    body = {"customer": acme, "currency": "usd", "amount": 80.5, "date": 1767225600, "notes": "Goodwill"}
    made = give(invoiced, **body)
    assert {name: made[name] for name in body} == body
    assert (made["object"], made["id"]) == ("credit_balance_adjustment", Adjustment.objects.get().pk)
    one = f"{PATH}/{made['id']}"
    assert invoiced.get(one).json() == made
    assert invoiced.get(f"/customers/{acme}/balance").json()["available_credits"] == 80.5
    assert invoiced.patch(one, {**body, "notes": "Old credit"}).json()["notes"] == "Old credit"
    gone = invoiced.call("DELETE", one)
    assert (gone.status_code, gone.content) == (204, b"")
    assert invoiced.get(one).status_code == 404
    assert invoiced.get(PATH).json() == []
    assert invoiced.get(f"/customers/{acme}/balance").json()["available_credits"] == 0


@pytest.mark.parametrize("amount", [0, -5])
def test_credit_is_not_taken_away_here(invoiced: Invoiced, acme: int, amount: int) -> None:
    give(invoiced, customer=acme, amount=100)
    response = invoiced.post(PATH, {"customer": acme, "amount": amount})
    assert (response.status_code, response.json()["param"]) == (400, "amount")
    assert "Must be more than 0" in response.json()["message"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"amount": 5}, "customer"),
        ({"amount": 5, "customer": 999999}, "customer"),
        ({"customer": "acme"}, "amount"),
        ({"customer": "acme", "amount": 5, "date": 4102444800}, "date"),
        ({"customer": "acme", "amount": 5, "currency": "xxq"}, "currency"),
        ({"customer": "acme", "amount": 5, "notes": "x" * 256}, "notes"),
    ],
)
def test_bodies_that_cannot_be(invoiced: Invoiced, acme: int, body: dict[str, Any], param: str) -> None:
    sent = {**body, "customer": acme} if body.get("customer") == "acme" else body
    response = invoiced.post(PATH, sent)
    assert (response.status_code, response.json()["param"]) == (400, param)


@pytest.mark.parametrize("change", [{"amount": 99}, {"date": 1767225600}, {"currency": "eur"}, {"customer": 1_000_000}])
def test_what_is_posted_stays(invoiced: Invoiced, acme: int, change: dict[str, Any]) -> None:
    made = give(invoiced, customer=acme, amount=100)
    response = invoiced.patch(f"{PATH}/{made['id']}", change)
    assert (response.status_code, response.json()["param"]) == (400, next(iter(change)))


def test_lists(invoiced: Invoiced, bobs: Invoiced, acme: int) -> None:
    other = invoiced.post("/customers", {"name": "B"}).json()["id"]
    first = give(invoiced, customer=acme, amount=2, date=1767268800)["id"]
    second = give(invoiced, customer=other, amount=1, currency="eur")["id"]

    def found(query: str) -> list[int]:
        return [row["id"] for row in invoiced.get(f"{PATH}?{query}").json()]

    assert found("") == [second, first]
    assert found("sort=amount%20desc") == [first, second]
    assert found(f"filter[customer]={acme}") == [first]
    assert found("filter[currency]=eur") == [second]
    assert found("end_date=1767268800") == [first]
    assert invoiced.get(f"{PATH}?expand=customer").json()[1]["customer"]["name"] == "Acme"
    assert bobs.get(PATH).json() == []
    for method in ("GET", "PATCH", "DELETE"):
        assert bobs.call(method, f"{PATH}/{first}", {} if method == "PATCH" else None).status_code == 404
