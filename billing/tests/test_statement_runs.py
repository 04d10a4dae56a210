"""Statement runs: planned once, sent once, resumed where they stopped; and when a schedule is due."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from billing.models import Invoice, KeptStatement, StatementOutcome, StatementRun
from billing.selectors.statement_plans import RunOrder
from billing.services.statement_runs import (
    finish_run,
    plan_run,
    planned_outcomes,
    preview_run,
    read_outcomes,
    send_outcome,
)
from billing.services.statement_schedule import DuePeriod, due_period, plan_due_run
from billing.tests.histories import cancel, clock, day, issue, make_customer, noon, pay
from businesses.audit import SYSTEM
from businesses.models import AuditEntry, Business
from businesses.services import update_business
from conftest import make_business
from customers.services import create_contact, delete_customer
from messaging.models import Message
from webhooks.models import Event


def order(**fields: Any) -> RunOrder:
    return RunOrder(**{"type": "open_item", "end": day(20), **fields})


def plan(business: Business, wanted: RunOrder, schedule: str = "manual:1") -> StatementRun:
    return plan_run(business, wanted, schedule=schedule, period=wanted.end.isoformat(), actor=SYSTEM)


def table(outcomes: Any) -> dict[tuple[str, str], tuple[str, str]]:
    return {(row.customer.name, row.currency): (row.outcome, row.reason) for row in outcomes}


@pytest.fixture
def owing(alice: Business) -> Business:
    """Three who owe and can be reached."""
    with clock.at(noon(0)):
        for name in ("Ann", "Ben", "Cem"):
            issue(make_customer(alice, name, email=f"{name.lower()}@customer.test"), 10, due=day(5))
    return alice


def test_who_gets_what_and_who_is_skipped_and_why(alice: Business, bob: Business) -> None:
    with clock.at(noon(0)):
        late, early, free = (make_customer(alice, name) for name in ("Late", "Early", "Free"))
        issue(late, 100, due=day(5))
        issue(late, 700, due=day(50), currency="JPY")
        issue(early, 100, due=day(40))
        pay(issue(free, 5), 5_00)
        issue(make_customer(alice, "Mute", email=None), 9, due=day(5))
        by_contact = make_customer(alice, "Contact", email=None)
        create_contact(by_contact, name="Zoe", email="zoe@customer.test", primary=True, actor=SYSTEM)
        issue(by_contact, 3, due=day(5))
        gone = make_customer(alice, "Gone")
        issue(gone, 8, due=day(5))
        delete_customer(gone, actor=SYSTEM)
        silent = make_customer(alice, "Silent")
        issue(make_customer(bob, "Foreign"), 10)
    with clock.at(noon(20)):
        everybody = preview_run(alice, order())[1]
        assert table(everybody) == {
            ("Late", "JPY"): ("planned", ""),
            ("Late", "USD"): ("planned", ""),
            ("Early", "USD"): ("planned", ""),
            ("Free", "USD"): ("skipped", "Nothing is owed."),
            ("Mute", "USD"): ("skipped", "No e-mail address."),
            ("Contact", "USD"): ("planned", ""),
        }
        assert [row.address for row in everybody if row.customer.name == "Contact"] == ["zoe@customer.test"]
        strict = table(preview_run(alice, order(only_past_due=True, minimum_minor=5_00))[1])
        assert {key: reason for key, (_, reason) in strict.items()} == {
            ("Late", "JPY"): "Nothing is past due.",
            ("Late", "USD"): "",
            ("Early", "USD"): "Nothing is past due.",
            ("Free", "USD"): "Nothing is past due.",
            ("Mute", "USD"): "No e-mail address.",
            ("Contact", "USD"): "Below the minimum balance.",
        }
        forward = {"type": "balance_forward", "start": day(1)}
        carried = table(preview_run(alice, order(**forward))[1])
        assert carried["Free", "USD"] == ("skipped", "No balance and no movement.")
        moved = table(preview_run(alice, order(**{**forward, "start": day(0)}))[1])
        assert moved["Free", "USD"] == ("planned", "")
        named = table(preview_run(alice, order(customer_pks=(silent.pk, late.pk)))[1])
        assert named == {
            ("Late", "JPY"): ("planned", ""),
            ("Late", "USD"): ("planned", ""),
            ("Silent", "USD"): ("skipped", "Nothing is owed."),
        }
    assert not StatementRun.objects.exists()
    assert not StatementOutcome.objects.exists()


def test_a_credit_balance_is_below_any_minimum(alice: Business) -> None:
    with clock.at(noon(0)):
        invoice = issue(make_customer(alice), 100)
        pay(invoice, 20_00)
        cancel(invoice)
        wanted = order(type="balance_forward", start=day(-5), end=day(0))
        assert table(preview_run(alice, wanted)[1]) == {("Acme Corp", "USD"): ("planned", "")}
        assert next(iter(table(preview_run(alice, order(minimum_minor=1))[1]).values())) == (
            "skipped",
            "Nothing is owed.",
        )


def test_planned_twice_it_is_the_same_run(owing: Business) -> None:
    with clock.at(noon(20)):
        first, again = plan(owing, order()), plan(owing, order(minimum_minor=99_00))
    assert first == again
    assert first.outcomes.count() == 3
    assert AuditEntry.objects.filter(action="statement_run.planned").count() == 1
    assert plan(owing, order(), "manual:2") != first


def test_a_run_sends_each_statement_once(owing: Business) -> None:
    with clock.at(noon(20)):
        run = plan(owing, order())
        ann = planned_outcomes(run)[0]
        assert [send_outcome(ann), send_outcome(ann)] == [True, False]
        assert not finish_run(run)
        for pk in planned_outcomes(run):
            send_outcome(pk)
        assert finish_run(run)
    run.refresh_from_db()
    assert run.state == "done"
    assert [message.to for message in Message.objects.order_by("id")] == [
        ["ann@customer.test"], ["ben@customer.test"], ["cem@customer.test"]
    ]  # fmt: skip
    assert set(Message.objects.values_list("kind", "state", "subject_kind")) == {
        ("statement", "queued", "keptstatement")
    }
    assert set(run.outcomes.values_list("outcome", flat=True)) == {"queued"}
    assert KeptStatement.objects.count() == Event.objects.filter(type="statement.sent").count() == 3


def test_a_statement_is_as_of_the_moment_of_the_plan(owing: Business) -> None:
    with clock.at(noon(20)):
        run = plan(owing, order())
    with clock.at(noon(21)):
        pay(Invoice.objects.get(customer__name="Ann"), 10_00)
        send_outcome(planned_outcomes(run)[0])
    assert '"closing_minor":1000' in KeptStatement.objects.get().view


def test_what_does_not_prove_is_reported_and_the_others_go_on(owing: Business) -> None:
    with clock.at(noon(20)):
        run = plan(owing, order())
        with connection.cursor() as cursor:
            cursor.execute("UPDATE customers_customerbalance SET outstanding_minor = 999 WHERE customer_id = %s",
                           [run.outcomes.get(customer__name="Ben").customer_id])  # fmt: skip
        delete_customer(run.outcomes.get(customer__name="Cem").customer, actor=SYSTEM)
        for pk in planned_outcomes(run):
            assert send_outcome(pk)
    found = table(run.outcomes.select_related("customer"))
    assert found["Ann", "USD"] == ("queued", "")
    assert found["Ben", "USD"][0] == "failed"
    assert "does not prove" in found["Ben", "USD"][1]
    assert found["Cem", "USD"] == ("failed", "Customer not found")
    assert Message.objects.count() == KeptStatement.objects.count() == 1
    assert finish_run(run)


def test_a_run_that_was_killed_goes_on(owing: Business) -> None:
    with clock.at(noon(20)):
        run = plan(owing, order())
        planned = planned_outcomes(run)
        send_outcome(planned[0])
        with transaction.atomic():  # killed between the last write and the commit
            send_outcome(planned[1])
            transaction.set_rollback(True)
        assert Message.objects.count() == KeptStatement.objects.count() == 1
        assert planned_outcomes(run) == planned[1:]
        assert [send_outcome(pk) for pk in planned] == [False, True, True]
    assert Message.objects.count() == KeptStatement.objects.count() == 3


def test_outcomes_are_read_from_the_messages(owing: Business) -> None:
    with clock.at(noon(20)):
        run = plan(owing, order())
        for pk in planned_outcomes(run):
            send_outcome(pk)
        assert read_outcomes(run) == 0
        first, second, _ = Message.objects.order_by("id")
        Message.objects.filter(pk=first.pk).update(state="sent")
        Message.objects.filter(pk=second.pk).update(state="failed", last_error="550 no such user")
        assert read_outcomes(run) == 2
    assert table(run.outcomes.select_related("customer")) == {
        ("Ann", "USD"): ("sent", ""),
        ("Ben", "USD"): ("failed", "550 no such user"),
        ("Cem", "USD"): ("queued", ""),
    }
    Message.objects.filter(pk=second.pk).update(state="sent")  # somebody tried again
    assert read_outcomes(run) == 1
    assert run.outcomes.get(customer__name="Ben").outcome == "sent"


def test_planning_takes_as_many_queries_for_many_as_for_few(owing: Business, django_assert_num_queries: Any) -> None:
    with clock.at(noon(20)):
        with CaptureQueriesContext(connection) as few:
            preview_run(owing, order())
        for index in range(10):
            issue(make_customer(owing, f"Customer {index}"), 10)
        with django_assert_num_queries(len(few)):
            assert len(preview_run(owing, order())[1]) == 13


# Schedules -----------------------------------------------------------------------------------------------------------
def business(**fields: Any) -> Business:
    with clock.at(datetime(2026, 1, 1, tzinfo=UTC)):
        return make_business("Carol", **fields)


@pytest.mark.parametrize(
    ("weekday", "now", "period", "start", "end"),
    [
        (0, datetime(2026, 3, 2, tzinfo=UTC), date(2026, 3, 2), date(2026, 2, 23), date(2026, 3, 1)),
        (0, datetime(2026, 3, 1, 23, 59, tzinfo=UTC), date(2026, 2, 23), date(2026, 2, 16), date(2026, 2, 22)),
        (6, datetime(2026, 3, 3, 12, tzinfo=UTC), date(2026, 3, 1), date(2026, 2, 22), date(2026, 2, 28)),
    ],
)
def test_weekly(db: None, weekday: int, now: datetime, period: date, start: date, end: date) -> None:
    own = business(statement_frequency="weekly", statement_weekday=weekday, statement_type="balance_forward")
    assert due_period(own, now) == DuePeriod("weekly", period, start, end)


@pytest.mark.parametrize(
    ("day_of_month", "now", "period", "start"),
    [
        (1, date(2026, 3, 1), date(2026, 3, 1), date(2026, 2, 1)),
        (31, date(2026, 2, 28), date(2026, 2, 28), date(2026, 1, 31)),
        (31, date(2026, 3, 30), date(2026, 2, 28), date(2026, 1, 31)),
        (30, date(2028, 2, 29), date(2028, 2, 29), date(2028, 1, 30)),
        (15, date(2026, 3, 14), date(2026, 2, 15), date(2026, 1, 15)),
    ],
)
def test_monthly(db: None, day_of_month: int, now: date, period: date, start: date) -> None:
    own = business(statement_frequency="monthly", statement_day=day_of_month, statement_type="balance_forward")
    due = due_period(own, datetime(now.year, now.month, now.day, 12, tzinfo=UTC))
    assert due is not None
    assert (due.schedule, due.period, due.start) == ("monthly", period, start)


def test_the_day_is_the_business_s_and_open_items_are_as_of_it(db: None) -> None:
    own = business(statement_frequency="monthly", statement_day=1, time_zone="Pacific/Auckland")
    moment = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)  # the first of April in Auckland
    assert due_period(own, moment) == DuePeriod("monthly", date(2026, 4, 1), None, date(2026, 4, 1))
    assert due_period(business(time_zone="UTC"), moment) is None


def test_who_switches_a_schedule_on_does_not_mean_the_period_before(db: None) -> None:
    own = business(statement_day=1)
    with clock.at(datetime(2026, 3, 20, 9, tzinfo=UTC)):
        own = update_business(own, changes={"statement_frequency": "monthly"}, actor=SYSTEM)
        assert due_period(own, clock.now()) is None
    with clock.at(datetime(2026, 4, 3, 9, tzinfo=UTC)):  # another setting, after the day: the period is still meant
        own = update_business(own, changes={"phone": "1"}, actor=SYSTEM)
        assert due_period(own, clock.now()) is not None


def test_after_some_days_down_the_latest_missed_period_is_sent_once(db: None) -> None:
    own = business(statement_frequency="weekly", statement_weekday=0, statement_minimum_minor=5_00)
    with clock.at(datetime(2026, 2, 1, tzinfo=UTC)):
        issue(make_customer(own), 10)
        issue(make_customer(own, "Small"), 4)
    with clock.at(datetime(2026, 3, 4, 9, tzinfo=UTC)):  # a Wednesday, weeks later
        run = plan_due_run(own)
        assert plan_due_run(own) is None
    assert run is not None
    assert (run.schedule, run.period, run.end) == ("weekly", "2026-03-02", date(2026, 3, 2))
    assert table(run.outcomes.select_related("customer")) == {
        ("Acme Corp", "USD"): ("planned", ""),
        ("Small", "USD"): ("skipped", "Below the minimum balance."),
    }
    with clock.at(datetime(2026, 3, 9, 0, 1, tzinfo=UTC)):
        assert plan_due_run(own) is not None
    assert StatementRun.objects.count() == 2
