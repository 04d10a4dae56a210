"""The nightly proof of the books: one row a business, the newest thirty kept, and what the dashboard says of it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from billing.models import BooksCheck, Entry
from billing.selectors.books import CHECKS, snapshot
from billing.services.books import KEPT, MOST, keep_books_check
from billing.tasks import prove_books
from billing.tests.admin_cast import a_customer, an_invoice, browser
from businesses.models import Business
from conftest import make_business
from customers.models import CustomerBalance
from invoicing.lib import clock

NIGHT = datetime(2026, 3, 31, 3, 10, tzinfo=UTC)


def card(client: Client) -> str:
    page = " ".join(client.get("/admin/").content.decode().split())
    return page.partition("iv-books ")[2].partition("</section>")[0]


def test_each_night_every_business_gets_a_proof(alice: Any, bob: Any) -> None:
    an_invoice(alice, "sent")
    an_invoice(bob, "sent", customer=a_customer(bob))
    CustomerBalance.objects.filter(business=bob).update(outstanding_minor=1)
    with clock.at(NIGHT):
        prove_books()
    proved, broken = (BooksCheck.objects.get(business=business) for business in (alice, bob))
    assert (proved.checks, proved.findings, proved.created_at) == (len(CHECKS), [], NIGHT)
    assert len(broken.findings) == 1
    assert "in EUR: stored balance (1, 0), recomputed (11000, 0)" in broken.findings[0]


def test_the_newest_thirty_are_kept_of_each_business(alice: Any, bob: Any) -> None:
    keep_books_check(bob, [])
    for number in range(KEPT + 3):
        keep_books_check(alice, [str(number)])
    kept = BooksCheck.objects.of(alice).order_by("pk").values_list("findings", flat=True)
    assert [*kept] == [[str(number)] for number in range(3, KEPT + 3)]
    assert BooksCheck.objects.of(bob).count() == 1


def test_what_broke_a_thousand_times_is_counted_and_not_all_kept(alice: Any) -> None:
    findings = keep_books_check(alice, [str(number) for number in range(MOST + 234)]).findings
    assert (len(findings), findings[-1]) == (MOST + 1, "… and 234 more")


def test_the_dashboard_says_that_the_books_are_proved(alice: Any) -> None:
    client = browser(alice)
    assert card(client) == ""
    with clock.at(NIGHT):
        keep_books_check(alice, [])
    with clock.at(NIGHT + timedelta(hours=5)):
        shown = card(client)
    assert shown.startswith("good")
    assert "<strong>Books: proved</strong> today 3:10" in shown
    assert f"{len(CHECKS)} checks" in shown
    with clock.at(NIGHT + timedelta(days=1)):
        assert "Mar 31, 2026 3:10" in card(client)


def test_the_day_is_that_of_the_business(db: None) -> None:
    tokyo = make_business("Tokyo KK", time_zone="Asia/Tokyo", locale="ja_JP")
    with clock.at(datetime(2026, 3, 30, 18, 10, tzinfo=UTC)):
        keep_books_check(tokyo, [])
    with clock.at(NIGHT):
        assert "today 3:10" in card(browser(tokyo))


@pytest.mark.parametrize(
    ("role", "sees"), [("owner", True), ("admin", True), ("manager", False), ("creator", False), ("viewer", False)]
)
def test_contradictions_are_red_and_listed_for_those_who_set_up_the_business(alice: Any, role: str, sees: bool) -> None:
    keep_books_check(alice, [f"invoice INV-{number:05}: <b>wrong</b>" for number in range(23)])
    shown = card(browser(alice, role))
    assert shown.startswith("bad")
    assert "<strong>Books: 23 contradictions</strong>" in shown
    assert ("invoice INV-00019: &lt;b&gt;wrong&lt;/b&gt;" in shown) is sees
    assert ("and 3 more" in shown) is sees
    assert "INV-00020" not in shown


def test_another_business_s_proof_is_not_shown(alice: Any, bob: Any) -> None:
    keep_books_check(bob, ["a secret"])
    assert card(browser(alice)) == ""


@pytest.mark.django_db(transaction=True)
def test_a_proof_sees_one_moment_and_holds_nobody_up() -> None:
    """A writer commits in the middle of a proof, at once; the proof does not see it."""
    make_business("Alice Ltd")

    def write() -> None:
        make_business("Bob GmbH")
        connection.close()

    with snapshot():
        before = Business.objects.count()
        writer = threading.Thread(target=write)
        writer.start()
        writer.join(timeout=15)
        assert not writer.is_alive()
        assert (before, Business.objects.count()) == (1, 1)
    assert Business.objects.count() == 2


def test_as_many_questions_for_many_invoices_as_for_few(alice: Any, django_assert_max_num_queries: Any) -> None:
    def ask() -> int:
        with django_assert_max_num_queries(150) as queries:
            assert [sentence for check in CHECKS for sentence in check(alice)] == []
        return len(queries)

    an_invoice(alice, "sent")
    an_invoice(alice, "paid")
    few = ask()
    for _ in range(12):
        an_invoice(alice, "paid", customer=a_customer(alice, name="More"))
    assert Entry.objects.of(alice).count() == 27
    assert ask() == few
