"""Invoiced's payments: applied, unapplied, credited, changed, voided, printed, mailed; and charges, which are refused."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from billing.models import Payment
from businesses.models import Business
from dialects.invoiced.payment_mapping import METHODS
from dialects.invoiced.tests.conftest import Invoiced
from invoicing.lib import clock
from messaging.models import Message

pytestmark = pytest.mark.django_db

PRINTED = {
    **dict.fromkeys(("ach_sender_id", "charge", "matched", "notes", "reference")),
    "amount": 800,
    "balance": 0,
    "currency": "usd",
    "metadata": [],
    "method": "other",
    "object": "payment",
    "source": "keyed",
    "voided": False,
}


@pytest.fixture
def acme(invoiced: Invoiced) -> int:
    return int(invoiced.post("/customers", {"name": "Acme", "email": "ap@acme.test"}).json()["id"])


def bill(invoiced: Invoiced, customer: int, amount: Any = 100, **fields: Any) -> dict[str, Any]:
    body = {"customer": customer, "items": [{"name": "Work", "quantity": 1, "unit_cost": amount}], **fields}
    response = invoiced.post("/invoices", body)
    assert response.status_code == 201, response.content
    return dict(response.json())


def to(invoice: dict[str, Any], amount: Any) -> dict[str, Any]:
    return {"type": "invoice", "amount": amount, "invoice": invoice["id"]}


def pay(invoiced: Invoiced, **body: Any) -> dict[str, Any]:
    response = invoiced.post("/payments", body)
    assert response.status_code == 201, response.content
    return dict(response.json())


# POST ----------------------------------------------------------------------------------------------------------------
def test_a_payment_of_an_invoice_needs_no_customer(invoiced: Invoiced, acme: int) -> None:
    invoice = bill(invoiced, acme, 800)
    made = pay(invoiced, amount=800, applied_to=[to(invoice, 800)])
    assert {name: made[name] for name in PRINTED} == PRINTED
    assert made["applied_to"] == [to(invoice, 800)]
    assert (made["customer"], made["id"]) == (acme, Payment.objects.get().pk)
    paid = invoiced.get(f"/invoices/{invoice['id']}").json()
    assert (paid["status"], paid["balance"]) == ("paid", 0)
    assert invoiced.get(f"/payments/{made['id']}").json() == made


def test_what_is_not_applied_is_the_balance(invoiced: Invoiced, acme: int) -> None:
    first, second = bill(invoiced, acme), bill(invoiced, acme, 50)
    made = pay(invoiced, customer=acme, amount=200, applied_to=[to(first, 100), to(second, 20)])
    assert (made["balance"], [item["amount"] for item in made["applied_to"]]) == (80, [100, 20])
    assert invoiced.get(f"/customers/{acme}/balance").json()["available_credits"] == 80


def test_without_applied_to_it_waits(invoiced: Invoiced, acme: int) -> None:
    bill(invoiced, acme)
    made = pay(invoiced, customer=acme, amount=30)
    assert (made["balance"], made["applied_to"]) == (30, [])


def test_without_applied_to_it_pays_what_is_open_where_the_business_wants_that(
    invoiced: Invoiced, alice: Business, acme: int
) -> None:
    alice.apply_credit = True
    alice.save()
    invoice = bill(invoiced, acme)
    assert pay(invoiced, customer=acme, amount=30)["applied_to"] == [to(invoice, 30)]
    assert pay(invoiced, customer=acme, amount=30, applied_to=[])["balance"] == 30


def test_to_the_credit_balance(invoiced: Invoiced, acme: int) -> None:
    invoice = bill(invoiced, acme)
    body = {"amount": 150, "applied_to": [to(invoice, 100), {"type": "credit", "amount": 40}]}
    made = pay(invoiced, **body)
    assert made["applied_to"] == body["applied_to"]
    assert made["balance"] == 10
    assert invoiced.get(f"/customers/{acme}/balance").json()["available_credits"] == 50
    other = bill(invoiced, acme, 30)
    changed = invoiced.patch(f"/payments/{made['id']}", {"applied_to": [to(invoice, 100), to(other, 30)]}).json()
    assert (changed["balance"], [item["type"] for item in changed["applied_to"]]) == (20, ["invoice", "invoice"])


@pytest.mark.parametrize("method", METHODS)
def test_methods_come_back_as_they_were(invoiced: Invoiced, acme: int, method: str) -> None:
    made = pay(invoiced, customer=acme, amount=1, method=method)
    assert made["method"] == method
    assert Payment.objects.get().method == METHODS[method]
    assert [row["id"] for row in invoiced.get(f"/payments?filter[method]={method}").json()] == [made["id"]]


@pytest.mark.parametrize(
    ("native", "shown"), [("bank_transfer", "wire_transfer"), ("card", "credit_card"), ("cash", "cash")]
)
def test_a_payment_of_another_format(invoiced: Invoiced, api: Any, acme: int, native: str, shown: str) -> None:
    customer = api.get("/customers").json()["data"][0]["id"]
    api.post("/payments", {"customer_id": customer, "amount": 5, "method": native})
    (found,) = invoiced.get(f"/payments?filter[method]={shown}").json()
    assert (found["method"], found["source"]) == (shown, "keyed")


def test_every_field_comes_back(invoiced: Invoiced, alice: Business, acme: int) -> None:
    alice.time_zone = "America/New_York"
    alice.save()
    body = {
        "customer": acme,
        "date": 1775016000,  # midnight in New York, April 1, 2026
        "method": "ach",
        "currency": "eur",
        "amount": 12.34,
        "reference": "1001",
        "ach_sender_id": "S-1",
        "source": "api",
        "notes": "Thanks",
        "metadata": {"batch": "7"},
    }
    made = pay(invoiced, **body)
    assert {name: made[name] for name in body} == body
    assert str(Payment.objects.get().payment_date) == "2026-04-01"
    native = Payment.objects.get()
    assert (native.metadata, native.extra["invoiced"]["ach_sender_id"]) == ({"batch": "7"}, "S-1")


def test_a_form(invoiced: Invoiced, acme: int) -> None:
    invoice = bill(invoiced, acme)
    form = {"amount": "100", "applied_to[0][type]": "invoice", "applied_to[0][amount]": "100"}
    form |= {"applied_to[0][invoice]": str(invoice["id"]), "metadata[a]": "b"}
    made = invoiced.post("/payments", form=form)
    assert (made.status_code, made.json()["applied_to"], made.json()["metadata"]) == (
        201,
        [to(invoice, 100)],
        {"a": "b"},
    )


def test_the_key_can_be_sent_again(invoiced: Invoiced, acme: int) -> None:
    body = {"customer": acme, "amount": 5}
    first, second = (invoiced.post("/payments", body, **{"idempotency-key": "k"}) for _ in range(2))
    assert first.json() == second.json()
    assert Payment.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"amount": 5}, "customer"),
        ({"amount": 5, "customer": 999999}, "customer"),
        ({"customer": "acme"}, "amount"),
        ({"customer": "acme", "amount": 0}, "amount"),
        ({"customer": "acme", "amount": 1.001}, "amount"),
        ({"customer": "acme", "amount": 5, "method": "barter"}, "method"),
        ({"customer": "acme", "amount": 5, "date": 4102444800}, "date"),
        ({"customer": "acme", "amount": 5, "applied_to": [{"type": "gift", "amount": 1}]}, "applied_to.0.type"),
        ({"customer": "acme", "amount": 5, "applied_to": [{"type": "invoice", "amount": 1}]}, "applied_to.0.invoice"),
        ({"amount": 5, "applied_to": [{"type": "invoice", "amount": 1, "invoice": 999999}]}, "applied_to.0.invoice"),
        ({"customer": "acme", "amount": 5, "applied_to": [{"type": "credit", "amount": 0}]}, "applied_to.0.amount"),
        ({"customer": "acme", "amount": 5, "applied_to": [{"type": "credit", "amount": 6}]}, "applied_to"),
        *(
            ({"customer": "acme", "amount": 5, "applied_to": [{"type": kind, "amount": 1}]}, "applied_to.0.type")
            for kind in ("estimate", "convenience_fee", "credit_note", "applied_credit")
        ),
    ],
)
def test_bodies_that_cannot_be(invoiced: Invoiced, acme: int, body: dict[str, Any], param: str) -> None:
    sent = {**body, "customer": acme} if body.get("customer") == "acme" else body
    response = invoiced.post("/payments", sent)
    assert response.status_code == 400
    assert (response.json()["type"], response.json()["param"]) == ("invalid_request", param)
    assert Payment.objects.count() == 0


def test_applications_that_cannot_be(invoiced: Invoiced, acme: int) -> None:
    stranger = invoiced.post("/customers", {"name": "B"}).json()["id"]
    foreign, draft = bill(invoiced, stranger), bill(invoiced, acme, draft=True)
    for applied, param in (
        ([to(foreign, 1)], "applied_to.0.invoice"),
        ([to(draft, 1)], "applied_to.0.invoice"),
        ([to(bill(invoiced, acme), 0)], "applied_to.0.amount"),
        ([to(bill(invoiced, acme), 6)], "applied_to"),
    ):
        response = invoiced.post("/payments", {"customer": acme, "amount": 5, "applied_to": applied})
        assert (response.status_code, response.json().get("param")) == (400, param), response.content


# PATCH, DELETE -------------------------------------------------------------------------------------------------------
def test_change(invoiced: Invoiced, acme: int) -> None:
    first, second = bill(invoiced, acme), bill(invoiced, acme)
    made = pay(invoiced, amount=100, method="ach", applied_to=[to(first, 100)], metadata={"a": "1"})
    path = f"/payments/{made['id']}"
    body = {
        "reference": "R",
        "notes": "N",
        "metadata": {"b": "2"},
        "ach_sender_id": "S",
        "applied_to": [to(second, 60)],
    }
    changed = invoiced.patch(path, body).json()
    assert {name: changed[name] for name in body} == body
    assert (changed["balance"], changed["method"]) == (40, "ach")
    assert invoiced.get(f"/invoices/{first['id']}").json()["balance"] == 100
    cleared = invoiced.patch(path, {"notes": None, "ach_sender_id": None, "applied_to": []}).json()
    assert (cleared["notes"], cleared["ach_sender_id"], cleared["applied_to"], cleared["balance"]) == (
        None,
        None,
        [],
        100,
    )
    echoed = {name: cleared[name] for name in ("customer", "date", "method", "currency", "amount")}
    assert invoiced.patch(path, echoed).json()["reference"] == "R"
    assert invoiced.patch(path, {"method": "eft"}).json()["method"] == "eft"


@pytest.mark.parametrize(
    "change", [{"amount": 99}, {"date": 1767225600}, {"method": "cash"}, {"currency": "eur"}, {"customer": 1_000_000}]
)
def test_what_is_posted_stays(invoiced: Invoiced, acme: int, change: dict[str, Any]) -> None:
    made = pay(invoiced, customer=acme, amount=100, method="check")
    response = invoiced.patch(f"/payments/{made['id']}", change)
    assert (response.status_code, response.json()["param"]) == (400, next(iter(change)))
    assert invoiced.get(f"/payments/{made['id']}").json() == made


def test_more_than_is_owed(invoiced: Invoiced, acme: int) -> None:
    made = pay(invoiced, customer=acme, amount=200)
    response = invoiced.patch(f"/payments/{made['id']}", {"applied_to": [to(bill(invoiced, acme), 150)]})
    assert (response.status_code, response.json()["param"]) == (400, "applied_to.0.amount")


def test_delete_voids(invoiced: Invoiced, acme: int) -> None:
    invoice = bill(invoiced, acme)
    made = pay(invoiced, amount=100, applied_to=[to(invoice, 100)])
    gone = invoiced.call("DELETE", f"/payments/{made['id']}")
    assert gone.status_code == 200
    assert (gone.json()["id"], gone.json()["voided"], gone.json()["balance"]) == (made["id"], True, 0)
    assert invoiced.get(f"/invoices/{invoice['id']}").json()["balance"] == 100
    assert invoiced.call("DELETE", f"/payments/{made['id']}").status_code == 400
    assert [row["id"] for row in invoiced.get("/payments?filter[voided]=1").json()] == [made["id"]]
    assert invoiced.get("/payments?filter[voided]=False").json() == []


# Lists ---------------------------------------------------------------------------------------------------------------
def test_lists(invoiced: Invoiced, acme: int) -> None:
    other = invoiced.post("/customers", {"name": "B"}).json()["id"]
    days = [1767268800 + day * 86400 for day in range(3)]  # January 1 to 3, 2026
    made = [
        pay(invoiced, customer=acme, amount=10 - n, date=day, metadata={"n": str(n)}, reference=f"R{n}")["id"]
        for n, day in enumerate(days)
    ]
    last = pay(invoiced, customer=other, amount=1, currency="eur")["id"]

    def found(query: str) -> list[int]:
        return [row["id"] for row in invoiced.get(f"/payments?{query}").json()]

    assert found("") == [last, *made[::-1]]
    assert found("sort=amount%20asc") == [last, *made[::-1]]
    assert found(f"filter[customer]={acme}&sort=date%20asc") == made
    assert found("filter[currency]=eur") == [last]
    assert found("filter[reference]=R1") == [made[1]]
    assert found("metadata[n]=2") == [made[2]]
    assert found(f"start_date={days[1]}&end_date={days[2]}") == made[:0:-1]
    assert found("updated_after=4000000000") == []
    page = invoiced.get("/payments?per_page=2&page=2&expand=customer&include=applied_to")
    assert (page["X-Total-Count"], page.json()[0]["customer"]["name"]) == ("4", "Acme")
    for query, param in (("filter[colour]=1", "filter[colour]"), ("sort=colour", "sort")):
        assert invoiced.get(f"/payments?{query}").json()["param"] == param


def test_a_list_costs_the_same_for_many(invoiced: Invoiced, acme: int, django_assert_max_num_queries: Any) -> None:
    for _ in range(6):
        pay(invoiced, amount=10, applied_to=[to(bill(invoiced, acme), 10)])
    with django_assert_max_num_queries(9):
        assert len(invoiced.get("/payments?expand=customer").json()) == 6


# Receipts ------------------------------------------------------------------------------------------------------------
def test_the_receipt(invoiced: Invoiced, acme: int) -> None:
    made = pay(invoiced, customer=acme, amount=10)
    printed = invoiced.call("GET", f"/payments/{made['id']}", Accept="application/pdf")
    assert (printed.status_code, printed["Content-Type"]) == (200, "application/pdf")
    path = "/" + made["pdf_url"].split("/", 3)[3]
    stranger = Client()
    assert stranger.get(path).content == printed.content
    with clock.at(clock.later(days=181)):
        assert stranger.get(path).status_code == 404
    assert (
        stranger.get(path.replace("/receipt/", "/account/").replace("receipt.pdf", "statement.pdf")).status_code == 404
    )
    invoiced.call("DELETE", f"/payments/{made['id']}")
    assert stranger.get(path).status_code == 404


def test_the_receipt_by_mail(invoiced: Invoiced, acme: int) -> None:
    path = f"/payments/{pay(invoiced, customer=acme, amount=10)['id']}"
    (email,) = invoiced.post(f"{path}/emails", {}).json()
    assert (email["object"], email["email"], email["template"]) == ("email", "ap@acme.test", "payment_receipt_email")
    body = {"to": [{"name": "A", "email": "a@b.test"}], "bcc": "c@d.test", "subject": "Receipt", "message": "Thanks"}
    response = invoiced.post(f"{path}/emails", body)
    assert response.status_code == 201
    message = Message.objects.latest("id")
    assert (message.to, message.bcc, message.subject) == (["a@b.test"], ["c@d.test"], "Receipt")
    invoiced.call("DELETE", path)
    assert invoiced.post(f"{path}/emails", {}).status_code == 400


# What is not there ---------------------------------------------------------------------------------------------------
def test_nothing_of_anothers(invoiced: Invoiced, bobs: Invoiced, acme: int) -> None:
    invoice = bill(invoiced, acme)
    path = f"/payments/{pay(invoiced, customer=acme, amount=10)['id']}"
    for method, where in (("GET", path), ("PATCH", path), ("DELETE", path), ("POST", f"{path}/emails")):
        response = bobs.call(method, where, {} if method in {"POST", "PATCH"} else None)
        assert response.status_code == 404, (method, where)
    assert bobs.get("/payments").json() == []
    assert bobs.get(f"/payments?filter[customer]={acme}").json() == []
    own = bobs.post("/customers", {"name": "B"}).json()["id"]
    unknown = {"customer": own, "amount": 5, "applied_to": [{"type": "invoice", "amount": 1, "invoice": 999999}]}
    foreign = {**unknown, "applied_to": [to(invoice, 1)]}
    answers = [bobs.post("/payments", body) for body in (unknown, foreign)]
    assert answers[0].content == answers[1].content
    assert bobs.post("/payments", {"customer": acme, "amount": 5}).json()["param"] == "customer"


@pytest.mark.parametrize("path", ["/charges", "/charges/1/refunds"])
def test_charges_say_what_to_do(invoiced: Invoiced, path: str) -> None:
    response = invoiced.post(path, {"customer": 1, "amount": 5})
    assert response.status_code == 400
    assert response.json() == {
        "type": "invalid_request",
        "message": "Charges are not served: no payment provider is connected; record a payment with POST /payments.",
    }
