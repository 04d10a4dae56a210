"""The jobs of billing: files for messages and revisions, moves by date, statement runs; each repeated without harm."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from celery import current_app
from django.conf import settings

from billing import tasks
from billing.models import Invoice, KeptStatement, Quotation, Revision, StatementRun
from billing.selectors.statement_plans import RunOrder
from billing.selectors.statements import Wanted
from billing.services.envelopes import Envelope
from billing.services.lines import LineDraft
from billing.services.quotations import create_quotation
from billing.services.sending import send_invoice, send_quotation, send_receipt
from billing.services.statement_runs import plan_run
from billing.services.statements import send_statement
from billing.tests.histories import clock, day, issue, make_customer, noon, pay
from businesses.audit import SYSTEM
from businesses.models import Business
from conftest import make_business
from messaging.models import Message, MessageAttachment
from tests.guards import without_guards
from webhooks.models import Event

LINE = LineDraft(description="Work", quantity=Decimal(1), unit_price=Decimal(10))


def test_every_scheduled_job_exists() -> None:
    names = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values() if entry["task"].startswith("billing.")}
    woken = {f"billing.tasks.{name}" for name in ("prepare_message", "keep_document", "run_statements")}
    assert names | woken <= set(current_app.tasks)


# Files ---------------------------------------------------------------------------------------------------------------
@pytest.fixture
def mails(alice: Business) -> list[Message]:
    """One message of each kind that carries a file."""
    with clock.at(noon(0)):
        customer = make_customer(alice)
        invoice = issue(customer, 100, due=day(5))
        pay(invoice, 40_00)
        quotation = create_quotation(alice, customer=customer, lines=[LINE], actor=SYSTEM)
        return [
            send_invoice(invoice, Envelope(), actor=SYSTEM),
            send_quotation(quotation, Envelope(), actor=SYSTEM),
            send_receipt(invoice.allocations.get().payment, Envelope(), actor=SYSTEM),
            send_statement(customer, Wanted(), Envelope(), actor=SYSTEM),
        ]


def test_each_message_gets_its_file_once(mails: list[Message]) -> None:
    tasks.prepare_message(mails[0].pk)
    assert MessageAttachment.objects.get().message == mails[0]
    tasks.prepare_messages()
    tasks.prepare_messages()
    tasks.prepare_message(mails[0].pk)
    assert set(Message.objects.values_list("state", flat=True)) == {"queued"}
    attached = MessageAttachment.objects.order_by("message_id").select_related("file")
    assert [row.name for row in attached] == [
        "INV-00001.pdf",
        "QT-00001.pdf",
        "RCT-00001.pdf",
        "Statement-2026-03-02.pdf",
    ]
    assert all(bytes(row.file.content).startswith(b"%PDF") for row in attached)
    assert attached[3].file == KeptStatement.objects.get().file


def test_a_message_about_nothing_fails_and_says_so(mails: list[Message]) -> None:
    Message.objects.filter(pk=mails[0].pk).update(subject_kind="", subject_id=None)
    Message.objects.filter(pk=mails[1].pk).update(subject_id=mails[1].uuid)
    tasks.prepare_messages()
    broken = Message.objects.filter(pk__in=[mails[0].pk, mails[1].pk]).order_by("id")
    assert [(row.state, row.last_error) for row in broken] == [
        ("failed", "There is no file to send of nothing."),
        ("failed", "The quotation was never issued."),
    ]
    assert Message.objects.filter(state="queued").count() == 2


def test_what_cannot_be_rendered_is_tried_for_a_day_and_stops_nobody(mails: list[Message]) -> None:
    with without_guards():
        Revision.objects.filter(invoice__isnull=False).update(view="{}")
    with clock.at(noon(0.5)):
        tasks.prepare_messages()
        states = dict(Message.objects.values_list("pk", "state"))
        assert [states[mail.pk] for mail in mails] == ["preparing", "queued", "queued", "queued"]
    with clock.at(noon(1.1)):
        tasks.prepare_messages()
    failed = Message.objects.get(pk=mails[0].pk)
    assert failed.state == "failed"
    assert failed.last_error


def test_issued_documents_are_rendered_once(alice: Business) -> None:
    with clock.at(noon(0)):
        customer = make_customer(alice)
        issue(customer, 100)
        issue(customer, 200)
    first, second = Revision.objects.order_by("id")
    tasks.keep_document(first.pk)
    kept = Revision.objects.get(pk=first.pk).file
    with without_guards():
        Revision.objects.filter(pk=second.pk).update(view="{}")
    tasks.keep_documents()
    assert Revision.objects.get(pk=first.pk).file == kept
    assert Revision.objects.get(pk=second.pk).file is None


# Dates ---------------------------------------------------------------------------------------------------------------
def test_invoices_fall_due_after_midnight_of_their_business(db: None) -> None:
    moment = datetime(2026, 3, 2, 12, tzinfo=UTC)
    with clock.at(moment):
        for name, zone in (("West", "America/Los_Angeles"), ("East", "Asia/Tokyo")):
            customer = make_customer(make_business(name, time_zone=zone))
            issue(customer, 10, due=date(2026, 3, 3))
            issue(customer, 10, due=date(2026, 3, 9))
            issue(customer, 10)
    with clock.at(datetime(2026, 3, 3, 15, 1, tzinfo=UTC)):  # the fourth in Tokyo, the third in Los Angeles
        tasks.move_by_date()
        tasks.move_by_date()
        assert list(Invoice.objects.filter(status="overdue").values_list("business__name", flat=True)) == ["East"]
    with clock.at(datetime(2026, 3, 4, 8, 1, tzinfo=UTC)):
        tasks.move_by_date()
    assert Invoice.objects.filter(status="overdue").count() == 2
    assert Event.objects.filter(type="invoice.overdue").count() == 2


def test_quotations_expire(alice: Business) -> None:
    with clock.at(noon(0)):
        customer = make_customer(alice)
        for valid_until in (day(1), day(2), None):
            details = {"valid_until": valid_until}
            create_quotation(alice, customer=customer, lines=[LINE], details=details, actor=SYSTEM)
    with clock.at(noon(2)):
        tasks.move_by_date()
    assert list(Quotation.objects.order_by("id").values_list("status", flat=True)) == ["expired", "draft", "draft"]


# Statements ----------------------------------------------------------------------------------------------------------
def test_a_scheduled_run_leaves_from_plan_to_read_outcomes(db: None) -> None:
    with clock.at(noon(-30)):
        business = make_business("Carol", statement_frequency="weekly", statement_weekday=0)
        issue(make_customer(business), 10)
    with clock.at(noon(0)):  # a Monday
        tasks.run_statements()
        tasks.run_statements()
        assert Message.objects.count() == 1
        tasks.prepare_messages()
        Message.objects.update(state="sent")
        tasks.run_statements()
    run = StatementRun.objects.get()
    assert (run.state, run.period, run.outcomes.get().outcome) == ("done", "2026-03-02", "sent")
    with clock.at(noon(0) + timedelta(days=7)):
        tasks.run_statements()
    assert Message.objects.count() == 2


def test_one_bad_row_does_not_stop_a_run_and_is_tried_again(alice: Business) -> None:
    with clock.at(noon(0)):
        for name in ("Ann", "Ben", "Cem"):
            issue(make_customer(alice, name), 10)
        order = RunOrder(type="open_item", end=day(0))
        run = plan_run(alice, order, schedule="manual:1", period="2026-03-02", actor=SYSTEM)
        bad: Any = run.outcomes.filter(customer__name="Ben")
        bad.update(currency="ZZZ")  # no currency: nobody can say how many decimals it has
        tasks.run_statements(run.pk)
        assert list(run.outcomes.order_by("id").values_list("outcome", flat=True)) == ["queued", "planned", "queued"]
        run.refresh_from_db()
        assert run.state == "running"
        bad.update(currency="USD")
        tasks.run_statements()
    run.refresh_from_db()
    assert run.state == "done"
    assert Message.objects.count() == 3
