"""Many pay one invoice at once, or refund one payment: it is paid once, refunded once, and every other is told or kept as credit.

`FULL=1` runs what the issue asks for: 50 rounds of 100 payments, 500 payments refunded twice; CI a small share of it.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections

from billing.models import Entry, Payment, Refund
from billing.selectors.books import find_all_damage
from conftest import Api, make_api, make_business

FULL = os.environ.get("FULL") == "1"
ROUNDS, AT_ONCE = (50, 100) if FULL else (3, 16)
REFUNDED, PAIRS = (500, 50) if FULL else (24, 8)  # so many payments, so many of them in refund at any moment


def all_at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    """What `work` answers in so many threads, which all begin at the same moment."""
    answers: list[Any] = []
    gate = threading.Barrier(count)

    def run(index: int) -> None:
        try:
            gate.wait()
            answers.append(work(index))
        except BaseException as error:
            answers.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.fixture
def shop(transactional_db: None) -> tuple[Api, str]:
    """A business's program and one of its customers."""
    api = make_api(make_business("Shop"))
    return api, str(api.post("/customers", {"name": "Acme"}).json()["id"])


def billed(api: Api, customer: str) -> str:
    """The id of an invoice of 100.00."""
    line = {"description": "Work", "quantity": 1, "unit_price": 100}
    body = {"customer_id": customer, "items": [line], "status": "sent"}
    return str(api.post("/invoices", body).json()["id"])


def insist(call: Callable[[], Any]) -> Any:
    """The answer, asked for again while SQLite's one writer is busy too long (503: nothing was recorded), as programs do."""
    answer = call()
    while answer.status_code == 503 and answer["Retry-After"]:
        answer = call()
    return answer


def told(answers: list[Any]) -> Counter[tuple[int, str]]:
    """How often which status and code were answered."""
    return Counter((answer.status_code, answer.json().get("code", "")) for answer in answers)


def test_of_many_full_payments_of_one_invoice_one_is_recorded(shop: tuple[Api, str]) -> None:
    api, customer = shop
    for turn in range(1, ROUNDS + 1):
        invoice = billed(api, customer)
        path = f"/invoices/{invoice}/payments"
        answers = all_at_once(AT_ONCE, lambda _, path=path: insist(lambda: api.post(path, {"amount": 100})))
        counted = told(answers)
        assert counted.pop((201, "")) == 1, counted
        assert set(counted) <= {(409, "state_does_not_allow"), (409, "exceeds_amount_due")}, counted
        assert counted.total() == AT_ONCE - 1
        shown = api.get(f"/invoices/{invoice}").json()
        assert (shown["status"], shown["amount_paid"], shown["amount_due"]) == ("paid", 100, 0)
        assert Payment.objects.count() == turn
    assert find_all_damage() == []


def test_of_many_account_payments_one_pays_and_the_others_are_credit(shop: tuple[Api, str]) -> None:
    api, customer = shop
    for turn in range(1, ROUNDS + 1):
        invoice = billed(api, customer)
        body = {"customer_id": customer, "amount": 100, "allocations": [{"invoice_id": invoice, "amount": 100}]}
        answers = all_at_once(AT_ONCE, lambda _, body=body: insist(lambda: api.post("/payments", body)))
        assert told(answers) == {(201, ""): AT_ONCE}
        assert sorted(answer.json()["unallocated_amount"] for answer in answers) == [0] + [100] * (AT_ONCE - 1)
        balance = api.get(f"/customers/{customer}/balance").json()
        assert (balance["outstanding"], balance["credit"]) == (0, 100 * turn * (AT_ONCE - 1))
    numbers = sorted(Payment.objects.values_list("number", flat=True))
    assert numbers == [f"RCT-{number:05d}" for number in range(1, ROUNDS * AT_ONCE + 1)]
    assert find_all_damage() == []


def test_a_payment_refunded_twice_at_once_is_refunded_once(shop: tuple[Api, str]) -> None:
    api, customer = shop
    paths = [
        f"/payments/{api.post('/payments', {'customer_id': customer, 'amount': 5}).json()['id']}/refund"
        for _ in range(REFUNDED)
    ]
    for start in range(0, REFUNDED, PAIRS):
        pairs = paths[start : start + PAIRS] * 2
        answers = all_at_once(len(pairs), lambda index, pairs=pairs: insist(lambda: api.post(pairs[index])))
        half = len(pairs) // 2
        assert told(answers) == {(200, ""): half, (409, "state_does_not_allow"): half}
    assert Refund.objects.count() == Entry.objects.filter(kind="refund").count() == REFUNDED
    assert set(Payment.objects.values_list("status", "refunded_minor")) == {("refunded", 500)}
    balance = api.get(f"/customers/{customer}/balance").json()
    assert (balance["outstanding"], balance["credit"]) == (0, 0)
    assert find_all_damage() == []
