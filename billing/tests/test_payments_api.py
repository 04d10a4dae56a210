"""/payments: recorded against many invoices, changed, voided, refunded, applied anew, printed and mailed."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.models import Payment
from billing.selectors.books import find_damage
from billing.tests.conftest import Make
from businesses.models import Business
from conftest import Api
from messaging.models import Message

NOBODY = "0199b2f0-0000-7000-8000-000000000000"


@pytest.fixture(autouse=True)
def _books_agree(alice: Business) -> Any:
    yield
    assert list(find_damage(alice)) == []


@pytest.fixture
def pay(api: Api, customer: str) -> Make:
    """A payment of 150.00, or of what is given."""

    def make(**fields: Any) -> dict[str, Any]:
        answer = api.post("/payments", {"customer_id": customer, "amount": 150, **fields})
        assert answer.status_code == 201, answer.content
        return dict(answer.json())

    return make


def due(api: Api, invoice: dict[str, Any]) -> tuple[str, Any]:
    shown = api.get(f"/invoices/{invoice['id']}").json()
    return shown["status"], shown["amount_due"]


def field_of(answer: Any) -> str:
    return str(answer.json()["details"][0]["field"])


# Record --------------------------------------------------------------------------------------------------------------
def test_one_payment_of_many_invoices_whose_rest_is_credit(
    api: Api, customer: str, make_invoice: Make, events: Any
) -> None:
    first, second = make_invoice(status="sent"), make_invoice(status="sent")
    body = {
        "customer_id": customer,
        "amount": 170,
        "payment_date": "2026-03-01",
        "method": "bank_transfer",
        "reference": "T-77",
        "notes": "Thanks",
        "allocations": [{"invoice_id": first["id"]}, {"invoice_id": second["id"], "amount": "40.50"}],
    }
    answer = api.post("/payments", body)
    assert answer.status_code == 201, answer.content
    made = answer.json()
    shown = dict(made)
    for name in ("id", "business_id", "created_at", "updated_at"):
        assert shown.pop(name)
    assert shown == {
        "customer_id": customer,
        "payment_number": "RCT-00001",
        "currency": "USD",
        "amount": 170,
        "unallocated_amount": 29.5,
        "refunded_amount": 0,
        "status": "recorded",
        "payment_date": "2026-03-01",
        "method": "bank_transfer",
        "reference": "T-77",
        "notes": "Thanks",
        "metadata": {},
        "allocations": [
            {"invoice_id": first["id"], "invoice_number": "INV-00001", "amount": 100},
            {"invoice_id": second["id"], "invoice_number": "INV-00002", "amount": 40.5},
        ],
        "refunds": [],
    }
    assert (due(api, first), due(api, second)) == (("paid", 0), ("sent", 59.5))
    assert events()[-3:] == ["payment.created", "invoice.paid", "invoice.updated"]
    got = api.get(f"/payments/{made['id']}")
    assert got.json() == made
    assert api.get(f"/payments/{made['id']}", If_None_Match=got["ETag"]).status_code == 304


def test_the_currency_is_the_customers_else_the_businesss(api: Api, make_invoice: Make) -> None:
    yen = api.post("/customers", {"name": "Yoko", "currency": "JPY"}).json()["id"]
    made = api.post("/payments", {"customer_id": yen, "amount": 1500})
    assert (made.json()["currency"], made.json()["amount"]) == ("JPY", 1500)
    part = api.post("/payments", {"customer_id": yen, "amount": Decimal("0.5")})
    assert (part.status_code, field_of(part)) == (400, "amount")
    dinar = api.post("/payments", {"customer_id": yen, "amount": Decimal("0.125"), "currency": "kwd"}).json()
    assert (dinar["currency"], dinar["amount"]) == ("KWD", 0.125)


def test_without_allocations_the_business_decides(api: Api, alice: Business, pay: Make, make_invoice: Make) -> None:
    late, early = make_invoice(status="sent", due_date="2999-02-01"), make_invoice(status="sent", due_date="2999-01-01")
    assert pay()["unallocated_amount"] == 150
    alice.apply_credit = True
    alice.save()
    assert [row["invoice_id"] for row in pay(allocations=None)["allocations"]] == [late["id"], early["id"]]
    assert (due(api, early), due(api, late)) == (("paid", 0), ("sent", 50))
    assert pay(allocations=[], amount=50)["unallocated_amount"] == 50


def test_more_than_is_due_becomes_credit_and_more_than_was_paid_is_refused(
    api: Api, customer: str, pay: Make, make_invoice: Make
) -> None:
    invoice = make_invoice(status="sent")
    assert pay(allocations=[{"invoice_id": invoice["id"], "amount": 150}])["unallocated_amount"] == 50
    other = make_invoice(status="sent")
    body = {"customer_id": customer, "amount": 10, "allocations": [{"invoice_id": other["id"], "amount": 11}]}
    refused = api.post("/payments", body)
    assert (refused.status_code, field_of(refused)) == (400, "allocations")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": -1}, "amount"),
        ({"amount": "much"}, "amount"),
        ({"amount": Decimal("1.001")}, "amount"),
        ({"amount": 999999999999999}, "amount"),
        ({"amount": None}, "amount"),
        ({"customer_id": None}, "customer_id"),
        ({"customer_id": NOBODY}, "customer_id"),
        ({"customer_id": "acme"}, "customer_id"),
        ({"currency": "ABC"}, "currency"),
        ({"payment_date": "2999-01-01"}, "payment_date"),
        ({"payment_date": "tomorrow"}, "payment_date"),
        ({"method": "barter"}, "method"),
        ({"reference": "x" * 101}, "reference"),
        ({"allocations": {}}, "allocations"),
        ({"allocations": [{"amount": 1}]}, "allocations.0.invoice_id"),
        ({"allocations": [{"invoice_id": NOBODY}]}, "allocations.0.invoice_id"),
        ({"allocations": [{"invoice": NOBODY}]}, "allocations.0.invoice"),
        ({"alocations": []}, "alocations"),
    ],
)
def test_what_is_wrong_is_named(api: Api, customer: str, change: dict[str, Any], field: str) -> None:
    answer = api.post("/payments", {"customer_id": customer, "amount": 5, **change})
    assert (answer.status_code, field_of(answer)) == (400, field), answer.content
    assert Payment.objects.count() == 0


def test_an_invoice_that_takes_no_payment_is_named(
    api: Api, bob_api: Api, customer: str, pay: Make, make_invoice: Make
) -> None:
    mine, draft = make_invoice(status="sent"), make_invoice()
    gone, euros = make_invoice(), make_invoice(status="sent", currency="EUR")
    api.delete(f"/invoices/{gone['id']}")
    other = api.post("/customers", {"name": "Other"}).json()["id"]
    others = make_invoice(customer_id=other, status="sent")
    bobs = bob_api.post("/customers", {"name": "Bob's"}).json()["id"]
    line = {"description": "x", "quantity": 1, "unit_price": 5}
    foreign = bob_api.post("/invoices", {"customer_id": bobs, "items": [line], "status": "sent"}).json()
    answers = {}
    ids = {"unknown": NOBODY, "foreign": foreign["id"], "deleted": gone["id"]}
    for name, identifier in {**ids, "draft": draft["id"], "euros": euros["id"], "others": others["id"]}.items():
        shares = [{"invoice_id": mine["id"], "amount": 1}, {"invoice_id": identifier, "amount": 1}]
        answers[name] = api.post("/payments", {"customer_id": customer, "amount": 5, "allocations": shares})
        assert field_of(answers[name]) == "allocations.1.invoice_id", name
    assert len({answers[name].content for name in ids}) == 1
    assert {name: answer.status_code for name, answer in answers.items()} == {
        **dict.fromkeys(answers, 400),
        "draft": 409,
    }
    twice = [{"invoice_id": mine["id"], "amount": 1}] * 2
    assert api.post("/payments", {"customer_id": customer, "amount": 5, "allocations": twice}).status_code == 400
    assert due(api, mine) == ("sent", 100)


def test_a_deleted_customer_pays_no_more(api: Api, customer: str) -> None:
    api.delete(f"/customers/{customer}")
    answer = api.post("/payments", {"customer_id": customer, "amount": 5})
    assert (answer.status_code, field_of(answer)) == (400, "customer_id")


def test_dry_run_stores_nothing(api: Api, customer: str, make_invoice: Make, events: Any) -> None:
    invoice, before = make_invoice(status="sent"), events()
    body = {"customer_id": customer, "amount": 150, "allocations": [{"invoice_id": invoice["id"]}]}
    shown = api.post("/payments?dry_run=true", body)
    assert shown.status_code == 201
    assert (shown.json()["id"], shown.json()["payment_number"]) == (None, None)
    assert shown.json()["unallocated_amount"] == 50
    assert (Payment.objects.count(), due(api, invoice), events()) == (0, ("sent", 100), before)
    assert api.post("/payments", body).json()["payment_number"] == "RCT-00001"


def test_the_same_key_records_one_payment(api: Api, customer: str) -> None:
    body = {"customer_id": customer, "amount": 5}
    first, again = (api.post("/payments", body, Idempotency_Key="k") for _ in range(2))
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert again["Idempotent-Replayed"] == "true"
    assert api.post("/payments", {**body, "amount": 6}, Idempotency_Key="k").status_code == 422
    assert Payment.objects.count() == 1


def test_locked_books_refuse(api: Api, alice: Business, customer: str) -> None:
    from datetime import date

    alice.books_locked_until = date(2026, 6, 30)
    alice.save()
    answer = api.post("/payments", {"customer_id": customer, "amount": 5, "payment_date": "2026-06-30"})
    assert (answer.status_code, answer.json()["code"]) == (409, "books_locked")


# Read ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [3, 2, 1]),
        ("sort=amount", [2, 1, 3]),
        ("sort=-payment_date", [3, 2, 1]),
        ("sort=number", [1, 2, 3]),
        ("sort=-updated_at", [1, 3, 2]),
        ("status=voided", [1]),
        ("method=cash", [2]),
        ("currency=eur", [3]),
        ("number=0002", [2]),
        ("payment_date_after=2026-02-02", [3, 2]),
        ("payment_date_before=2026-02-02", [2, 1]),
        ("search=cheque", [1]),
        ("search=rct-00003", [3]),
        ("search=%25", []),
        ("limit=1&page=2", [2]),
        ("method=cash&status=voided", []),
    ],
)
def test_lists(api: Api, customer: str, pay: Make, query: str, numbers: list[int]) -> None:
    first = pay(payment_date="2026-01-01", reference="Cheque 5")
    pay(payment_date="2026-02-02", method="cash", amount=20)
    pay(payment_date="2026-03-03", currency="EUR", amount=200)
    api.post(f"/payments/{first['id']}/void")
    answer = api.get(f"/payments?{query}")
    assert answer.status_code == 200, answer.content
    assert [int(row["payment_number"][-1]) for row in answer.json()["data"]] == numbers
    mine = api.get(f"/payments?customer_id={customer}&ids={first['id']}").json()["data"]
    assert mine == [api.get(f"/payments/{first['id']}").json()]


@pytest.mark.parametrize("query", ["status=paid", "method=gold", "sort=total", "customer_id=x", "payment_date_after=x"])
def test_a_list_says_what_it_cannot_be_asked(api: Api, query: str) -> None:
    answer = api.get(f"/payments?{query}")
    assert (answer.status_code, field_of(answer)) == (400, query.split("=")[0])


def test_a_list_costs_the_same_for_one_and_for_many(api: Api, pay: Make, make_invoice: Make) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert api.get("/payments?expand=customer").status_code == 200
        return len(caught)

    invoice = make_invoice(status="sent")
    pay(allocations=[{"invoice_id": invoice["id"], "amount": 1}])
    one = queries()
    for _ in range(4):
        made = pay(allocations=[{"invoice_id": invoice["id"], "amount": 1}])
        api.post(f"/payments/{made['id']}/refund", {"amount": 2})
    assert queries() == one


def test_expanded_and_trimmed(api: Api, customer: str, pay: Make) -> None:
    path = f"/payments/{pay()['id']}"
    assert api.get(f"{path}?expand=customer").json()["customer"]["name"] == "Acme Corp"
    assert api.get(f"{path}?fields=amount,status").json() == {"amount": 150, "status": "recorded"}


def test_anothers_payment_is_not_there(api: Api, bob_api: Api, pay: Make) -> None:
    made = pay()
    missing = bob_api.get(f"/payments/{NOBODY}")
    path = f"/payments/{made['id']}"
    for answer in (
        bob_api.get(path),
        bob_api.patch(path, {"notes": "x"}),
        bob_api.post(f"{path}/void"),
        bob_api.post(f"{path}/refund"),
        bob_api.post(f"{path}/allocations", {"allocations": []}),
        bob_api.get(f"{path}/pdf"),
        bob_api.post(f"{path}/send"),
    ):
        assert (answer.status_code, answer.content) == (404, missing.content)
    assert bob_api.get("/payments").json()["data"] == []


# Change --------------------------------------------------------------------------------------------------------------
def test_reference_and_notes_change_and_nothing_else(api: Api, pay: Make, events: Any) -> None:
    path = f"/payments/{pay()['id']}"
    etag = api.get(path)["ETag"]
    answer = api.patch(path, {"reference": "T-1", "notes": "n"}, If_Match=etag)
    assert (answer.status_code, answer.json()["reference"], answer.json()["notes"]) == (200, "T-1", "n")
    assert api.patch(path, {"notes": "m"}, If_Match=etag).status_code == 412
    told = events()
    assert api.patch(path, {"notes": "n"}, If_Match=answer["ETag"]).status_code == 200
    assert events() == told
    assert told[-1] == "payment.updated"
    assert api.patch(path, {"reference": None}).json()["reference"] is None
    for body in ({"amount": 5}, {"status": "voided"}, {}):
        assert api.patch(path, body).status_code == 400


def test_void_takes_it_back_once(api: Api, pay: Make, make_invoice: Make, events: Any) -> None:
    invoice = make_invoice(status="sent")
    path = f"/payments/{pay(allocations=[{'invoice_id': invoice['id']}])['id']}"
    answer = api.post(f"{path}/void", {"reason": "Bounced"}, Idempotency_Key="v")
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["status"], shown["allocations"], shown["unallocated_amount"]) == ("voided", [], 0)
    assert due(api, invoice) == ("sent", 100)
    assert events()[-2:] == ["payment.voided", "invoice.updated"]
    assert api.post(f"{path}/void", {"reason": "Bounced"}, Idempotency_Key="v").content == answer.content
    for refused in (api.post(f"{path}/void"), api.post(f"{path}/refund")):
        assert (refused.status_code, refused.json()["code"]) == (409, "state_does_not_allow")
    assert api.post(f"{path}/allocations", {"allocations": []}).status_code == 409


def test_refund_of_a_part_then_of_the_rest(api: Api, pay: Make, make_invoice: Make, events: Any) -> None:
    invoice = make_invoice(status="sent")
    made = pay(allocations=[{"invoice_id": invoice["id"]}], payment_date="2026-01-01", method="card")
    path = f"/payments/{made['id']}"
    part = api.post(f"{path}/refund", {"amount": 60, "refund_date": "2026-02-01", "reference": "R1", "notes": "sorry"})
    assert part.status_code == 200, part.content
    (refund,) = part.json()["refunds"]
    assert refund.pop("id")
    assert refund.pop("created_at")
    assert refund == {
        "amount": 60,
        "refund_date": "2026-02-01",
        "method": "card",
        "reference": "R1",
        "notes": "sorry",
    }
    assert (part.json()["refunded_amount"], part.json()["unallocated_amount"], due(api, invoice)) == (
        60,
        0,
        ("sent", 10),
    )
    over = api.post(f"{path}/refund", {"amount": Decimal("90.01")})
    assert (over.status_code, over.json()["code"], field_of(over)) == (409, "exceeds_refundable", "amount")
    assert api.post(f"{path}/void").status_code == 409
    rest = api.post(f"{path}/refund", {"method": "cash"}).json()
    assert (rest["status"], rest["refunded_amount"], [row["amount"] for row in rest["refunds"]]) == (
        "refunded",
        150,
        [60, 90],
    )
    assert (due(api, invoice), rest["allocations"]) == (("sent", 100), [])
    assert events().count("payment.refunded") == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": Decimal("0.001")}, "amount"),
        ({"refund_date": "2999-01-01"}, "refund_date"),
        ({"refund_date": "2025-12-31"}, "refund_date"),
        ({"method": "barter"}, "method"),
        ({"reason": "x"}, "reason"),
    ],
)
def test_a_refund_names_what_is_wrong(api: Api, pay: Make, body: dict[str, Any], field: str) -> None:
    answer = api.post(f"/payments/{pay(payment_date='2026-01-01')['id']}/refund", body)
    assert (answer.status_code, field_of(answer)) == (400, field)


def test_a_dry_refund_has_no_id_and_no_effect(api: Api, pay: Make) -> None:
    path = f"/payments/{pay()['id']}"
    api.post(f"{path}/refund", {"amount": 1})
    shown = api.post(f"{path}/refund?dry_run=true", {"amount": 2}).json()
    assert [row["id"] is None for row in shown["refunds"]] == [False, True]
    assert (shown["refunded_amount"], api.get(path).json()["refunded_amount"]) == (3, 1)


def test_allocations_are_replaced_as_a_whole(api: Api, pay: Make, make_invoice: Make) -> None:
    first, second = make_invoice(status="sent"), make_invoice(status="sent")
    path = f"/payments/{pay(allocations=[{'invoice_id': first['id']}])['id']}/allocations"
    shares = [{"invoice_id": second["id"]}, {"invoice_id": first["id"], "amount": 20}]
    answer = api.post(path, {"allocations": shares})
    assert answer.status_code == 200, answer.content
    assert (answer.json()["unallocated_amount"], due(api, first), due(api, second)) == (30, ("sent", 80), ("paid", 0))
    over = api.post(path, {"allocations": [{"invoice_id": first["id"], "amount": 101}]})
    assert (over.status_code, over.json()["code"]) == (409, "exceeds_amount_due")
    assert field_of(over) == "allocations.0.amount"
    assert field_of(api.post(path, {"allocations": [{"invoice_id": NOBODY}]})) == "allocations.0.invoice_id"
    assert field_of(api.post(path, {})) == "allocations"
    assert api.post(path, {"allocations": []}).json()["unallocated_amount"] == 150
    assert due(api, second) == ("sent", 100)


# Receipt -------------------------------------------------------------------------------------------------------------
def test_the_receipt_is_always_the_same_bytes(api: Api, pay: Make, make_invoice: Make) -> None:
    invoice = make_invoice(status="sent")
    path = f"/payments/{pay(allocations=[{'invoice_id': invoice['id']}])['id']}"
    answer = api.get(f"{path}/pdf")
    assert (answer["Content-Type"], answer.content[:5]) == ("application/pdf", b"%PDF-")
    assert answer["ETag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'
    assert 'filename="RCT-00001.pdf"' in answer["Content-Disposition"]
    api.patch(path, {"notes": "later"})
    api.post(f"{path}/refund")
    assert api.get(f"{path}/pdf").content == answer.content
    assert api.get(f"{path}/pdf", If_None_Match=answer["ETag"]).status_code == 304


def test_the_receipt_is_mailed(api: Api, pay: Make) -> None:
    made = pay()
    answer = api.post(f"/payments/{made['id']}/send", {"cc": ["boss@acme.test"], "subject": "Your receipt"})
    assert (answer.status_code, answer.json()) == (202, made)
    message = Message.objects.get()
    assert (message.to, message.cc, message.subject) == (["billing@acme.test"], ["boss@acme.test"], "Your receipt")
    wrong = api.post(f"/payments/{made['id']}/send", {"to": ["nobody"]})
    assert wrong.status_code == 400
    nameless = api.post("/customers", {"name": "No mail"}).json()["id"]
    silent = api.post("/payments", {"customer_id": nameless, "amount": 5}).json()
    refused = api.post(f"/payments/{silent['id']}/send")
    assert (refused.status_code, field_of(refused)) == (400, "email")
