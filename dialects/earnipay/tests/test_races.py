"""Two programs at once: a name is given once, and nobody approves what has changed meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from businesses.models import Business
from conftest import Api
from dialects.earnipay.tests.conftest import Earnipay, refusal

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time"),
]


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    def run(call: Callable[[], Any]) -> Any:
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@pytest.mark.parametrize("noun", ["customers", "products"])
def test_one_name_is_given_once(program: Earnipay, business: str, noun: str) -> None:
    for n in range(5):
        body = {"businessId": business, "name": f"Delta {n}", "unitPrice": 1}
        answers = at_once(*[lambda body=body: program.post(f"/{noun}", body)] * 6)  # type: ignore[misc]
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
        said = {refusal(answer)[1] for answer in answers if answer.status_code == 409}
        assert said == {f"A {noun[:-1]} with the name 'Delta {n}' already exists in this business."}


def test_nobody_approves_what_has_changed(program: Earnipay, api: Api, alice: Business, customer: str) -> None:
    program.patch(f"/businesses/{alice.uuid}/settings", {"requireApproval": True})
    line = {"description": "x", "quantity": 1, "unitPrice": 1, "taxPercent": 0}
    body = {"businessId": str(alice.uuid), "customerId": customer, "issueDate": "2026-03-01", "items": [line]}
    for n in range(8):
        path = f"/invoices/{program.post('/invoices', body).json()['data']['id']}"
        approved, changed = at_once(
            lambda path=path: program.post(f"{path}/approve", {}),  # type: ignore[misc]
            lambda path=path, n=n: api.patch(path, {"notes": f"Changed {n}"}),  # type: ignore[misc]
        )
        assert changed.status_code == 200
        assert approved.status_code in {200, 400}
        assert api.get(path).json()["approval"] is None
