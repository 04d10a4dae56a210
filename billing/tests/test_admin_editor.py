"""The editor of drafts: what is typed becomes what the API would make of it, by the same services."""

from __future__ import annotations

from typing import Any

import pytest

from billing.models import Invoice
from billing.tests.admin_cast import LIST, a_customer, a_product, an_invoice, browser, told, typed

LINES = (
    {"description": "Design", "quantity": "3", "unit_price": "33.335", "tax_rate": "19", "discount_rate": "10"},
    {"description": "Hosting", "quantity": "0.5", "unit_price": "9.99", "tax_rate": "7"},
)


def test_makes_the_invoice_that_the_api_makes(alice: Any, api: Any) -> None:
    customer = a_customer(alice)
    head = {"discount_type": "percentage", "discount_value": "5"}
    response = browser(alice).post(f"{LIST}add/", typed(customer, *LINES, **head))
    made = Invoice.objects.get()
    assert response.status_code == 302
    assert response["Location"] == f"{LIST}{made.pk}/change/"
    items = [{name: value for name, value in line.items() if name != "id"} for line in LINES]
    body = {"customer_id": str(customer.uuid), "issue_date": "2026-03-01", "items": items, **head}
    other = api.post("/invoices", body).json()
    names = ("subtotal_minor", "tax_minor", "discount_minor", "total_minor")
    assert made.number == "INV-00001"
    assert [getattr(made, name) for name in names] == [
        getattr(Invoice.objects.get(uuid=other["id"]), name) for name in names
    ]
    assert told(made) == [("invoice.created", "owner@alice.test")]


def test_takes_price_rate_and_words_from_the_product(alice: Any) -> None:
    customer, product = a_customer(alice), a_product(alice)
    browser(alice).post(f"{LIST}add/", typed(customer, {"product": str(product.uuid), "quantity": "2"}))
    line = Invoice.objects.get().lines.get()
    assert (line.product, line.description, line.gross_minor, line.tax_minor) == (product, "Cloud", 5998, 600)


def test_changes_reorders_and_removes_lines(alice: Any) -> None:
    customer = a_customer(alice)
    client = browser(alice)
    client.post(f"{LIST}add/", typed(customer, *LINES))
    made = Invoice.objects.get()
    first, second = made.lines.order_by("position")
    again = {**LINES[1], "uuid": str(second.uuid), "quantity": "4"}
    response = client.post(f"{LIST}{made.pk}/change/", typed(customer, again, currency="USD", notes="Thanks"))
    made.refresh_from_db()
    assert response.status_code == 302
    assert [line.uuid for line in made.lines.all()] == [second.uuid] != [first.uuid]
    assert (made.total_minor, made.notes) == (3996 + 280, "Thanks")


def test_saving_nothing_new_changes_and_tells_nothing(alice: Any) -> None:
    customer = a_customer(alice)
    client = browser(alice)
    client.post(f"{LIST}add/", typed(customer, *LINES))
    made = Invoice.objects.get()
    page = client.get(f"{LIST}{made.pk}/change/")
    editor = page.context["editor"]
    sent = {f"lines-{i}-{f.name}": f.value() or "" for i, form in enumerate(editor.lines.forms) for f in form}
    sent |= {field.name: "" if field.value() is None else field.value() for field in editor.head}
    sent |= {"lines-TOTAL_FORMS": "2", "lines-INITIAL_FORMS": "0"}
    assert client.post(f"{LIST}{made.pk}/change/", sent).status_code == 302
    assert [action for action, _ in told(made)] == ["invoice.created"]


@pytest.mark.parametrize(
    ("line", "name", "why"),
    [
        ({"description": "x", "quantity": "1e400", "unit_price": "1"}, "quantity", "Expected a number"),
        ({"description": "x", "quantity": "1", "unit_price": "1.2345678"}, "unit_price", "decimals"),
        ({"description": "x", "quantity": "1", "unit_price": ""}, "unit_price", "cost"),
        ({"description": "", "quantity": "1", "unit_price": "5"}, "description", "what it is"),
        (
            {"description": "x", "quantity": "1", "unit_price": "5", "discount_amount": "6"},
            "discount_amount",
            "Must be",
        ),
    ],
)
def test_says_what_is_wrong_on_the_line(alice: Any, line: dict[str, str], name: str, why: str) -> None:
    good = {"description": "Good", "quantity": "1", "unit_price": "5"}
    response = browser(alice).post(f"{LIST}add/", typed(a_customer(alice), good, {}, line))
    assert response.status_code == 400
    assert not Invoice.objects.exists()
    assert why in str(response.context["editor"].lines.forms[2].errors[name])


def test_an_empty_invoice_is_refused(alice: Any) -> None:
    response = browser(alice).post(f"{LIST}add/", typed(a_customer(alice), {"quantity": "1"}))
    assert "Add at least one line." in response.content.decode()
    assert not Invoice.objects.exists()


def test_a_strangers_customer_and_product_are_as_unknown_ones(alice: Any, bob: Any) -> None:
    client, line = browser(alice), {"description": "x", "quantity": "1", "unit_price": "5"}
    foreign = client.post(f"{LIST}add/", typed(a_customer(bob), line))
    assert "customer" in foreign.context["editor"].head.errors
    stolen = client.post(f"{LIST}add/", typed(a_customer(alice), {**line, "product": str(a_product(bob).uuid)}))
    assert "not there" in str(stolen.context["editor"].lines.forms[0].errors)
    assert not Invoice.objects.exists()


