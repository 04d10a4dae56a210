"""GET /customers/{id}/statement, its PDF and its mail, and /statement-runs."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import connection

from billing.models import KeptStatement, StatementOutcome, StatementRun
from billing.tests.histories import clock, day, issue, make_customer, noon, pay
from businesses.audit import SYSTEM
from businesses.models import AuditEntry, Business
from conftest import Api
from customers.models import Customer
from customers.services import create_contact
from messaging.models import Message
from webhooks.models import Event


@pytest.fixture
def customer(alice: Business) -> Customer:
    """One who got two invoices in March 2026 and paid a part of the first."""
    with clock.at(noon(0)):
        customer = make_customer(alice)
        first = issue(customer, 100, due=day(10))
        issue(customer, "50.5", due=day(40))
    with clock.at(noon(5)):
        pay(first, 30_00)
    return customer


def path(customer: Customer, query: str = "") -> str:
    return f"/customers/{customer.uuid}/statement{query}"


def test_open_items(api: Api, customer: Customer) -> None:
    body = api.get(path(customer, f"?on={day(12)}")).json()
    assert body.pop("known_at").endswith("Z")
    assert [item.pop("invoice_id") for item in body["items"]]
    assert body == {
        "customer_id": str(customer.uuid),
        "type": "open_item",
        "currency": "USD",
        "on": "2026-03-14",
        "opening_balance": None,
        "items": [
            {
                "invoice_number": "INV-00001",
                "issue_date": "2026-03-02",
                "due_date": "2026-03-12",
                "total": 100,
                "amount_paid": 30,
                "amount_due": 70,
                "days_overdue": 2,
            },
            {
                "invoice_number": "INV-00002",
                "issue_date": "2026-03-02",
                "due_date": "2026-04-11",
                "total": 50.5,
                "amount_paid": 0,
                "amount_due": 50.5,
                "days_overdue": 0,
            },
        ],
        "closing_balance": 120.5,
        "ageing": {"current": 50.5, "1_30": 70, "31_60": 0, "61_90": 0, "over_90": 0, "credit": 0},
        "total_due": 120.5,
    }
    past_due = api.get(path(customer, f"?on={day(12)}&items=past_due")).json()
    assert [item["invoice_number"] for item in past_due["items"]] == ["INV-00001"]
    assert (past_due["closing_balance"], past_due["total_due"]) == (120.5, 70)


def test_balance_forward(api: Api, customer: Customer) -> None:
    body = api.get(path(customer, f"?type=balance_forward&start={day(1)}&end={day(9)}")).json()
    assert body == {
        "customer_id": str(customer.uuid),
        "type": "balance_forward",
        "currency": "USD",
        "start": "2026-03-03",
        "end": "2026-03-11",
        "known_at": body["known_at"],
        "opening_balance": 150.5,
        "entries": [{"date": "2026-03-07", "kind": "payment", "number": "RCT-00001", "amount": -30, "balance": 120.5}],
        "closing_balance": 120.5,
        "ageing": {"current": 120.5, "1_30": 0, "31_60": 0, "61_90": 0, "over_90": 0, "credit": 0},
        "total_due": 120.5,
    }


def test_defaults_and_what_was_known(api: Api, customer: Customer) -> None:
    with clock.at(noon(6)):
        today = api.get(path(customer)).json()
        assert (today["type"], today["on"], today["known_at"]) == (
            "open_item",
            "2026-03-08",
            "2026-03-08T12:00:00.000Z",
        )
        forward = api.get(path(customer, f"?type=balance_forward&start={day(0)}")).json()
        assert (forward["end"], len(forward["entries"])) == ("2026-03-08", 3)
        then = api.get(path(customer, "?known_at=2026-03-03T00:00:00Z")).json()
        assert (then["closing_balance"], then["known_at"]) == (150.5, "2026-03-03T00:00:00.000Z")
        euros = api.get(path(customer, "?currency=eur")).json()
        assert (euros["currency"], euros["closing_balance"], euros["items"]) == ("EUR", 0, [])
        assert api.get(path(customer, "?fields=total_due")).json() == {"total_due": 120.5}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?type=balance_forward", "start"),
        ("?type=balance_forward&start=2026-03-02&end=2026-03-01", "end"),
        ("?type=balance_forward&start=2026-03-02&on=2026-03-03", "on"),
        ("?type=balance_forward&start=2026-03-02&items=past_due", "items"),
        ("?start=2026-03-02", "start"),
        ("?end=2026-03-02", "end"),
        ("?type=open", "type"),
        ("?on=yesterday", "on"),
        ("?items=all", "items"),
        ("?currency=ABC", "currency"),
        ("?known_at=2026-03-02", None),
        ("?known_at=2999-01-01T00:00:00Z", "known_at"),
        ("?known_at=soon", "known_at"),
        ("?known_at=", "known_at"),
        ("?known_at=0001-01-01T00:00:00%2B14:00", "known_at"),
        ("?know_at=2026-03-02", "know_at"),
        ("?on=2026-03-02&on=2026-03-03", "on"),
    ],
)
def test_what_is_wrong_is_named(api: Api, customer: Customer, query: str, field: str | None) -> None:
    answer = api.get(path(customer, query))
    assert answer.status_code == (400 if field else 200)
    if field:
        assert [detail["field"] for detail in answer.json()["details"]] == [field]


def test_strangers_and_scopes(api: Api, bob_api: Api, api_with: Callable[[str], Api], customer: Customer) -> None:
    missing = api.get(f"/customers/{uuid.uuid4()}/statement")
    assert missing.status_code == 404
    for tail in ("", ".pdf"):
        foreign = bob_api.get(path(customer, tail))
        assert (foreign.status_code, foreign.content) == (404, missing.content)
    assert bob_api.post(path(customer, "/send"), {}).content == missing.content
    assert api_with("read").get(path(customer)).status_code == 200
    assert api_with("read").post(path(customer, "/send"), {}).status_code == 403
    assert api_with("webhooks").get(path(customer)).status_code == 403
    assert Api(None).get(path(customer)).status_code == 401


# PDF -----------------------------------------------------------------------------------------------------------------
def test_the_pdf_by_path_and_by_accept(api: Api, customer: Customer) -> None:
    query = f"?on={day(12)}&known_at=2026-03-20T00:00:00Z"
    by_path = api.get(path(customer, f".pdf{query}"))
    by_accept = api.get(path(customer, query), Accept="application/pdf")
    assert by_path.status_code == 200
    assert by_path["Content-Type"] == by_accept["Content-Type"] == "application/pdf"
    assert by_path.content.startswith(b"%PDF")
    assert by_path.content == by_accept.content
    assert by_path["ETag"] == f'"{hashlib.sha256(by_path.content).hexdigest()}"'
    assert api.get(path(customer, f".pdf{query}"), If_None_Match=by_path["ETag"]).status_code == 304
    assert api.get(path(customer, ".pdf?fields=items")).status_code == 400


def test_a_statement_that_does_not_prove_does_not_leave(api: Api, customer: Customer) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE customers_customerbalance SET credit_minor = 7")
    for answer in (api.get(path(customer, ".pdf")), api.post(path(customer, "/send"), {})):
        assert (answer.status_code, answer.json()["code"]) == (409, "statement_does_not_prove")
    assert api.get(path(customer)).status_code == 200  # the numbers can be looked at
    assert not Message.objects.exists()


# Send ----------------------------------------------------------------------------------------------------------------
def test_send(api: Api, customer: Customer) -> None:
    create_contact(customer, name="Zoe", email="zoe@acme.test", primary=True, actor=SYSTEM)
    create_contact(customer, name="Yan", email="yan@acme.test", actor=SYSTEM)
    with clock.at(noon(12)):
        answer = api.post(path(customer, "/send"), {"items": "past_due"})
    assert answer.status_code == 202
    message, kept = Message.objects.get(), KeptStatement.objects.get()
    assert answer.json() == {
        "id": str(message.uuid),
        "state": "queued",
        "to": ["ap@acme.test"],
        "cc": ["zoe@acme.test"],
        "bcc": [],
        "subject": "Statement of account from Alice Ltd, March 14, 2026",
        "created_at": "2026-03-14T12:00:00.000Z",
    }
    assert (message.state, message.kind, message.subject_id) == ("preparing", "statement", kept.uuid)
    assert "Acme Corp" in message.body_text
    assert "$70.00" in message.body_text
    event = Event.objects.get(type="statement.sent")
    assert f'"id":"{kept.uuid}"' in event.data
    assert '"total_due":70' in event.data
    assert AuditEntry.objects.get(action="statement.sent").subject_id == kept.uuid


def test_send_says_what_the_caller_says(api: Api, customer: Customer) -> None:
    body = {
        "to": ["a@x.test", "b@x.test"],
        "cc": ["c@x.test"],
        "bcc": ["d@x.test"],
        "subject": "Your account",
        "message": "Dear {customer_name}",
        "type": "balance_forward",
        "start": "2026-03-01",
        "end": "2026-03-31",
    }
    answer = api.post(path(customer, "/send"), body, Idempotency_Key="once")
    again = api.post(path(customer, "/send"), body, Idempotency_Key="once")
    assert (answer.status_code, answer.content) == (202, again.content)
    message = Message.objects.get()
    assert (message.to, message.cc, message.bcc, message.subject) == (
        body["to"],
        body["cc"],
        body["bcc"],
        "Your account",
    )
    assert message.body_text.startswith("Dear Acme Corp")


def test_send_is_refused(api: Api, customer: Customer) -> None:
    Customer.objects.update(email=None)
    cases: list[tuple[dict[str, Any], str]] = [
        ({}, "email"),
        ({"to": ["nobody"]}, "to.0"),
        ({"tos": ["a@x.test"]}, "tos"),
        ({"to": ["a@x.test"], "type": "balance_forward"}, "start"),
    ]
    for body, field in cases:
        answer = api.post(path(customer, "/send"), body)
        assert answer.status_code == 400, body
        assert answer.json()["details"][0]["field"] == field
    assert not KeptStatement.objects.exists()


def test_a_dry_send_leaves_nothing(api: Api, customer: Customer) -> None:
    answer = api.post(path(customer, "/send?dry_run=true"), {})
    assert (answer.status_code, answer.json()["id"], answer.json()["to"]) == (202, None, ["ap@acme.test"])
    assert not Message.objects.exists()
    assert not Event.objects.filter(type="statement.sent").exists()


# Runs ----------------------------------------------------------------------------------------------------------------
def test_a_run(api: Api, customer: Customer, django_capture_on_commit_callbacks: Any) -> None:
    with clock.at(noon(12)), django_capture_on_commit_callbacks() as woken:
        answer = api.post("/statement-runs", {"minimum_balance": 100, "only_past_due": False})
    assert answer.status_code == 201
    assert len(woken) == 1
    run = StatementRun.objects.get()
    body = answer.json()
    outcome = {"customer_id": str(customer.uuid), "address": "ap@acme.test", "currency": "USD"}
    assert body == {
        "id": str(run.uuid),
        "state": "planned",
        "total": 1,
        "done": 0,
        "counts": {"planned": 1, "queued": 0, "sent": 0, "failed": 0, "skipped": 0},
        "type": "open_item",
        "on": "2026-03-14",
        "known_at": "2026-03-14T12:00:00.000Z",
        "minimum_balance": 100,
        "only_past_due": False,
        "tags": [],
        "roll_up": False,
        "schedule": "manual",
        "outcomes": [{**outcome, "amount": None, "outcome": "planned", "reason": None}],
        "outcomes_total": 1,
        "created_at": body["created_at"],
        "updated_at": body["updated_at"],
    }
    assert api.get(f"/statement-runs/{run.uuid}").json() == body
    assert api.get("/statement-runs").json()["data"] == [body]
    assert api.get("/statement-runs?state=done").json()["data"] == []


def test_a_dry_run_lists_every_outcome(api: Api, customer: Customer) -> None:
    customers = [str(customer.uuid)]
    asked = {"type": "balance_forward", "start": "2026-03-01", "end": "2026-03-31", "customer_ids": customers}
    answer = api.post("/statement-runs?dry_run=true", {**asked, "minimum_balance": 500})
    body = answer.json()
    assert (answer.status_code, body["id"], body["state"], body["total"], body["done"]) == (200, None, None, 1, 1)
    assert (body["start"], body["end"]) == ("2026-03-01", "2026-03-31")
    assert (body["outcomes"][0]["outcome"], body["outcomes"][0]["reason"]) == ("skipped", "Below the minimum balance.")
    assert not StatementRun.objects.exists()
    assert not StatementOutcome.objects.exists()


def test_a_run_is_refused(api: Api, api_with: Callable[[str], Api], customer: Customer, bob: Business) -> None:
    foreign = make_customer(bob)
    cases: list[tuple[dict[str, Any], str]] = [
        ({"type": "balance_forward"}, "start"),
        ({"type": "balance_forward", "start": "2999-01-01"}, "start"),
        ({"customer_ids": [str(customer.uuid), str(foreign.uuid)]}, "customer_ids.1"),
        ({"customer_ids": []}, "customer_ids"),
        ({"minimum_balance": -1}, "minimum_balance"),
        ({"minimum_balance": "0.001"}, "minimum_balance"),
        ({"only_pastdue": True}, "only_pastdue"),
    ]
    for body, field in cases:
        answer = api.post("/statement-runs", body)
        assert answer.status_code == 400, body
        assert answer.json()["details"][0]["field"] == field
    assert api_with("read").post("/statement-runs", {}).status_code == 403


def test_another_business_does_not_see_a_run(api: Api, bob_api: Api, customer: Customer) -> None:
    run = api.post("/statement-runs", {}).json()["id"]
    assert bob_api.get(f"/statement-runs/{run}").content == bob_api.get(f"/statement-runs/{uuid.uuid4()}").content
    assert bob_api.get("/statement-runs").json()["data"] == []
    assert datetime.fromisoformat(api.get(f"/statement-runs/{run}").json()["created_at"])
