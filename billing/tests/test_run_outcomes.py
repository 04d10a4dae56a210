"""Long statement runs: their outcomes page by page, their counts, their pages in the admin, and runs killed anywhere."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from reportlab.pdfgen.canvas import Canvas

from billing import tasks
from billing.models import KeptStatement, StatementOutcome, StatementRun
from billing.selectors.statement_plans import RunOrder
from billing.serializers.statement_runs import SHOWN
from billing.services.statement_runs import in_turns, plan_run, planned_outcomes, ready_outcomes, send_together
from billing.tests.admin_cast import browser
from billing.tests.histories import clock, day, issue, make_customer, noon
from businesses.audit import SYSTEM
from businesses.models import AuditEntry, Business
from conftest import Api
from customers.models import Customer
from customers.services import update_customer
from einvoicing.document import Statement
from messaging.models import Message
from webhooks.models import Event


@pytest.fixture
def owing(alice: Business) -> Business:
    """Five who owe 1 to 5, of whom one cannot be reached."""
    with clock.at(noon(0)):
        for owed, name in enumerate(("Ann", "Ben", "Cem", "Dan", "Eve"), 1):
            email = None if name == "Cem" else f"{name.lower()}@customer.test"
            issue(make_customer(alice, name, email=email), owed, due=day(5))
    return alice


@pytest.fixture
def run(owing: Business) -> StatementRun:
    with clock.at(noon(20)):
        order = RunOrder(type="open_item", end=day(20))
        return plan_run(owing, order, schedule="manual:1", period="x", actor=SYSTEM)


def drive(run: StatementRun) -> None:
    with clock.at(noon(20)):
        tasks.run_statements(run.pk)


def outcomes(api: Api, run: StatementRun, query: str = "") -> list[dict[str, Any]]:
    answer = api.get(f"/statement-runs/{run.uuid}/outcomes{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()["data"]  # type: ignore[no-any-return]


# HTTP ----------------------------------------------------------------------------------------------------------------
def test_page_by_page_in_the_order_of_the_plan(api: Api, run: StatementRun) -> None:
    first = api.get(f"/statement-runs/{run.uuid}/outcomes?limit=2").json()
    assert first["pagination"] == {"page": 1, "limit": 2, "total": 5, "total_pages": 3}
    assert first["data"][1] == {
        "customer_id": str(Customer.objects.get(name="Ben").uuid),
        "address": "ben@customer.test",
        "currency": "USD",
        "amount": 2,
        "outcome": "planned",
        "reason": None,
    }
    rest = outcomes(api, run, "?limit=2&page=2") + outcomes(api, run, "?limit=2&page=3")
    assert [row["amount"] for row in first["data"] + rest] == [1, 2, 3, 4, 5]
    assert outcomes(api, run, "?page=9") == []
    assert outcomes(api, run, "?outcome=skipped&fields=amount,reason") == [
        {"amount": 3, "reason": "No e-mail address."}
    ]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?outcome=lost", "outcome"),
        ("?outcome=", "outcome"),
        ("?limit=101", "limit"),
        ("?page=0", "page"),
        ("?sort=amount", "sort"),
        ("?starting_after=" + "0" * 32, "starting_after"),
        ("?fields=secret", "fields"),
    ],
)
def test_what_is_wrong_is_named(api: Api, run: StatementRun, query: str, field: str) -> None:
    answer = api.get(f"/statement-runs/{run.uuid}/outcomes{query}")
    assert (answer.status_code, answer.json()["details"][0]["field"]) == (400, field)


def test_strangers_and_scopes(api: Api, bob_api: Api, api_with: Callable[[str], Api], run: StatementRun) -> None:
    missing = api.get(f"/statement-runs/{uuid.uuid4()}/outcomes")
    foreign = bob_api.get(f"/statement-runs/{run.uuid}/outcomes")
    assert (foreign.status_code, foreign.content) == (404, missing.content)
    assert api_with("read").get(f"/statement-runs/{run.uuid}/outcomes").status_code == 200
    assert api_with("webhooks").get(f"/statement-runs/{run.uuid}/outcomes").status_code == 403


def test_counts_and_amounts_follow_the_run(api: Api, run: StatementRun) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE customers_customerbalance SET credit_minor = 9 WHERE customer_id = %s",
                       [Customer.objects.get(name="Dan").pk])  # fmt: skip
    drive(run)
    Message.objects.filter(to=["ann@customer.test"]).update(state="sent")
    Message.objects.filter(to=["ben@customer.test"]).update(state="failed", last_error="550 " + "x" * 300)
    with clock.at(noon(20)):
        tasks.run_statements()
    with clock.at(noon(21)):  # what was sent says 5, and the plan was made with 3
        for name in ("Eve", "Cem"):
            issue(Customer.objects.get(name=name), 100, issue_date=day(20))
    body = api.get(f"/statement-runs/{run.uuid}").json()
    assert (body["state"], body["total"], body["done"]) == ("done", 5, 4)
    assert body["counts"] == {"planned": 0, "queued": 1, "sent": 1, "failed": 2, "skipped": 1}
    assert [row["amount"] for row in body["outcomes"]] == [None] * 5
    assert [(row["amount"], row["outcome"]) for row in outcomes(api, run)] == [
        (1, "sent"), (2, "failed"), (3, "skipped"), (4, "failed"), (5, "queued")
    ]  # fmt: skip
    reasons = [row["reason"] for row in outcomes(api, run, "?outcome=failed")]
    assert reasons[0] == ("550 " + "x" * 300)[:255]
    assert "does not prove" in reasons[1]


def test_rolled_up_the_amounts_are_the_family_s(api: Api, owing: Business) -> None:
    ann, ben, dan = (Customer.objects.get(name=name) for name in ("Ann", "Ben", "Dan"))
    update_customer(ben, changes={"parent": ann}, actor=SYSTEM)
    update_customer(dan, changes={"parent": ben}, actor=SYSTEM)
    with clock.at(noon(20)):
        order = RunOrder(type="open_item", end=day(20), roll_up=True)
        run = plan_run(owing, order, schedule="manual:2", period="x", actor=SYSTEM)
    planned = [7, None, 3, None, 5]
    assert [row["amount"] for row in outcomes(api, run)] == planned
    drive(run)
    update_customer(ben, changes={"parent": None}, actor=SYSTEM)
    assert [row["amount"] for row in outcomes(api, run)] == planned


def test_a_long_run_shows_the_first_of_its_outcomes(
    api: Api, run: StatementRun, django_assert_max_num_queries: Any
) -> None:
    first = run.outcomes.order_by("id")[0]
    more = [
        StatementOutcome(business_id=run.business_id, run=run, customer=first.customer, address=f"{n}@x.test",
                         currency="USD", outcome="sent")
        for n in range(SHOWN)
    ]  # fmt: skip
    with django_assert_max_num_queries(20) as few:
        api.get("/statement-runs")
    StatementOutcome.objects.bulk_create(more)
    with django_assert_max_num_queries(len(few) + 1):
        listed = api.get("/statement-runs").json()["data"][0]
    assert (listed["total"], listed["outcomes_total"], len(listed["outcomes"])) == (SHOWN + 5, SHOWN + 5, SHOWN)
    assert listed["counts"] == {"planned": 4, "queued": 0, "sent": SHOWN, "failed": 0, "skipped": 1}
    assert api.get(f"/statement-runs/{run.uuid}").json() == listed
    with django_assert_max_num_queries(20):
        assert len(outcomes(api, run, "?page=11&limit=100")) == 5


# How much it takes ----------------------------------------------------------------------------------------------------
def test_one_more_statement_is_few_more_queries(alice: Business, run: StatementRun) -> None:
    """What its transaction writes, and no reading of its books: those are read for all at once."""
    with CaptureQueriesContext(connection) as of_four:
        drive(run)
    with clock.at(noon(0)):
        for number in range(10):
            issue(make_customer(alice, f"More {number}", email=f"more{number}@customer.test"), 10, due=day(5))
    with clock.at(noon(20)):
        order = RunOrder(type="open_item", end=day(20))
        again = plan_run(alice, order, schedule="manual:2", period="x", actor=SYSTEM)
    with CaptureQueriesContext(connection) as of_fourteen:
        drive(again)
    assert Message.objects.filter(state="queued").count() == 4 + 14
    assert (len(of_fourteen) - len(of_four)) / 10 <= 20, [row["sql"][:80] for row in of_fourteen]
    for table in ("billing_entry", "billing_allocation", "customers_customerbalance", "customers_contact"):
        reads = [row["sql"] for row in of_fourteen if f'FROM "{table}"' in row["sql"] or f"FROM {table}" in row["sql"]]
        assert len(reads) <= 3, reads


# Killed --------------------------------------------------------------------------------------------------------------
class Killed(BaseException):
    """Nothing catches it."""


def test_killed_at_any_query_it_goes_on_and_sends_each_once(run: StatementRun) -> None:
    """The worker dies before its first, second, third … query; each time another goes on where it stopped."""
    kills = 0
    while StatementRun.objects.exclude(state="done").exists():
        left = kills + 1

        def die(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                raise Killed
            return execute(sql, params, many, context)

        before = run.outcomes.filter(outcome="queued").count()
        try:
            with connection.execute_wrapper(die):
                drive(run)
        except Killed:
            kills += 1
        queued = set(run.outcomes.filter(outcome="queued").values_list("message_id", flat=True))
        assert len(queued) >= before
        assert queued == set(Message.objects.values_list("pk", flat=True))
        assert len(queued) == KeptStatement.objects.count() == Event.objects.filter(type="statement.sent").count()
    assert kills > 20
    assert sorted(message.to[0] for message in Message.objects.all()) == [
        f"{name}@customer.test" for name in ("ann", "ben", "dan", "eve")
    ]
    assert AuditEntry.objects.filter(action="statement.sent").count() == 4


def test_a_turn_ends_and_the_next_sweep_goes_on(run: StatementRun) -> None:
    with clock.at(noon(20)):
        tasks.drive_run(run, until=noon(20))
    run.refresh_from_db()
    assert (run.state, Message.objects.count()) == ("running", 0)
    with clock.at(noon(20)):
        tasks.run_statements()
    run.refresh_from_db()
    assert (run.state, Message.objects.count()) == ("done", 4)


def test_a_failed_message_that_is_sent_after_all_is_read_again(run: StatementRun) -> None:
    drive(run)
    Message.objects.update(state="failed", last_error="421")
    with clock.at(noon(20)):
        tasks.run_statements()
    assert run.outcomes.filter(outcome="failed", reason="421").count() == 4
    Message.objects.update(state="sent")
    with clock.at(noon(21)):
        tasks.run_statements()
    assert run.outcomes.filter(outcome="sent", reason="").count() == 4


# The admin -----------------------------------------------------------------------------------------------------------
RUNS = "/admin/billing/statementrun/"


def test_the_page_shows_how_far_it_is_and_asks_again(alice: Business, bob: Business, run: StatementRun) -> None:
    client, page = browser(alice), f"{RUNS}{run.pk}/change/"
    shown = client.get(page).content.decode()
    assert "billing/run.js" in shown
    assert f'data-progress="{RUNS}{run.pk}/progress/"' in shown
    answer = client.get(f"{RUNS}{run.pk}/progress/")
    body = answer.json()
    assert (body["state"], body["going"], body["total"], body["done"]) == ("Planned", True, 5, 1)
    assert {row["kind"]: (row["number"], row["share"]) for row in body["counts"]} == {
        "sent": (0, 0), "queued": (0, 0), "planned": (4, 80), "skipped": (1, 20), "failed": (0, 0)
    }  # fmt: skip
    assert "no-store" in answer["Cache-Control"]
    drive(run)
    assert client.get(f"{RUNS}{run.pk}/progress/").json()["state"] == "Sending"
    Message.objects.update(state="sent")
    with clock.at(noon(20)):
        tasks.run_statements()
    assert client.get(f"{RUNS}{run.pk}/progress/").json()["going"] is False
    assert "billing/run.js" not in client.get(page).content.decode()
    assert browser(bob).get(f"{RUNS}{run.pk}/progress/").status_code == 404
    assert Client().get(f"{RUNS}{run.pk}/progress/").status_code == 302


def test_failures_stand_first_with_their_reasons(alice: Business, run: StatementRun) -> None:
    run.outcomes.filter(customer__name="Dan").update(outcome="failed", reason="550 no such user")
    run.outcomes.filter(customer__name="Ben").update(outcome="sent")
    response = browser(alice).get(f"{RUNS}{run.pk}/change/")
    rows = [(row["customer"], row["amount"], row["reason"]) for row in response.context["outcomes"]]
    assert rows == [
        ("Dan", "$4.00", "550 no such user"),
        ("Ann", "$1.00", ""),
        ("Eve", "$5.00", ""),
        ("Ben", "$2.00", ""),
        ("Cem", "$3.00", "No e-mail address."),
    ]
    assert "550 no such user" in response.content.decode()


def test_the_list_takes_as_many_queries_for_many_runs(
    alice: Business, run: StatementRun, django_assert_max_num_queries: Any
) -> None:
    client = browser(alice)
    with django_assert_max_num_queries(60) as few:
        client.get(RUNS)
    for number in range(5):
        order = RunOrder(type="open_item", end=day(20))
        plan_run(alice, order, schedule=f"manual:more{number}", period="x", actor=SYSTEM)
    with django_assert_max_num_queries(len(few)):
        assert client.get(RUNS).content.decode().count("4 planned · 1 skipped") == 6


def test_the_preview_has_amounts_reasons_tags_and_roll_up(alice: Business, owing: Business) -> None:
    ann, ben, cem = (Customer.objects.get(name=name) for name in ("Ann", "Ben", "Cem"))
    update_customer(ann, changes={"tags": ["vip"]}, actor=SYSTEM)
    update_customer(ben, changes={"tags": ["vip"], "parent": ann}, actor=SYSTEM)
    update_customer(cem, changes={"tags": ["late"]}, actor=SYSTEM)
    client = browser(alice)
    asked = {
        "type": "open_item",
        "minimum": "",
        "start": "",
        "end": "2030-01-01",
        "tags": "late, vip, ",
        "roll_up": "on",
    }
    seen = client.post(f"{RUNS}add/", {**asked, "_second": "yes"})
    planned = seen.context["planned"]
    assert (planned["going"], planned["skipped"], planned["sums"]) == (1, 2, ["$3.00"])
    assert [(row["customer"], row["amount"], row["reason"]) for row in planned["rows"]] == [
        ("Ann", "$3.00", ""),
        ("Ben", "–", "On the statement of Ann."),
        ("Cem", "$3.00", "No e-mail address."),
    ]
    assert "On the statement of Ann." in seen.content.decode()
    assert client.post(f"{RUNS}add/", {**asked, "_do": "yes"}).status_code == 302
    run = StatementRun.objects.get()
    assert (run.tags, run.roll_up, run.outcomes.count()) == (["late", "vip"], True, 3)
    refused = client.post(f"{RUNS}add/", {**asked, "tags": "x" * 41, "_do": "yes"})
    assert "A tag has 1 to 40 characters and no comma." in refused.content.decode()


def test_a_customer_s_page_offers_its_children(alice: Business, owing: Business) -> None:
    ann, ben = (Customer.objects.get(name=name) for name in ("Ann", "Ben"))
    client, page = browser(alice), f"/admin/customers/customer/{ann.pk}/statement/"
    assert "include_children" not in client.get(page).content.decode()
    update_customer(ben, changes={"parent": ann}, actor=SYSTEM)
    assert "include_children" in client.get(page).content.decode()
    asked = {"type": "open_item", "currency": "USD", "start": "", "end": "2030-01-01", "include_children": "on"}
    asked |= {"to": "ap@acme.test", "cc": "", "subject": "", "message": ""}
    shown = client.post(page, {**asked, "_second": "yes"})
    assert shown.context["statement"]["accounts"] == [("Ann", "$1.00"), ("Ben", "$2.00")]
    assert shown.context["statement"]["sums"][-1] == ("Total due", "$3.00")
    client.post(page, {**asked, "_do": "yes"})
    assert '"customer_name":"Ben"' in KeptStatement.objects.get().view


def test_what_cannot_be_rendered_is_tried_for_a_day(run: StatementRun, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(canvas: Any) -> None:
        raise RuntimeError("out of ink")

    monkeypatch.setattr("reportlab.pdfgen.canvas.Canvas.showPage", refuse)
    drive(run)
    run.refresh_from_db()
    planned = StatementOutcome.objects.filter(run=run, outcome=StatementOutcome.Outcome.PLANNED)
    assert (run.state, planned.count()) == ("running", 4)
    with clock.at(noon(22)):
        tasks.run_statements(run.pk)
    run.refresh_from_db()
    failed = StatementOutcome.objects.filter(run=run, outcome=StatementOutcome.Outcome.FAILED)
    assert (run.state, planned.count(), failed.count()) == ("done", 0, 4)
    assert {row.reason for row in failed} == {"RuntimeError: out of ink"}
    assert not Message.objects.exists()


def test_one_that_cannot_be_rendered_holds_up_nobody(run: StatementRun, monkeypatch: pytest.MonkeyPatch) -> None:
    pages, show = itertools.count(1), Canvas.showPage

    def jam(canvas: Canvas) -> None:
        if next(pages) in (2, 4):  # Ben's: together with the others, and by itself
            raise RuntimeError("paper jam")
        show(canvas)

    monkeypatch.setattr(Canvas, "showPage", jam)
    drive(run)
    run.refresh_from_db()
    assert run.state == "running"
    assert fates(run) == {"Ann": "queued", "Ben": "planned", "Cem": "skipped", "Dan": "queued", "Eve": "queued"}
    assert Message.objects.count() == KeptStatement.objects.count() == 3
    drive(run)
    run.refresh_from_db()
    assert (run.state, fates(run)["Ben"]) == ("done", "queued")
    assert Message.objects.count() == KeptStatement.objects.count() == 4


def test_one_that_is_refused_holds_up_nobody(run: StatementRun) -> None:
    StatementOutcome.objects.filter(run=run, customer__name="Ben").update(address="nobody")
    drive(run)
    run.refresh_from_db()
    assert run.state == "done"
    assert fates(run) == {"Ann": "queued", "Ben": "failed", "Cem": "skipped", "Dan": "queued", "Eve": "queued"}
    assert "not an e-mail address" in StatementOutcome.objects.get(run=run, customer__name="Ben").reason
    assert Message.objects.count() == KeptStatement.objects.count() == 3


def test_long_statements_are_not_rendered_in_one_transaction(run: StatementRun) -> None:
    with clock.at(noon(20)):
        ready = ready_outcomes(planned_outcomes(run))

    def turns(lines: int) -> list[int]:
        long = {}
        for pk, each in ready.items():
            assert isinstance(each.statement, Statement)
            long[pk] = each._replace(statement=replace(each.statement, items=each.statement.items * lines))
        return [len(turn) for turn in in_turns(long)]

    assert (turns(1), turns(250), turns(251), turns(600)) == ([4], [2, 2], [1] * 4, [1] * 4)


def test_a_run_takes_few_queries_more_for_each_statement(run: StatementRun) -> None:
    planned = planned_outcomes(run)
    with clock.at(noon(20)):
        with CaptureQueriesContext(connection) as of_one:
            send_together(ready_outcomes(planned[:1]))
        with CaptureQueriesContext(connection) as of_three:
            send_together(ready_outcomes(planned[1:]))
    assert len(of_three) - len(of_one) <= 2  # who is to be told of each


def fates(run: StatementRun) -> dict[str, str]:
    return dict(run.outcomes.values_list("customer__name", "outcome"))
