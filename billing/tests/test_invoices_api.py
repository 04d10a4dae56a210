"""POST GET PATCH DELETE /invoices, as OnlineInvoiceMaker prints them and as domain.md rules."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from billing.tests.conftest import Make
from conftest import Api

Events = Callable[[], list[str]]


def seed_body(customer: str) -> dict[str, Any]:
    return {
        "customer_id": customer,
        "issue_date": "2026-04-01",
        "due_date": "2026-05-01",
        "currency": "USD",
        "notes": "Thank you for your business!",
        "items": [
            {"description": "Website Design", "quantity": 1, "unit_price": 2500, "tax_rate": 10},
            {"description": "Hosting (12 months)", "quantity": 12, "unit_price": Decimal("29.99")},
        ],
    }


def test_the_seed_example_answers_as_printed(api: Api, customer: str) -> None:
    answer = api.post("/invoices", seed_body(customer))
    assert answer.status_code == 201, answer.content
    body = answer.json()
    printed = {
        "customer_id": customer,
        "invoice_number": "INV-00001",
        "issue_date": "2026-04-01",
        "due_date": "2026-05-01",
        "status": "draft",
        "subtotal": 2859.88,
        "tax_amount": 250.00,
        "total": 3109.88,
        "currency": "USD",
        "notes": "Thank you for your business!",
        "terms": None,
        "template_type": "modern",
    }
    assert printed.items() <= body.items()
    lines = [
        {"description": "Website Design", "quantity": 1, "unit_price": 2500, "tax_rate": 10, "tax_amount": 250.00}
        | {"amount": 2750.00, "product_id": None},
        {"description": "Hosting (12 months)", "quantity": 12, "unit_price": 29.99, "tax_rate": 0, "tax_amount": 0}
        | {"amount": 359.88, "product_id": None},
    ]
    for line, shown in zip(lines, body["items"], strict=True):
        assert line.items() <= shown.items()


def test_numbers_are_written_as_javascript_would(api: Api, customer: str) -> None:
    text = api.post("/invoices", seed_body(customer)).content.decode()
    assert '"tax_amount":250,' in text
    assert '"unit_price":29.99,' in text


def test_get_and_list_carry_lines_and_customer(api: Api, customer: str) -> None:
    made = api.post("/invoices", seed_body(customer)).json()
    one = api.get(f"/invoices/{made['id']}").json()
    assert one["customers"] == {"id": customer, "name": "Acme Corp", "email": "billing@acme.test"}
    assert one["invoice_items"][0]["invoice_id"] == made["id"]
    assert one["invoice_items"][0]["amount"] == 2750
    listed = api.get("/invoices?status=draft&limit=10").json()
    assert listed["data"] == [one]
    assert listed["pagination"] == {"page": 1, "limit": 10, "total": 1, "total_pages": 1}


def test_paid_at_creation(api: Api, make_invoice: Make, events: Events) -> None:
    made = make_invoice(status="paid")
    assert (made["status"], made["amount_paid"], made["amount_due"]) == ("paid", 100, 0)
    assert events() == ["customer.created", "invoice.created", "payment.created", "invoice.paid"]


def test_patch_paid_sets_amount_paid(api: Api, make_invoice: Make, events: Events) -> None:
    made = make_invoice()
    answer = api.patch(f"/invoices/{made['id']}", {"status": "paid", "notes": "thanks"})
    assert answer.status_code == 200
    assert (answer.json()["amount_paid"], answer.json()["status"], answer.json()["notes"]) == (100, "paid", "thanks")
    assert events()[2:] == ["payment.created", "invoice.paid"]
    assert api.patch(f"/invoices/{made['id']}", {"status": "paid"}).status_code == 200
    assert len(events()) == 4


TODAY = "2026-11-21"
MOVES = [
    # from, body, expected status code, expected status
    ("draft", {"status": "sent"}, 200, "sent"),
    ("draft", {"status": "paid"}, 200, "paid"),
    ("draft", {"status": "overdue"}, 400, "draft"),
    ("draft", {"status": "cancelled"}, 200, "cancelled"),
    ("sent", {"status": "sent"}, 200, "sent"),
    ("sent", {"status": "paid"}, 200, "paid"),
    ("sent", {"status": "overdue"}, 409, "sent"),
    ("sent", {"status": "cancelled"}, 200, "cancelled"),
    ("sent", {"status": "draft"}, 409, "sent"),
    ("overdue", {"status": "sent"}, 409, "overdue"),
    ("overdue", {"status": "sent", "due_date": None}, 200, "sent"),
    ("overdue", {"due_date": "2100-01-01"}, 200, "sent"),
    ("overdue", {"status": "paid"}, 200, "paid"),
    ("overdue", {"status": "cancelled"}, 200, "cancelled"),
    ("paid", {"status": "sent"}, 409, "paid"),
    ("paid", {"status": "overdue"}, 409, "paid"),
    ("paid", {"status": "cancelled"}, 409, "paid"),
    ("cancelled", {"status": "sent"}, 409, "cancelled"),
    ("cancelled", {"status": "paid"}, 409, "cancelled"),
    ("cancelled", {"status": "overdue"}, 409, "cancelled"),
]


@pytest.mark.parametrize(("before", "body", "code", "after"), MOVES)
def test_every_move_of_the_table(
    api: Api, make_invoice: Make, before: str, body: dict[str, Any], code: int, after: str
) -> None:
    dates = {"issue_date": "2026-01-01", "due_date": "2026-01-31"} if before == "overdue" else {}
    made = make_invoice(status=before, **dates)
    answer = api.patch(f"/invoices/{made['id']}", body)
    assert answer.status_code == code, answer.content
    assert api.get(f"/invoices/{made['id']}").json()["status"] == after


def test_reopening_by_due_date_is_an_update(api: Api, make_invoice: Make, events: Events) -> None:
    made = make_invoice(status="overdue", issue_date="2026-01-01", due_date="2026-01-31")
    assert api.patch(f"/invoices/{made['id']}", {"due_date": None, "status": "sent"}).json()["status"] == "sent"
    assert events()[1:] == ["invoice.created", "invoice.overdue", "invoice.updated"]


def test_a_zero_total_is_sent_and_paid(api: Api, make_invoice: Make, events: Events) -> None:
    made = make_invoice(items=[{"description": "Free", "quantity": 1, "unit_price": 0}])
    assert api.patch(f"/invoices/{made['id']}", {"status": "sent"}).json()["status"] == "paid"
    assert events()[1:] == ["invoice.created", "invoice.sent", "invoice.paid"]


def test_a_draft_may_change_in_everything(api: Api, make_invoice: Make) -> None:
    made = make_invoice()
    line = made["items"][0]
    body = {
        "currency": "EUR",
        "items": [
            {"id": line["id"], "description": "Work", "quantity": 2, "unit_price": 100},
            {"description": "More", "quantity": 1, "unit_price": "0.5", "tax_rate": 20},
        ],
        "discount_type": "fixed",
        "discount_value": 50,
    }
    answer = api.patch(f"/invoices/{made['id']}", body)
    assert answer.status_code == 200, answer.content
    changed = answer.json()
    assert (changed["subtotal"], changed["discount_amount"], changed["currency"]) == (150.5, 50, "EUR")
    assert changed["invoice_items"][0]["id"] == line["id"]
    unknown = api.patch(f"/invoices/{made['id']}", {"items": [{**body["items"][0], "id": changed["id"]}]})
    assert unknown.status_code == 400
    assert unknown.json()["details"][0]["field"] == "items.0.id"


@pytest.mark.parametrize("field", ["items", "currency", "issue_date", "customer_id", "discount_value", "reference"])
def test_an_issued_invoice_is_frozen(api: Api, make_invoice: Make, customer: str, field: str) -> None:
    made = make_invoice(status="sent")
    other = api.post("/customers", {"name": "Other"}).json()["id"]
    values = {
        "items": [{"description": "x", "quantity": 1, "unit_price": 1}],
        "currency": "EUR",
        "issue_date": "2026-01-01",
        "customer_id": other,
        "discount_value": 1,
        "reference": "x",
    }
    answer = api.patch(f"/invoices/{made['id']}", {field: values[field]})
    assert answer.status_code == 409, answer.content
    before = {key: value for key, value in made.items() if key != "items"}
    assert before.items() <= api.get(f"/invoices/{made['id']}").json().items()


def test_a_patch_without_lines_misses_nothing(api: Api, make_invoice: Make) -> None:
    made = make_invoice()
    answer = api.patch(f"/invoices/{made['id']}", {"items": [{"description": "no quantity", "unit_price": 1}]})
    assert answer.status_code == 400
    assert answer.json()["details"] == [{"field": "items.0.quantity", "message": "This field is required."}]


def test_only_a_draft_is_deleted_and_its_number_stays(api: Api, make_invoice: Make) -> None:
    first, second = make_invoice(), make_invoice(status="sent")
    assert api.delete(f"/invoices/{first['id']}").status_code == 204
    assert api.get(f"/invoices/{first['id']}").status_code == 404
    assert api.delete(f"/invoices/{second['id']}").status_code == 409
    assert api.post("/invoices", {**seed_body(first["customer_id"]), "invoice_number": "INV-00001"}).status_code == 409
    assert make_invoice()["invoice_number"] == "INV-00003"


def test_a_callers_number_is_skipped_by_the_counter(make_invoice: Make) -> None:
    assert make_invoice(invoice_number="INV-00002")["invoice_number"] == "INV-00002"
    assert [make_invoice()["invoice_number"] for _ in range(2)] == ["INV-00001", "INV-00003"]


REFUSED = [
    ({"items": []}, "items"),
    ({"items": [{"description": "x", "unit_price": 1}]}, "items.0.quantity"),
    ({"items": [{"description": "x", "quantity": "one", "unit_price": 1}]}, "items.0.quantity"),
    ({"items": [{"description": "x", "quantity": 1}]}, "items.0.unit_price"),
    ({"items": [{"quantity": 1, "unit_price": 1}]}, "items.0.description"),
    ({"items": [{"description": "x", "quantity": 1, "unit_price": 1, "tax_rat": 10}]}, "items.0.tax_rat"),
    ({"items": [{"description": "x", "quantity": 1, "unit_price": Decimal("0.1234567")}]}, "items.0.unit_price"),
    ({"items": [{"description": "x", "quantity": -1, "unit_price": 1}]}, "items"),
    ({"issue_date": "2026-02-30"}, "issue_date"),
    ({"issue_date": "01/02/2026"}, "issue_date"),
    ({"period_start": "2026-02-01", "period_end": "2026-01-01"}, "period_end"),
    ({"currency": "XXX"}, "currency"),
    ({"status": "void"}, "status"),
    ({"customer_id": "0199b2f0-0000-7000-8000-000000000000"}, "customer_id"),
    ({"discount_value": 5}, "discount_type"),
    ({"metadata": {"1": "x"}}, "metadata.1"),
    ({"template_type": "rococo"}, "template_type"),
]


@pytest.mark.parametrize(("change", "field"), REFUSED)
def test_bad_input_names_the_field(api: Api, customer: str, change: dict[str, Any], field: str) -> None:
    body = {"customer_id": customer, "items": [{"description": "x", "quantity": 1, "unit_price": 1}], **change}
    answer = api.post("/invoices", body)
    assert answer.status_code == 400, answer.content
    assert field in [detail["field"] for detail in answer.json()["details"]]
    assert api.get("/invoices").json()["pagination"]["total"] == 0


def test_a_product_fills_a_line(api: Api, make_invoice: Make) -> None:
    product = api.post("/products", {"name": "Hour", "unit_price": 80, "tax_rate": 20, "unit": "h"}).json()
    made = make_invoice(items=[{"product_id": product["id"], "quantity": 2}])
    line = made["items"][0]
    assert (line["description"], line["unit_price"], line["tax_rate"], line["unit"]) == ("Hour", 80, 20, "h")
    assert made["total"] == 192


def test_payment_terms_set_the_due_date(api: Api, make_invoice: Make) -> None:
    net = api.post("/customers", {"name": "Net", "payment_terms": "NET 30"}).json()["id"]
    assert make_invoice(customer_id=net, issue_date="2026-01-15")["due_date"] == "2026-02-14"
    assert make_invoice(customer_id=net, issue_date="2026-01-15", due_date=None)["due_date"] is None


def test_credit_hold_and_limit_refuse_in_words(api: Api, make_invoice: Make, customer: str) -> None:
    api.patch(f"/customers/{customer}", {"credit_limit": 10_000})
    make_invoice(status="sent", items=[{"description": "x", "quantity": 1, "unit_price": 9000}])
    body = {"customer_id": customer, "items": [{"description": "x", "quantity": 1, "unit_price": 2000}]}
    answer = api.post("/invoices", body)
    assert answer.status_code == 409
    assert answer.json()["error"] == (
        "This invoice cannot be created because the new amount outstanding ($11,000.00) exceeds the account's credit "
        "limit ($10,000.00)."
    )
    api.patch(f"/customers/{customer}", {"credit_limit": None, "credit_hold": True})
    assert "credit hold" in api.post("/invoices", body).json()["error"]


def test_payments_on_one_invoice(api: Api, make_invoice: Make, events: Events) -> None:
    made = make_invoice(status="sent")
    path = f"/invoices/{made['id']}/payments"
    part = api.post(path, {"amount": 40, "method": "check", "reference": "77"})
    assert part.status_code == 201, part.content
    assert part.json()["allocations"] == [
        {"invoice_id": made["id"], "invoice_number": made["invoice_number"], "amount": 40}
    ]
    assert api.get(f"/invoices/{made['id']}").json()["amount_due"] == 60
    over = api.post(path, {"amount": Decimal("60.01")})
    assert (over.status_code, over.json()["code"]) == (409, "exceeds_amount_due")
    assert api.post(path, {"amount": 60}).status_code == 201
    assert api.get(f"/invoices/{made['id']}").json()["status"] == "paid"
    assert api.post(path, {"amount": 1}).status_code == 409
    assert events()[3:] == ["payment.created", "invoice.updated", "payment.created", "invoice.paid"]


@pytest.mark.parametrize("amount", [0, -1, Decimal("0.001")])
def test_a_payment_has_a_sensible_amount(api: Api, make_invoice: Make, amount: Any) -> None:
    made = make_invoice(status="sent")
    answer = api.post(f"/invoices/{made['id']}/payments", {"amount": amount})
    assert answer.status_code == 400
    assert answer.json()["details"][0]["field"] == "amount"


def test_locked_books_refuse(api: Api, alice: Any, make_invoice: Make) -> None:
    from datetime import date

    alice.books_locked_until = date(2026, 6, 30)
    alice.save()
    made = make_invoice(issue_date="2026-06-30")
    answer = api.patch(f"/invoices/{made['id']}", {"status": "sent"})
    assert (answer.status_code, answer.json()["code"]) == (409, "books_locked")


def test_dry_run_stores_nothing(api: Api, customer: str) -> None:
    answer = api.post("/invoices?dry_run=true", seed_body(customer))
    assert answer.status_code == 201
    body = answer.json()
    assert (body["id"], body["invoice_number"], body["total"]) == (None, None, 3109.88)
    assert body["items"][0]["id"] is None
    assert api.get("/invoices").json()["data"] == []
    assert api.post("/invoices", seed_body(customer)).json()["invoice_number"] == "INV-00001"


def test_the_same_key_makes_one_invoice(api: Api, customer: str) -> None:
    first = api.post("/invoices", seed_body(customer), Idempotency_Key="k1")
    again = api.post("/invoices", seed_body(customer), Idempotency_Key="k1")
    assert again.content == first.content
    assert again["Idempotent-Replayed"] == "true"
    other = api.post("/invoices", {**seed_body(customer), "notes": "x"}, Idempotency_Key="k1")
    assert other.status_code == 422
    assert api.get("/invoices").json()["pagination"]["total"] == 1


def test_a_refused_request_frees_its_key(api: Api, customer: str) -> None:
    assert api.post("/invoices", {"customer_id": customer}, Idempotency_Key="k2").status_code == 400
    assert api.post("/invoices", seed_body(customer), Idempotency_Key="k2").status_code == 201


def test_strangers_see_nothing(bob_api: Api, make_invoice: Make) -> None:
    made = make_invoice(status="sent")
    missing = bob_api.get("/invoices/0199b2f0-0000-7000-8000-000000000000")
    for answer in (
        bob_api.get(f"/invoices/{made['id']}"),
        bob_api.patch(f"/invoices/{made['id']}", {"notes": "x"}),
        bob_api.delete(f"/invoices/{made['id']}"),
        bob_api.get(f"/invoices/{made['id']}/pdf"),
        bob_api.post(f"/invoices/{made['id']}/send"),
        bob_api.post(f"/invoices/{made['id']}/payments", {"amount": 1}),
    ):
        assert (answer.status_code, answer.content) == (404, missing.content)
    foreign = bob_api.post("/invoices", seed_body(made["customer_id"]))
    unknown = bob_api.post("/invoices", seed_body("0199b2f0-0000-7000-8000-000000000000"))
    assert (foreign.status_code, foreign.content) == (400, unknown.content)


def test_if_match(api: Api, make_invoice: Make) -> None:
    made = make_invoice()
    etag = api.get(f"/invoices/{made['id']}")["ETag"]
    assert api.get(f"/invoices/{made['id']}", If_None_Match=etag).status_code == 304
    assert api.patch(f"/invoices/{made['id']}", {"notes": "a"}, If_Match=etag).status_code == 200
    assert api.patch(f"/invoices/{made['id']}", {"notes": "b"}, If_Match=etag).status_code == 412


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("number=inv-0000", 2),
        ("number=2", 1),
        ("status=sent", 1),
        ("min_total=100&max_total=100", 1),
        ("min_total=100.01", 1),
        ("overdue=true", 1),
        ("overdue=false", 1),
        ("issue_date_after=2026-01-01&issue_date_before=2026-01-01", 1),
        ("search=acm", 2),
        ("search=po-9", 1),
        ("currency=eur", 0),
        ("metadata[a]=b", 1),
        ("created_after=2100-01-01T00:00:00Z", 0),
        ("customer_id=0199b2f0-0000-7000-8000-000000000000", 0),
    ],
)
def test_filters(api: Api, make_invoice: Make, query: str, count: int) -> None:
    make_invoice(status="sent", issue_date="2026-01-01", due_date="2026-01-31", metadata={"a": "b"})
    make_invoice(items=[{"description": "x", "quantity": 1, "unit_price": 200}], purchase_order="PO-9")
    answer = api.get(f"/invoices?{query}")
    assert answer.status_code == 200, answer.content
    assert len(answer.json()["data"]) == count


@pytest.mark.parametrize(
    "query", ["status=open", "customer_id=x", "limit=0", "limit=101", "pag=1", "min_total=x", "sort=foo"]
)
def test_bad_filters_are_refused(api: Api, query: str) -> None:
    answer = api.get(f"/invoices?{query}")
    assert answer.status_code == 400, answer.content
    assert answer.json()["details"][0]["field"] == query.split("=")[0]


@pytest.mark.parametrize("sort", ["", "number", "-number", "due_date", "-due_date", "-total,number", "status"])
def test_cursors_walk_the_same_order_as_pages(api: Api, make_invoice: Make, sort: str) -> None:
    for total, due in ((5, None), (3, "2100-01-01"), (5, "2100-02-01"), (1, None), (3, "2100-01-01")):
        make_invoice(items=[{"description": "x", "quantity": 1, "unit_price": total}], due_date=due)
    order = f"&sort={sort}" if sort else ""
    pages = [row["id"] for page in (1, 2, 3) for row in api.get(f"/invoices?limit=2&page={page}{order}").json()["data"]]
    walked, cursor = [], pages[0]
    while cursor:
        answer = api.get(f"/invoices?limit=2&starting_after={cursor}{order}").json()
        walked += [row["id"] for row in answer["data"]]
        cursor = answer["pagination"]["next_cursor"]
    assert pages == [pages[0], *walked]
    back = api.get(f"/invoices?limit=2&ending_before={pages[-1]}{order}").json()
    assert [row["id"] for row in back["data"]] == pages[2:4]
    assert back["pagination"]["has_more"]


def test_a_list_costs_the_same_queries_for_one_row_and_many(
    api: Api, make_invoice: Make, django_assert_num_queries: Any
) -> None:
    make_invoice()
    with django_assert_num_queries(5):  # key, count, order, invoices with customers, lines
        api.get("/invoices")
    for _ in range(5):
        make_invoice()
    with django_assert_num_queries(5):
        api.get("/invoices")


def test_pdf_bytes_are_kept(api: Api, make_invoice: Make) -> None:
    made = make_invoice(status="sent")
    first = api.get(f"/invoices/{made['id']}/pdf")
    assert first["Content-Type"] == "application/pdf"
    assert first.content.startswith(b"%PDF-")
    api.patch(f"/customers/{made['customer_id']}", {"name": "Renamed"})
    assert api.get(f"/invoices/{made['id']}/pdf").content == first.content
    api.patch(f"/invoices/{made['id']}", {"notes": "Second thoughts"})
    second = api.get(f"/invoices/{made['id']}/pdf")
    assert second.content != first.content
    assert api.get(f"/invoices/{made['id']}/pdf?revision=1").content == first.content
    assert api.get(f"/invoices/{made['id']}/pdf?revision=3").status_code == 404


def test_send_issues_a_draft_and_needs_an_address(api: Api, make_invoice: Make, events: Events) -> None:
    made = make_invoice()
    assert api.post(f"/invoices/{made['id']}/send").status_code == 202
    assert api.get(f"/invoices/{made['id']}").json()["status"] == "sent"
    assert events()[1:] == ["invoice.created", "invoice.sent"]
    assert api.post(f"/invoices/{made['id']}/send", {"to": ["a@b.test"], "subject": "Again"}).status_code == 202
    assert len(events()) == 3
    nobody = api.post("/customers", {"name": "No mail"}).json()["id"]
    answer = api.post(f"/invoices/{make_invoice(customer_id=nobody)['id']}/send")
    assert answer.status_code == 400
    assert answer.json()["details"][0]["field"] == "email"


def test_created_overdue_with_a_due_date_alone(make_invoice: Make) -> None:
    assert make_invoice(due_date="2020-01-01", status="overdue")["status"] == "overdue"


def test_an_etag_of_an_expanded_invoice_is_not_given(api: Api, make_invoice: Make) -> None:
    made = make_invoice()
    expanded = api.get(f"/invoices/{made['id']}?expand=customer")
    assert expanded.json()["customer"]["name"] == "Acme Corp"
    assert "ETag" not in expanded
    changed = api.patch(f"/invoices/{made['id']}", {"notes": "x"})
    assert changed["ETag"] == api.get(f"/invoices/{made['id']}")["ETag"]


def test_previous_values_are_in_their_own_currency(api: Api, make_invoice: Make) -> None:
    made = make_invoice(discount_type="percentage", discount_value=10)
    change = {"currency": "JPY", "discount_value": 20}
    assert api.patch(f"/invoices/{made['id']}", change).json()["total"] == 80
    event = api.get("/events?type=invoice.updated").json()["data"][0]
    assert event["previous"] == {"currency": "USD", "discount_value": 10, "total": 90}


def test_a_dry_change_gives_no_line_an_id(api: Api, make_invoice: Make) -> None:
    made = make_invoice()
    line = made["items"][0]
    items = [{"id": line["id"], "description": "Work", "quantity": 1, "unit_price": 1}]
    items.append({"description": "More", "quantity": 1, "unit_price": 2})
    shown = api.patch(f"/invoices/{made['id']}?dry_run=true", {"items": items}).json()
    assert [row["id"] for row in shown["invoice_items"]] == [line["id"], None]
    assert api.get(f"/invoices/{made['id']}").json()["total"] == 100


def test_reopened_and_paid_at_once_tells_of_the_payment_only(api: Api, make_invoice: Make, events: Events) -> None:
    made = make_invoice(status="overdue", due_date="2020-01-01")
    assert api.patch(f"/invoices/{made['id']}", {"due_date": "2100-01-01", "status": "paid"}).json()["status"] == "paid"
    assert events()[3:] == ["payment.created", "invoice.paid"]


def test_the_same_lines_again_change_nothing(api: Api, make_invoice: Make, events: Events) -> None:
    made = make_invoice()
    line = {key: made["items"][0][key] for key in ("id", "description", "quantity", "unit_price")}
    before = len(events())
    assert api.patch(f"/invoices/{made['id']}", {"items": [line]}).status_code == 200
    assert len(events()) == before
    assert api.patch(f"/invoices/{made['id']}", {"items": [{**line, "description": "Other"}]}).status_code == 200
    assert events()[before:] == ["invoice.updated"]


def test_a_discount_stays_what_it_was_when_the_currency_changes(api: Api, make_invoice: Make) -> None:
    made = make_invoice(items=[{"description": "x", "quantity": 1, "unit_price": 5000, "discount_amount": 10}])
    changed = api.patch(f"/invoices/{made['id']}", {"currency": "JPY"}).json()
    assert (changed["discount_amount"], changed["total"]) == (10, 4990)
    back = api.patch(f"/invoices/{made['id']}", {"currency": "USD"}).json()
    assert (back["discount_amount"], back["total"]) == (10, 4990)
    odd = make_invoice(items=[{"description": "x", "quantity": 1, "unit_price": 9, "discount_amount": Decimal("0.5")}])
    refused = api.patch(f"/invoices/{odd['id']}", {"currency": "JPY"})
    assert refused.json()["details"][0]["field"] == "items.0.discount_amount"


@pytest.mark.parametrize(
    "quantity",
    [
        "1.0000000000000000000000000000001",
        "0.99999999999999999999999999999999999",
        "1_000",
        " 12 ",
        "１２",
        "0x10",
        "1e400",
    ],
)
def test_a_number_is_spelt_plainly_and_not_rounded(api: Api, customer: str, quantity: str) -> None:
    body = {"customer_id": customer, "items": [{"description": "x", "quantity": quantity, "unit_price": 1}]}
    answer = api.post("/invoices", body)
    assert answer.status_code == 400, answer.content
    assert answer.json()["details"][0]["field"] == "items.0.quantity"


@pytest.mark.parametrize("revision", ["0", "²", "9999999", "0" * 6000 + "1", "-1", "x"])
def test_a_revision_is_a_small_number(api: Api, make_invoice: Make, revision: str) -> None:
    made = make_invoice(status="sent")
    assert api.get(f"/invoices/{made['id']}/pdf?revision={revision}").status_code == 400


def test_a_products_price_is_not_taken_in_another_currency(api: Api, customer: str) -> None:
    product = api.post("/products", {"name": "Hour", "unit_price": 80}).json()
    body = {"customer_id": customer, "currency": "EUR", "items": [{"product_id": product["id"], "quantity": 1}]}
    answer = api.post("/invoices", body)
    assert answer.status_code == 400
    assert answer.json()["details"][0]["field"] == "items.0.unit_price"
    body["items"] = [{"product_id": product["id"], "quantity": 1, "unit_price": 75}]
    assert api.post("/invoices", body).json()["total"] == 75