def test_the_preview_says_what_saving_will_come_to(alice: Any) -> None:
    client, data = browser(alice), typed(a_customer(alice), *LINES, discount_type="fixed", discount_value="1")
    shown = client.post(f"{LIST}preview/", data).json()
    assert shown["lines"] == ["$90.01", "$5.00"]
    client.post(f"{LIST}add/", data)
    assert shown["totals"][-1] == {
        "kind": "grand",
        "name": "Total",
        "amount": _shown(Invoice.objects.get().total_minor),
    }


def test_the_preview_takes_what_is_half_typed(alice: Any) -> None:
    half = [{"description": "x", "quantity": "2", "unit_price": "4"}, {"description": "y", "quantity": "1"}, {}]
    client, data = browser(alice), typed(a_customer(alice, currency="JPY"), *half)
    shown = client.post(f"{LIST}preview/", data).json()
    assert (shown["lines"], shown["currency"]) == (["¥8", "", ""], "JPY")
    shown = client.post(f"{LIST}preview/", {**data, "customer": ""}).json()
    assert (shown["lines"], shown["currency"]) == (["$8.00", "", ""], "USD")
    assert not Invoice.objects.exists()


def test_products_are_found_by_part_of_their_name_and_only_ones_own(alice: Any, bob: Any) -> None:
    a_product(alice, name="Müllabfuhr")
    a_product(alice, name="Other")
    a_product(bob, name="Mülleimer")
    found = browser(alice).get(f"{LIST}products/?q=mull").json()["products"]
    assert [product["name"] for product in found] == ["Müllabfuhr"]


def test_saves_and_issues_or_says_why_not(alice: Any) -> None:
    customer, client = a_customer(alice), browser(alice)
    line = {"description": "x", "quantity": "1", "unit_price": "5"}
    client.post(f"{LIST}add/", {**typed(customer, line), "_issue": "1"})
    assert Invoice.objects.get().status == "sent"
    customer.credit_hold = True
    customer.save()
    response = client.post(f"{LIST}add/", {**typed(customer, line), "_issue": "1"})
    assert "credit hold" in response.content.decode()
    assert Invoice.objects.count() == 1


def test_a_creator_drafts_but_does_not_issue_and_a_viewer_does_neither(alice: Any) -> None:
    data = typed(a_customer(alice), {"description": "x", "quantity": "1", "unit_price": "5"})
    creator, viewer = browser(alice, "creator"), browser(alice, "viewer")
    assert creator.post(f"{LIST}add/", {**data, "_issue": "1"}).status_code == 403
    assert creator.post(f"{LIST}add/", data).status_code == 302
    assert viewer.post(f"{LIST}add/", data).status_code == viewer.get(f"{LIST}add/").status_code == 403
    assert viewer.post(f"{LIST}preview/", data).status_code == viewer.get(f"{LIST}products/").status_code == 403
    assert [row.status for row in Invoice.objects.all()] == ["draft"]


def test_an_issued_invoice_is_read_only(alice: Any) -> None:
    made = an_invoice(alice, "sent")
    client = browser(alice)
    before = list(made.lines.values())
    line = {"uuid": str(made.lines.get().uuid), "description": "Other", "quantity": "9", "unit_price": "1"}
    response = client.post(f"{LIST}{made.pk}/change/", typed(made.customer, line, currency="USD"))
    assert response.status_code == 302
    assert list(made.lines.values()) == before
    page = client.get(f"{LIST}{made.pk}/change/")
    assert "lines-TOTAL_FORMS" not in page.content.decode()
    assert "$110.00" in page.content.decode()


def _shown(minor: int) -> str:
    return f"${minor / 100:,.2f}"


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"lines-TOTAL_FORMS": "abc", "lines-INITIAL_FORMS": "-1"},
        {"lines-TOTAL_FORMS": "99999", "lines-INITIAL_FORMS": "0"},
        {"customer": "x" * 5000, "issue_date": "0000-00-00", "currency": "\x00", "discount_value": "9" * 99},
        {"lines-TOTAL_FORMS": "1", "lines-INITIAL_FORMS": "0", "lines-0-product": "'", "lines-0-unit_price": "١"},
        {
            "lines-TOTAL_FORMS": "1",
            "lines-INITIAL_FORMS": "0",
            "lines-0-description": "\ud800",
            "lines-0-unit_price": "1",
        },
        {"customer": "99999999999999999999999", "issue_date": "9999-12-31", "due_date": "0001-01-01"},
    ],
)
def test_whatever_is_sent_is_answered(alice: Any, sent: dict[str, str]) -> None:
    client, row = browser(alice), an_invoice(alice)
    sent = {name: value.encode("utf-8", "surrogatepass").decode("latin-1") for name, value in sent.items()}
    for address in (f"{LIST}add/", f"{LIST}{row.pk}/change/", f"{LIST}preview/", f"{LIST}preview/?row={row.pk}"):
        assert client.post(address, sent).status_code in {200, 400}
    assert client.get(f"{LIST}preview/").status_code == 200
    for address in ("preview/?row=abc", f"{row.pk}/pdf/?revision=99999999999999999999", "0/change/", "'/pay/"):
        assert client.get(f"{LIST}{address}").status_code == 404
    assert list(Invoice.objects.values_list("pk", "total_minor")) == [(row.pk, 11_000)]


def test_numbers_are_read_as_the_business_writes_them(bob: Any) -> None:
    client, customer = browser(bob), a_customer(bob)
    line = {"description": "x", "quantity": "1,5", "unit_price": "1.234,50"}
    assert client.post(f"{LIST}add/", typed(customer, line)).status_code == 302
    assert Invoice.objects.get().total_minor == 185175
    shown = client.post(f"{LIST}preview/", typed(customer, {**line, "unit_price": "119.99"})).json()
    assert "1234,5" in shown["error"]
