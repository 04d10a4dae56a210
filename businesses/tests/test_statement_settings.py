"""The settings of statements, credit and ageing: shown by GET /business, typed by a bookkeeper, refused where wrong."""

from __future__ import annotations

import pytest

from businesses.models import AuditEntry, Business
from businesses.tests.people import browser_of, make_member, text_of
from businesses.tests.test_admin_settings import page, typed
from conftest import Api


def test_the_api_shows_them(api: Api, alice: Business) -> None:
    body = api.get("/business").json()
    shown = {name: body[name] for name in ("apply_credit", "ageing_buckets", "adjustment_pattern")}
    assert shown == {"apply_credit": False, "ageing_buckets": "30,60,90", "adjustment_pattern": "ADJ-#####"}
    assert (body["statement_tags"], body["statement_roll_up"]) == ([], False)


def test_they_are_typed_and_kept(api: Api, alice: Business) -> None:
    owner = browser_of(make_member(alice))
    given = {"statement_tags": " vip, late ,vip,", "statement_roll_up": "on", "apply_credit": "on"}
    given |= {"ageing_buckets": "15,45", "adjustment_pattern": "A-YYYY-####"}
    answer = owner.post(page(alice), typed(owner, alice, **given))
    assert answer.status_code == 302, answer.context["errors"]
    body = api.get("/business").json()
    assert (body["statement_tags"], body["statement_roll_up"]) == (["vip", "late"], True)
    assert (body["apply_credit"], body["ageing_buckets"], body["adjustment_pattern"]) == (True, "15,45", "A-YYYY-####")
    assert AuditEntry.objects.of(alice).get(action="business.updated").changes["fields"] == sorted(given)
    assert 'value="vip, late"' in owner.get(page(alice)).content.decode()
    assert owner.post(page(alice), typed(owner, alice)).status_code == 302
    assert AuditEntry.objects.of(alice).filter(action="business.updated").count() == 1


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("statement_tags", "x" * 41, "A tag has 1 to 40 characters and no comma."),
        ("statement_tags", ",".join(str(n) for n in range(21)), "Expected at most 20 words."),
        ("ageing_buckets", "60,30", "Expected rising numbers of days such as 30,60,90 (at most six)."),
        ("adjustment_pattern", "ADJ", None),
    ],
)
def test_what_is_wrong_is_refused(alice: Business, field: str, value: str, message: str | None) -> None:
    owner = browser_of(make_member(alice))
    answer = owner.post(page(alice), typed(owner, alice, **{field: value}))
    assert answer.status_code == 200
    errors = answer.context["adminform"].form.errors
    assert list(errors) == [field]
    assert message is None or errors[field] == [message]


def test_who_may_not_change_them_sees_them(alice: Business) -> None:
    Business.objects.update(statement_tags=["vip", "late"])
    assert "vip, late" in text_of(browser_of(make_member(alice, "viewer")).get(page(alice)))
