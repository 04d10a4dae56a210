"""Two programs at once: a name is given once, and nobody approves what has changed meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from businesses.invitations import set_password_link
from businesses.models import Business
from businesses.sessions import open_session
from businesses.tests.people import make_member
from conftest import Api
from dialects.earnipay.tests.conftest import SECRET, Earnipay, refusal

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


def test_a_refresh_token_is_good_for_one_of_many(alice: Business) -> None:
    user, nobody = make_member(alice).user, Earnipay(Api(None))
    for _ in range(5):
        token = open_session(user).refresh
        answers = at_once(*[lambda token=token: nobody.post("/auth/refresh", {"refreshToken": token})] * 6)  # type: ignore[misc]
        assert sorted(answer.status_code for answer in answers) == [200] + [401] * 5


def test_a_logout_misses_no_token_of_a_refresh_beside_it(alice: Business) -> None:
    user, nobody = make_member(alice).user, Earnipay(Api(None))
    for _ in range(8):
        body = {"refreshToken": open_session(user).refresh}
        refreshed, logged_out = at_once(
            lambda body=body: nobody.post("/auth/refresh", body),  # type: ignore[misc]
            lambda body=body: nobody.post("/auth/logout", body),  # type: ignore[misc]
        )
        assert logged_out.status_code == 200
        assert refreshed.status_code in {200, 401}
        assert not OutstandingToken.objects.filter(user=user, blacklistedtoken=None).exists()


def test_an_invitation_is_accepted_once(alice: Business) -> None:
    user, nobody = make_member(alice).user, Earnipay(Api(None))
    token = ".".join(set_password_link(user).split("/")[-3:-1])
    answers = at_once(
        *[
            lambda n=n: nobody.post(f"/team/invitations/{token}/accept", {"newPassword": f"{SECRET} {n}"})
            for n in range(5)
        ]  # type: ignore[misc]
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 4
    user.refresh_from_db()
    winner = next(n for n, answer in enumerate(answers) if answer.status_code == 200)
    assert user.check_password(f"{SECRET} {winner}")


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
