"""Two clients at once: a row lock or a unique index decides, and the loser gets a 409, never a 500."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from businesses.models import Counter

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time"),
]


def at_once(*calls):
    def run(call):
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def statuses(answers):
    return sorted(answer.status_code for answer in answers)


def test_one_number_is_given_once(api):
    for n in range(5):
        answers = at_once(*[lambda n=n: api.post("/customers", {"name": "A", "number": f"N-{n}"})] * 6)
        assert statuses(answers) == [201] + [409] * 5
        assert {a.json()["code"] for a in answers if a.status_code == 409} == {"duplicate_number"}


def test_one_unique_name_is_given_once(api, alice):
    alice.unique_customer_names = True
    alice.save()
    for n in range(5):
        answers = at_once(*[lambda n=n: api.post("/customers", {"name": f"Acme {n}"})] * 6)
        assert statuses(answers) == [201] + [409] * 5
        assert {a.json()["code"] for a in answers if a.status_code == 409} == {"duplicate_name"}
    assert Counter.objects.get().last == 5  # those refused gave their numbers back


def test_numbers_have_no_gap_and_no_twin(api):
    answers = at_once(*[lambda: api.post("/customers", {"name": "A"})] * 24)
    assert sorted(a.json()["number"] for a in answers) == [f"CUST-{n:04}" for n in range(1, 25)]


def test_two_parents_never_make_a_circle(api):
    for _ in range(5):
        a, b = (api.post("/customers", {"name": name}).json()["id"] for name in "AB")
        answers = at_once(
            lambda a=a, b=b: api.patch(f"/customers/{a}", {"parent_id": b}),
            lambda a=a, b=b: api.patch(f"/customers/{b}", {"parent_id": a}),
        )
        assert statuses(answers) == [200, 400]
