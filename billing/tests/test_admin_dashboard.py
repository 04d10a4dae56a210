"""The dashboard's figures: right per currency, never of two added, and as cheap for many invoices as for few."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from billing.selectors import dashboard as figures
from billing.selectors.dashboard import dashboard_of
from billing.services.payments import record_payment
from billing.tests.admin_cast import a_customer, an_invoice, browser
from businesses.audit import SYSTEM
from invoicing.lib import clock

TODAY = datetime(2026, 3, 31, 12, tzinfo=UTC)


def invoice(business: Any, days_late: int | None, price: str, **fields: Any) -> Any:
    due = None if days_late is None else TODAY.date() - timedelta(days=days_late)
    issued = (due or TODAY.date()) - timedelta(days=10)
    return an_invoice(business, "sent", price=price, due_date=due, issue_date=issued, **fields)


def test_figures_per_currency(alice: Any) -> None:
    with clock.at(TODAY):
        for days, price in ((None, "1"), (0, "10"), (1, "100"), (30, "1000"), (31, "10000"), (90, "5"), (91, "7")):
            invoice(alice, days, price)
        an_invoice(alice, price="50")
        an_invoice(alice, "sent", price="3", currency="EUR", due_date=None)
        paid = invoice(alice, None, "200")
        record_payment(paid, amount_minor=22_000, details={"payment_date": date(2026, 3, 2)}, actor=SYSTEM)
        found = dashboard_of(alice)
    usd, eur = found.currencies.values()
    assert list(found.currencies) == ["USD", "EUR"]
    assert usd.ageing == {"current": 1210, "1_30": 121_000, "31_60": 1_100_000, "61_90": 550, "over_90": 770}
    assert (usd.outstanding_minor, usd.overdue_minor, usd.overdue_count) == (1_223_530, 1_222_320, 5)
    assert (usd.draft_minor, usd.draft_count, usd.collected_minor) == (5_500, 1, 22_000)
    assert usd.collected_this_month_minor == 22_000
    assert usd.months[-1].start == date(2026, 3, 1)
    assert sum(month.invoiced_minor for month in usd.months) == 1_223_530 + 22_000
    assert (eur.outstanding_minor, eur.ageing["current"], eur.collected_minor) == (330, 330, 0)


def test_twelve_months_end_with_this_one(alice: Any) -> None:
    with clock.at(TODAY):
        months = dashboard_of(alice).currencies["USD"].months
    assert [month.start for month in months][::11] == [date(2025, 4, 1), date(2026, 3, 1)]
    assert len(months) == 12


def test_a_new_event_is_in_the_figures_at_once_and_no_event_adds_nothing_up(
    alice: Any, django_assert_num_queries: Any
) -> None:
    invoice(alice, None, "1")
    assert dashboard_of(alice).currencies["USD"].outstanding_minor == 110
    with django_assert_num_queries(1):
        dashboard_of(alice)
    invoice(alice, None, "1")
    assert dashboard_of(alice).currencies["USD"].outstanding_minor == 220


def test_where_adding_up_is_slow_figures_may_be_a_little_older(alice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "SLOW", -1.0)
    monkeypatch.setattr(figures, "SHARE", 1e9)
    with clock.at(TODAY):
        dashboard_of(alice)
        invoice(alice, None, "1")
        assert dashboard_of(alice).currencies["USD"].outstanding_minor == 0
    with clock.at(TODAY + timedelta(seconds=61)):
        assert dashboard_of(alice).currencies["USD"].outstanding_minor == 110


def test_the_page_asks_as_little_for_many_as_for_few(alice: Any, django_assert_max_num_queries: Any) -> None:
    client = browser(alice)
    invoice(alice, 3, "1")
    with django_assert_max_num_queries(12) as few:
        assert "$1.10" in client.get("/admin/").content.decode()
    for _ in range(10):
        invoice(alice, 3, "1", customer=a_customer(alice, name="More"))
    with django_assert_max_num_queries(12) as many:
        shown = client.get("/admin/").content.decode()
    assert "$12.10" in shown
    assert len(many) == len(few)


def test_shows_the_currency_asked_for_and_nothing_of_others(alice: Any, bob: Any) -> None:
    an_invoice(alice, "sent", price="3", currency="EUR", due_date=None)
    an_invoice(bob, "sent", price="777", due_date=None)
    shown = browser(alice).get("/admin/?currency=EUR").content.decode()
    assert "€3.30" in shown
    assert "854.70" not in shown
    assert browser(alice, "viewer").get("/admin/?currency=XYZ").status_code == 200
