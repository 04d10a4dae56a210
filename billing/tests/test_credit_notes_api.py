"""POST GET PATCH DELETE /credit-notes, and how they are sent, applied, refunded and printed."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pypdf import PdfReader

from billing import tasks
from billing.models import CreditNote
from billing.tests.conftest import Make
from conftest import Api
from messaging.models import Message, MessageAttachment

NOBODY = "0199b2f0-0000-7000-8000-000000000000"
Events = Callable[[], list[str]]
LINES = [
    {"description": "Design", "quantity": 4, "unit_price": 50, "unit": "h", "tax_rate": 19},
    {"description": "Hosting", "quantity": 3, "unit_price": "33.33", "tax_rate": 7},
]  # 200.00 + 38.00, 99.99 + 7.00: 344.99 in all


@pytest.fixture
def invoice(make_invoice: Make) -> dict[str, Any]:
    """A sent invoice of 344.99."""
    return make_invoice(items=LINES, status="sent", issue_date="2026-01-10", purchase_order="PO 7")


@pytest.fixture
def credit(api: Api) -> Make:
    """A new credit note, which must succeed."""

    def make(**body: Any) -> dict[str, Any]:
        answer = api.post("/credit-notes", body)
        assert answer.status_code == 201, answer.content
        return answer.json()

    return make


@pytest.fixture
def goodwill(credit: Make, customer: str) -> Make:
    """A credit note of the account over 25.00 and tax, or of what is given."""
    line = {"description": "Goodwill", "quantity": 1, "unit_price": 25, "tax_rate": 10}
    return lambda **body: credit(**{"customer_id": customer, "items": [line], **body})


def field_of(answer: Any) -> str:
    return str(answer.json()["details"][0]["field"])


# Create --------------------------------------------------------------------------------------------------------------
def test_all_that_is_left_of_an_invoice(api: Api, invoice: Any, credit: Make, events: Events) -> None:
    made = credit(invoice_id=invoice["id"], status="sent", notes="Wrong customer")
    assert (made["credit_note_number"], made["status"], made["invoice_number"]) == ("CN-00001", "sent", "INV-00001")
    assert (made["subtotal"], made["tax_amount"], made["total"]) == (299.99, 45, 344.99)
    assert (made["purchase_order"], made["notes"], made["refunds"]) == ("PO 7", "Wrong customer", [])
    assert made["allocations"] == [{"invoice_id": invoice["id"], "invoice_number": "INV-00001", "amount": 344.99}]
    lines = [(line["invoice_item_id"], line["quantity"], line["unit"], line["amount"]) for line in made["items"]]
    assert lines == [(invoice["items"][0]["id"], 4, "h", 238), (invoice["items"][1]["id"], 3, None, 106.99)]
    paid = api.get(f"/invoices/{invoice['id']}").json()
    assert (paid["status"], paid["amount_due"]) == ("paid", 0)
    assert events()[-3:] == ["credit_note.created", "credit_note.sent", "invoice.paid"]
    shown = api.get(f"/credit-notes/{made['id']}").json()
    assert {**{k: v for k, v in shown.items() if k != "credit_note_items"}, "items": shown["credit_note_items"]} == made


def test_an_amount_follows_the_rates_of_the_invoice(invoice: Any, credit: Make) -> None:
    made = credit(invoice_id=invoice["id"], amount=100)
    assert [(line["quantity"], line["unit_price"], line["tax_amount"]) for line in made["items"]] == [
        (1, 57.97, 11.02),
        (1, 28.98, 2.03),
    ]
    assert (made["total"], made["subtotal"], made["tax_amount"], made["status"]) == (100, 86.95, 13.05, "draft")


def test_units_of_lines_keep_the_price(invoice: Any, credit: Make) -> None:
    first, second = (line["id"] for line in invoice["items"])
    made = credit(
        invoice_id=invoice["id"],
        items=[{"invoice_item_id": second}, {"invoice_item_id": first, "quantity": "1.5"}],
    )
    lines = [(line["invoice_item_id"], line["quantity"], line["unit_price"], line["amount"]) for line in made["items"]]
    assert lines == [(first, 1.5, 50, 89.25), (second, 3, 33.33, 106.99)]


def test_partial_credits_end_at_exactly_zero(api: Api, invoice: Any, credit: Make) -> None:
    first, _ = (line["id"] for line in invoice["items"])
    bodies: list[dict[str, Any]] = [
        {"amount": "0.01"},
        {"items": [{"invoice_item_id": first, "quantity": "0.333"}]},
        {"amount": "77.77"},
        {},
    ]
    notes = [credit(invoice_id=invoice["id"], status="sent", **body) for body in bodies]
    by_line: dict[str, float] = {}
    for note in notes:
        for line in note["items"]:
            by_line[line["invoice_item_id"]] = round(by_line.get(line["invoice_item_id"], 0) + line["amount"], 2)
    assert by_line == {line["id"]: line["amount"] for line in invoice["items"]}
    again = api.post("/credit-notes", {"invoice_id": invoice["id"]})
    assert (again.status_code, again.json()["code"]) == (409, "exceeds_creditable")


def test_the_account_is_credited_with_lines_of_its_own(api: Api, goodwill: Make, customer: str) -> None:
    made = goodwill(status="sent", currency="EUR", discount_type="fixed", discount_value=5, metadata={"case": "8"})
    assert (made["subtotal"], made["tax_amount"], made["total"], made["currency"]) == (20, 2, 22, "EUR")
    assert (made["invoice_id"], made["unallocated_amount"], made["metadata"]) == (None, 22, {"case": "8"})
    assert made["items"][0]["invoice_item_id"] is None


def test_number_date_and_defaults(api: Api, invoice: Any, credit: Make) -> None:
    made = credit(invoice_id=invoice["id"], amount=1, credit_note_number="CN-A", issue_date="2026-01-10")
    assert (made["credit_note_number"], made["issue_date"]) == ("CN-A", "2026-01-10")
    taken = api.post("/credit-notes", {"invoice_id": invoice["id"], "amount": 1, "credit_note_number": "CN-A"})
    assert (taken.status_code, taken.json()["code"]) == (409, "duplicate_number")
    plain = credit(invoice_id=invoice["id"], amount=1, credit_note_number=None, template_type=None)
    assert (plain["credit_note_number"], plain["template_type"]) == ("CN-00001", "modern")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "invoice_id"),
        ({"invoice_id": "+", "customer_id": NOBODY}, "invoice_id"),
        ({"invoice_id": NOBODY}, "invoice_id"),
        ({"invoice_id": "x"}, "invoice_id"),
        ({"invoice_id": None}, "invoice_id"),
        ({"customer_id": NOBODY, "items": LINES}, "customer_id"),
        ({"invoice_id": "+", "amount": 1, "items": [{"invoice_item_id": NOBODY}]}, "amount"),
        ({"invoice_id": "+", "amount": 0}, "amount"),
        ({"invoice_id": "+", "amount": -1}, "amount"),
        ({"invoice_id": "+", "amount": "344.991"}, "amount"),
        ({"invoice_id": "+", "amount": "345"}, "amount"),
        ({"invoice_id": "+", "amount": "1e14"}, "amount"),
        ({"invoice_id": "+", "items": []}, "items"),
        ({"invoice_id": "+", "items": [{"invoice_item_id": NOBODY}]}, "items.0.invoice_item_id"),
        ({"invoice_id": "+", "items": [{"invoice_item_id": "*", "quantity": 5}]}, "items.0.quantity"),
        ({"invoice_id": "+", "items": [{"invoice_item_id": "*", "quantity": 0}]}, "items.0.quantity"),
        ({"invoice_id": "+", "items": [{"invoice_item_id": "*"}, {"invoice_item_id": "*"}]}, "items.1.invoice_item_id"),
        ({"invoice_id": "+", "items": [{"invoice_item_id": "*", "unit_price": 5}]}, "items.0.unit_price"),
        ({"invoice_id": "+", "currency": "EUR"}, "currency"),
        ({"invoice_id": "+", "issue_date": "2026-01-09"}, "issue_date"),
        ({"invoice_id": "+", "status": "paid"}, "status"),
    ],
)
def test_what_cannot_be_names_its_field(api: Api, invoice: Any, body: Any, field: str) -> None:
    filled = {**body, "invoice_id": invoice["id"]} if body.get("invoice_id") == "+" else body
    if "invoice_id" in filled:
        for item in filled.get("items", []):
            item["invoice_item_id"] = item["invoice_item_id"].replace("*", invoice["items"][0]["id"])
    answer = api.post("/credit-notes", filled)
    assert (answer.status_code, field_of(answer)) == (400, field), answer.content
    assert not CreditNote.objects.exists()


def test_a_body_that_is_no_object(api: Api) -> None:
    for body in ([], "x", 5):
        assert api.post("/credit-notes", body).status_code == 400


def test_negative_lines_are_credited_with_what_they_reduce(api: Api, make_invoice: Make, credit: Make) -> None:
    rebate = {"description": "Rebate", "quantity": -2, "unit_price": 20}
    invoice = make_invoice(items=[{"description": "Work", "quantity": 1, "unit_price": 100}, rebate], status="sent")
    work, less = (line["id"] for line in invoice["items"])
    alone = api.post("/credit-notes", {"invoice_id": invoice["id"], "items": [{"invoice_item_id": work}]})
    assert (alone.status_code, field_of(alone)) == (400, "items")
    negative = api.post("/credit-notes", {"invoice_id": invoice["id"], "items": [{"invoice_item_id": less}]})
    assert (negative.status_code, field_of(negative)) == (400, "items")
    wrong = {"invoice_item_id": less, "quantity": 1}
    answer = api.post("/credit-notes", {"invoice_id": invoice["id"], "items": [{"invoice_item_id": work}, wrong]})
    assert (answer.status_code, field_of(answer)) == (400, "items.1.quantity")
    both = [{"invoice_item_id": work}, {"invoice_item_id": less, "quantity": -2}]
    assert credit(invoice_id=invoice["id"], items=both, status="sent")["total"] == 60


@pytest.mark.parametrize("status", ["draft", "cancelled"])
def test_only_what_was_billed_can_be_credited(api: Api, make_invoice: Make, status: str) -> None:
    answer = api.post("/credit-notes", {"invoice_id": make_invoice(status=status)["id"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "state_does_not_allow")


def test_another_business_sees_nothing(api: Api, bob_api: Api, invoice: Any, credit: Make) -> None:
    made = credit(invoice_id=invoice["id"])
    answer = bob_api.post("/credit-notes", {"invoice_id": invoice["id"]})
    assert (answer.status_code, field_of(answer)) == (400, "invoice_id")
    assert answer.content == bob_api.post("/credit-notes", {"invoice_id": NOBODY}).content
    path = f"/credit-notes/{made['id']}"
    calls = [bob_api.get(path), bob_api.patch(path, {"notes": "x"}), bob_api.delete(path), bob_api.get(f"{path}/pdf")]
    calls += [bob_api.post(f"{path}/{action}", {}) for action in ("send", "refund", "allocations")]
    assert {call.status_code for call in calls} == {404}
    assert bob_api.get("/credit-notes").json()["data"] == []
    own = api.post("/credit-notes", {"invoice_id": invoice["id"], "items": [{"invoice_item_id": NOBODY}]})
    other = bob_api.post("/customers", {"name": "B"}).json()["id"]
    foreign = bob_api.post(
        "/invoices", {"customer_id": other, "items": [{"description": "x", "quantity": 1, "unit_price": 1}]}
    ).json()["items"][0]["id"]
    taken = api.post("/credit-notes", {"invoice_id": invoice["id"], "items": [{"invoice_item_id": foreign}]})
    assert own.content == taken.content


def test_a_repetition_gets_the_same_bytes_and_a_dry_run_leaves_nothing(api: Api, invoice: Any, events: Events) -> None:
    body = {"invoice_id": invoice["id"], "amount": 10, "status": "sent"}
    before = events()
    dry = api.post("/credit-notes?dry_run=true", body).json()
    assert (dry["id"], dry["credit_note_number"], dry["items"][0]["id"], dry["status"]) == (None, None, None, "sent")
    assert (CreditNote.objects.count(), events()) == (0, before)
    first, second = (api.post("/credit-notes", body, Idempotency_Key="cn-1") for _ in range(2))
    assert first.content == second.content
    assert second["Idempotent-Replayed"] == "true"
    assert CreditNote.objects.count() == 1
    assert api.post("/credit-notes", {**body, "amount": 11}, Idempotency_Key="cn-1").status_code == 422


# Change --------------------------------------------------------------------------------------------------------------
MOVES = [
    ("draft", "draft", 200),
    ("draft", "sent", 200),
    ("draft", "cancelled", 200),
    ("sent", "sent", 200),
    ("sent", "draft", 409),
    ("sent", "cancelled", 200),
    ("cancelled", "cancelled", 200),
    ("cancelled", "draft", 409),
    ("cancelled", "sent", 409),
]


@pytest.mark.parametrize(("before", "after", "code"), MOVES)
def test_every_move_of_the_table(
    api: Api, invoice: Any, credit: Make, events: Events, before: str, after: str, code: int
) -> None:
    made = credit(invoice_id=invoice["id"], status=before)
    told = len(events())
    answer = api.patch(f"/credit-notes/{made['id']}", {"status": after})
    assert answer.status_code == code, answer.content
    shown = api.get(f"/credit-notes/{made['id']}").json()
    assert shown["status"] == (after if code == 200 else before)
    moved = code == 200 and after != before
    issued = {"draft": after == "sent", "sent": moved}.get(before)
    of_invoice = [f"invoice.{'paid' if after == 'sent' else 'updated'}"] if issued and moved else []
    assert events()[told:] == ([f"credit_note.{after}", *of_invoice] if moved else [])
    assert api.get(f"/invoices/{invoice['id']}").json()["status"] == ("paid" if shown["status"] == "sent" else "sent")


def test_a_draft_is_drawn_anew(api: Api, invoice: Any, credit: Make, events: Events) -> None:
    made = credit(invoice_id=invoice["id"], amount=10)
    path, told = f"/credit-notes/{made['id']}", len(events())
    changed = api.patch(path, {"amount": 20, "notes": "More", "issue_date": "2026-02-01"}).json()
    assert (changed["total"], changed["notes"], changed["issue_date"]) == (20, "More", "2026-02-01")
    assert api.patch(path, {"amount": 20}).json() == changed  # nothing changes, not even the lines' ids
    assert events()[told:] == ["credit_note.updated"]
    first = invoice["items"][0]["id"]
    by_unit = api.patch(path, {"items": [{"invoice_item_id": first, "quantity": 1}]}).json()
    assert (by_unit["total"], by_unit["credit_note_items"][0]["quantity"]) == (59.5, 1)
    for body, field in (
        ({"amount": 400}, "amount"),
        ({"customer_id": NOBODY}, "customer_id"),
        ({"issue_date": "2026-01-01"}, "issue_date"),
        ({"issue_date": None}, "issue_date"),
        ({"credit_note_number": "CN-9"}, "credit_note_number"),
    ):
        refused = api.patch(path, body)
        assert (refused.status_code, field_of(refused)) == (400, field), refused.content
    assert api.patch(path, {}).status_code == 400


def test_a_draft_of_the_account_changes_like_an_invoice(api: Api, goodwill: Make, events: Events) -> None:
    made = goodwill()
    path = f"/credit-notes/{made['id']}"
    kept = {"id": made["items"][0]["id"], "description": "Goodwill", "quantity": 2, "unit_price": 30}
    changed = api.patch(path, {"items": [kept], "currency": "JPY"}).json()
    assert (changed["total"], changed["currency"], changed["credit_note_items"][0]["id"]) == (60, "JPY", kept["id"])
    previous = api.get("/events?limit=1").json()["data"][0]["previous"]
    assert previous == {"currency": "USD", "total": 27.5}
    refused = api.patch(path, {"amount": 5})
    assert (refused.status_code, field_of(refused)) == (400, "amount")
    zero = api.patch(path, {"items": [{**kept, "unit_price": 0}]})
    assert (zero.status_code, field_of(zero)) == (400, "items")


@pytest.mark.parametrize("body", [{"amount": 5}, {"items": [{"invoice_item_id": NOBODY}]}, {"reference": "x"}])
def test_an_issued_one_keeps_what_it_says(api: Api, invoice: Any, credit: Make, body: Any) -> None:
    made = credit(invoice_id=invoice["id"], amount=10, status="sent")
    refused = api.patch(f"/credit-notes/{made['id']}", body)
    assert (refused.status_code, refused.json()["code"], field_of(refused)) == (409, "issued", next(iter(body)))
    path = f"/credit-notes/{made['id']}"
    changed = api.patch(path, {"notes": "n", "terms": "t", "metadata": {"k": "v"}}).json()
    assert (changed["notes"], changed["terms"], changed["metadata"]) == ("n", "t", {"k": "v"})


def test_if_match(api: Api, goodwill: Make) -> None:
    path = f"/credit-notes/{goodwill()['id']}"
    etag = api.get(path)["ETag"]
    assert api.patch(path, {"notes": "a"}, If_Match=etag).status_code == 200
    assert api.patch(path, {"notes": "b"}, If_Match=etag).status_code == 412
    assert api.get(path, If_None_Match=api.get(path)["ETag"]).status_code == 304


def test_two_drafts_cannot_both_take_the_same(api: Api, invoice: Any, credit: Make) -> None:
    first, second = (credit(invoice_id=invoice["id"])["id"] for _ in range(2))
    assert api.patch(f"/credit-notes/{first}", {"status": "sent"}).status_code == 200
    answer = api.patch(f"/credit-notes/{second}", {"status": "sent"})
    assert (answer.status_code, answer.json()["code"]) == (409, "exceeds_creditable")
    assert api.delete(f"/credit-notes/{second}").status_code == 204


def test_drafts_that_fit_line_by_line_but_not_together(api: Api, make_invoice: Make, credit: Make) -> None:
    lines = [("A", 100), ("B", 100), ("Rebate", -150)]
    invoice = make_invoice(
        items=[{"description": d, "quantity": 1, "unit_price": price} for d, price in lines], status="sent"
    )
    a, b, _ = (line["id"] for line in invoice["items"])
    half = [credit(invoice_id=invoice["id"], items=[{"invoice_item_id": i, "quantity": "0.4"}])["id"] for i in (a, b)]
    assert api.patch(f"/credit-notes/{half[0]}", {"status": "sent"}).status_code == 200
    answer = api.patch(f"/credit-notes/{half[1]}", {"status": "sent"})
    assert (answer.status_code, answer.json()["code"]) == (409, "exceeds_creditable")
    assert credit(invoice_id=invoice["id"], status="sent")["total"] == 10


def test_what_was_taken_back_can_be_credited_again_to_zero(api: Api, make_invoice: Make, credit: Make) -> None:
    invoice = make_invoice(status="sent")
    line = invoice["items"][0]["id"]
    half = credit(invoice_id=invoice["id"], amount=50, status="sent")
    credit(invoice_id=invoice["id"], items=[{"invoice_item_id": line}], status="sent")
    api.patch(f"/credit-notes/{half['id']}", {"status": "cancelled"})
    units = api.post("/credit-notes", {"invoice_id": invoice["id"], "items": [{"invoice_item_id": line}]})
    assert (units.status_code, field_of(units)) == (400, "items.0.quantity")
    rest = credit(invoice_id=invoice["id"], status="sent")
    assert [(item["quantity"], item["unit_price"]) for item in rest["items"]] == [(1, 50)]
    assert api.get(f"/credit-notes/{rest['id']}?explain=true").json()["explanation"][0]["rounded"] == 50


def test_delete_is_for_drafts(api: Api, invoice: Any, credit: Make, events: Events) -> None:
    draft, issued = (
        credit(invoice_id=invoice["id"], amount=1),
        credit(invoice_id=invoice["id"], amount=1, status="sent"),
    )
    assert api.delete(f"/credit-notes/{draft['id']}").status_code == 204
    assert api.get(f"/credit-notes/{draft['id']}").status_code == 404
    assert events()[-1] == "credit_note.deleted"
    assert api.delete(f"/credit-notes/{issued['id']}").status_code == 409
    assert credit(invoice_id=invoice["id"], amount=1)["credit_note_number"] == "CN-00003"


# Lists ---------------------------------------------------------------------------------------------------------------
def test_filters_and_sorts(api: Api, invoice: Any, credit: Make, goodwill: Make, customer: str) -> None:
    small = credit(invoice_id=invoice["id"], amount=10, issue_date="2026-01-20", reference="Case 77")["id"]
    large = credit(invoice_id=invoice["id"], amount=200, status="sent", issue_date="2026-03-01")["id"]
    euro = goodwill(currency="EUR", issue_date="2026-02-01")["id"]

    def ids(query: str) -> list[str]:
        answer = api.get(f"/credit-notes?{query}")
        assert answer.status_code == 200, answer.content
        return [row["id"] for row in answer.json()["data"]]

    assert ids("") == [euro, large, small]
    assert ids("sort=-total") == [large, euro, small]
    assert ids("sort=issue_date") == [small, euro, large]
    assert ids(f"invoice_id={invoice['id']}&sort=number") == [small, large]
    assert ids("status=sent") == [large]
    assert ids("currency=eur") == [euro]
    assert ids("min_total=20&max_total=200") == [euro, large]
    assert ids("issue_date_after=2026-02-01&issue_date_before=2026-02-28") == [euro]
    assert ids("search=case 77") == [small]
    assert ids("number=00002") == [large]
    assert len(ids(f"customer_id={customer}")) == 3
    assert ids(f"invoice_id={NOBODY}") == []
    for wrong in ("status=paid", "invoice_id=x", "sort=due_date", "overdue=true"):
        assert api.get(f"/credit-notes?{wrong}").status_code == 400, wrong
    with_customer = api.get("/credit-notes?expand=customer").json()["data"][0]
    assert with_customer["customer"]["email"] == "billing@acme.test"


def test_a_list_costs_the_same_however_long(api: Api, invoice: Any, credit: Make) -> None:
    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            api.get("/credit-notes")
        return len(captured)

    credit(invoice_id=invoice["id"], amount=1, status="sent")
    api.get("/credit-notes")
    before = cost()
    for _ in range(4):
        credit(invoice_id=invoice["id"], amount=1, status="sent")
    assert cost() == before


# Apply and refund ----------------------------------------------------------------------------------------------------
def test_credit_is_applied_to_other_invoices(api: Api, goodwill: Make, make_invoice: Make, events: Events) -> None:
    first, second = make_invoice(status="sent"), make_invoice(status="sent")
    made, told = goodwill(status="sent"), len(events())
    path = f"/credit-notes/{made['id']}/allocations"
    shares = [{"invoice_id": first["id"], "amount": 20}, {"invoice_id": second["id"], "amount": "7.5"}]
    answer = api.post(path, {"allocations": shares}, Idempotency_Key="apply")
    assert answer.status_code == 200, answer.content
    assert answer.json()["unallocated_amount"] == 0
    assert [each["amount"] for each in answer.json()["allocations"]] == [20, 7.5]
    assert events()[told:] == ["credit_note.updated", "invoice.updated", "invoice.updated"]
    assert api.post(path, {"allocations": shares}, Idempotency_Key="apply").content == answer.content
    assert api.get(f"/invoices/{first['id']}").json()["amount_due"] == 80
    too_much = api.post(path, {"allocations": [{"invoice_id": first["id"], "amount": 101}]})
    assert (too_much.status_code, too_much.json()["code"]) == (409, "exceeds_amount_due")
    missing = api.post(path, {"allocations": [{"invoice_id": NOBODY, "amount": 1}]})
    assert (missing.status_code, field_of(missing)) == (400, "allocations.0.invoice_id")
    released = api.post(path, {"allocations": []}).json()
    assert (released["unallocated_amount"], released["allocations"]) == (27.5, [])
    assert api.post(path, {}).status_code == 400


def test_a_draft_is_neither_applied_nor_refunded(api: Api, goodwill: Make) -> None:
    path = f"/credit-notes/{goodwill()['id']}"
    for action, body in (("allocations", {"allocations": []}), ("refund", {"amount": 1})):
        answer = api.post(f"{path}/{action}", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "state_does_not_allow")


def test_credit_is_paid_out(api: Api, goodwill: Make, events: Events) -> None:
    made, told = goodwill(status="sent"), len(events())
    path = f"/credit-notes/{made['id']}"
    dry = api.post(f"{path}/refund?dry_run=true", {"amount": 20}).json()
    assert (dry["refunds"][0]["id"], dry["refunds"][0]["amount"]) == (None, 20)
    answer = api.post(f"{path}/refund", {"amount": 20, "method": "bank_transfer", "reference": "R1", "notes": "n"})
    assert answer.status_code == 200, answer.content
    shown = answer.json()
    assert (shown["unallocated_amount"], shown["refunded_amount"], shown["status"]) == (7.5, 20, "sent")
    given = shown["refunds"][0]
    assert (given["amount"], given["method"], given["reference"], given["notes"]) == (20, "bank_transfer", "R1", "n")
    assert events()[told:] == ["credit_note.updated"]
    more = api.post(f"{path}/refund", {"amount": 8})
    assert (more.status_code, more.json()["code"]) == (409, "exceeds_refundable")
    assert api.patch(path, {"status": "cancelled"}).status_code == 409
    for body, field in (
        ({"amount": 0}, "amount"),
        ({"amount": "0.001"}, "amount"),
        ({"refund_date": "2100-01-01"}, "refund_date"),
    ):
        refused = api.post(f"{path}/refund", body)
        assert (refused.status_code, field_of(refused)) == (400, field)
    assert [each["amount"] for each in api.post(f"{path}/refund", {}).json()["refunds"]] == [20, 7.5]
    assert api.get(path).json()["refunds"][1]["amount"] == 7.5


def test_cancelling_is_owed_again(api: Api, invoice: Any, credit: Make) -> None:
    made = credit(invoice_id=invoice["id"], amount="44.99", status="sent")
    assert api.get(f"/invoices/{invoice['id']}").json()["amount_due"] == 300
    gone = api.patch(f"/credit-notes/{made['id']}", {"status": "cancelled"}).json()
    assert (gone["allocations"], gone["unallocated_amount"]) == ([], 0)
    assert api.get(f"/invoices/{invoice['id']}").json()["amount_due"] == 344.99


# Mail and PDF --------------------------------------------------------------------------------------------------------
def text_of(pdf: bytes) -> str:
    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    return " ".join(text.replace("\xa0", " ").split())


MAILS = [
    ("en", "Credit note CN-00001 from Alice Ltd", "It credits invoice INV-00001.", "For invoice: INV-00001"),
    ("de", "Rechnungskorrektur CN-00001 von Alice Ltd", "Sie berichtigt die Rechnung INV-00001.", "Gutschriftbetrag: "),
    ("fr", "Avoir CN-00001 de Alice Ltd", "Il porte sur la facture INV-00001.", "Total de l’avoir: "),
    ("es", "Nota de crédito CN-00001 de Alice Ltd", "Rectifica la factura INV-00001.", "Total del abono: "),
]


@pytest.mark.parametrize(("language", "subject", "line", "fact"), MAILS)
def test_it_is_mailed_with_its_pdf(
    api: Api, invoice: Any, credit: Make, customer: str, language: str, subject: str, line: str, fact: str
) -> None:
    api.patch(f"/customers/{customer}", {"language": language})
    made = credit(invoice_id=invoice["id"], amount=10)
    answer = api.post(f"/credit-notes/{made['id']}/send", {"cc": ["boss@acme.test"]})
    assert (answer.status_code, answer.json()["status"]) == (202, "sent")
    message = Message.objects.get()
    assert (message.kind, message.subject, message.to) == ("credit_note", subject, ["billing@acme.test"])
    assert line in message.body_text
    assert fact in message.body_text
    tasks.prepare_message(message.pk)
    attached = MessageAttachment.objects.get()
    assert attached.name == "CN-00001.pdf"
    assert bytes(attached.file.content) == api.get(f"/credit-notes/{made['id']}/pdf").content


def test_a_mail_of_the_account_names_no_invoice(api: Api, goodwill: Make, events: Events) -> None:
    made = goodwill(status="sent")
    told = len(events())
    assert api.post(f"/credit-notes/{made['id']}/send", {"message": "Sorry, {customer_name}"}).status_code == 202
    message = Message.objects.get()
    assert "Sorry, Acme Corp" in message.body_text
    assert "For invoice" not in message.body_text
    assert events()[told:] == []
    api.patch(f"/credit-notes/{made['id']}", {"status": "cancelled"})
    assert api.post(f"/credit-notes/{made['id']}/send", {}).status_code == 409


def test_without_an_address_nothing_is_issued(api: Api, credit: Make) -> None:
    customer = api.post("/customers", {"name": "Silent"}).json()["id"]
    made = credit(customer_id=customer, items=[{"description": "x", "quantity": 1, "unit_price": 5}])
    answer = api.post(f"/credit-notes/{made['id']}/send", {})
    assert (answer.status_code, field_of(answer)) == (400, "email")
    assert api.get(f"/credit-notes/{made['id']}").json()["status"] == "draft"


def test_the_pdf_names_the_invoice_and_is_kept(api: Api, alice: Any, invoice: Any, credit: Make) -> None:
    alice.iban, alice.account_holder = "DE89370400440532013000", "Alice Ltd"
    alice.save()
    made = credit(invoice_id=invoice["id"], amount=100)
    path = f"/credit-notes/{made['id']}/pdf"
    draft = text_of(api.get(path).content)
    assert "DRAFT" in draft
    api.patch(f"/credit-notes/{made['id']}", {"status": "sent"})
    first = api.get(path)
    text = text_of(first.content)
    for words in ("Credit note", "CN-00001", "Credits invoice", "INV-00001 of Jan 10, 2026", "$100.00", "Credit total"):
        assert words in text, words
    for words in ("DRAFT", "IBAN", "Payment details", "Amount due", "Payment terms", "Bill to"):
        assert words not in text, words
    assert first["Content-Disposition"] == 'inline; filename="CN-00001.pdf"'
    assert api.get(path, If_None_Match=first["ETag"]).status_code == 304
    api.patch(f"/credit-notes/{made['id']}", {"notes": "Second thoughts"})
    assert "Second thoughts" in text_of(api.get(path).content)
    assert api.get(f"{path}?revision=1").content == first.content
    assert api.get(f"{path}?revision=3").status_code == 404
    assert api.get(f"{path}?revision=x").status_code == 400


def test_explain(api: Api, invoice: Any) -> None:
    made = api.post("/credit-notes?explain=true", {"invoice_id": invoice["id"], "amount": 100}).json()
    steps = {step["step"]: step for step in made["explanation"]}
    assert steps["items.0.net"]["inputs"] == {"net_left": 200, "amount": 100, "left": 344.99}
    assert steps["total"]["rounded"] == 100
