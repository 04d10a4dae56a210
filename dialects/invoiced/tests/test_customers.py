"""Invoiced's customers, as its page shows them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from customers.models import Customer
from dialects.invoiced.mapping import KEPT
from dialects.invoiced.tests.conftest import Invoiced
from invoicing.lib import clock
from messaging.models import Message

pytestmark = pytest.mark.django_db

PRINTED = {
    **dict.fromkeys(("ach_gateway", "address1", "address2", "attention_to", "autopay_delay_days", "city", "currency")),
    **dict.fromkeys(("avalara_entity_use_code", "avalara_exemption_number", "cc_gateway", "chasing_cadence")),
    **dict.fromkeys(("credit_limit", "language", "next_chase_step", "notes", "owner", "parent_customer", "phone")),
    **dict.fromkeys(("payment_source", "postal_code", "sign_up_page", "sign_up_url", "state", "tax_id")),
    "autopay": False,
    "chase": True,
    "country": "US",
    "credit_hold": False,
    "email": "billing@acmecorp.com",
    "metadata": [],
    "name": "Acme",
    "number": "CUST-0001",
    "object": "customer",
    "payment_terms": "NET 30",
    "taxable": True,
    "taxes": [],
    "type": "company",
}
FORM = {"name": "Acme", "email": "billing@acmecorp.com", "payment_terms": "NET 30", "type": "company"}
CHANGES = {
    "payment_terms": "NET 14",
    "attention_to": "Sarah Fisher",
    "address1": "342 Amber St",
    "city": "Hill Valley",
    "state": "CA",
    "postal_code": "94523",
    "tax_id": "893-934835",
    "phone": "(820) 297-2983",
}


@pytest.fixture
def acme(invoiced: Invoiced) -> dict[str, Any]:
    return dict(invoiced.post("/customers", form=FORM).json())


def printed(shown: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in shown.items() if name in PRINTED}


def test_the_pages_curls(invoiced: Invoiced) -> None:
    response = invoiced.post("/customers", form=FORM)
    made = response.json()
    assert response.status_code == 201
    assert printed(made) == PRINTED
    assert made["id"] == Customer.objects.get().pk
    assert abs(made["created_at"] - clock.now().timestamp()) < 10
    path = f"/customers/{made['id']}"
    changed = invoiced.patch(path, form=CHANGES)
    assert changed.status_code == 200
    assert printed(changed.json()) == {**PRINTED, **CHANGES}
    assert invoiced.get(path).json() == changed.json()
    listed = invoiced.get("/customers")
    assert listed.json() == [changed.json()]
    gone = invoiced.call("DELETE", path)
    assert (gone.status_code, gone.content) == (204, b"")
    assert invoiced.get(path).json()["type"] == "invalid_request"


def test_every_field_comes_back(invoiced: Invoiced) -> None:
    parent = invoiced.post("/customers", {"name": "Holding"}).json()["id"]
    body = {
        "name": "All",
        "number": "X-1",
        "email": "a@b.test",
        "phone": "1",
        "autopay": True,
        "payment_terms": "NET 7",
        "attention_to": "A",
        "address1": "1",
        "address2": "2",
        "city": "C",
        "state": "S",
        "postal_code": "P",
        "country": "DE",
        "language": "de",
        "currency": "eur",
        "chase": False,
        "credit_hold": True,
        "tax_id": "T",
        "credit_limit": 1000.5,
        "taxable": False,
        "type": "person",
        "parent_customer": parent,
        "notes": "N",
        "metadata": {"account_rep": "Jan", "icp_number": "1234567890"},
        "autopay_delay_days": 3,
        "chasing_cadence": 4,
        "next_chase_step": 5,
        "owner": 6,
        "sign_up_page": 7,
        "taxes": ["vat"],
        "avalara_entity_use_code": "E",
        "avalara_exemption_number": "X",
        "disabled_payment_methods": ["credit_card"],
        "ach_gateway": 8,
        "cc_gateway": 9,
    }
    assert set(KEPT) <= set(body)
    made = invoiced.post("/customers", body).json()
    assert {name: made[name] for name in body} == body
    cleared = invoiced.patch(f"/customers/{made['id']}", {"owner": None, "parent_customer": None, "city": None}).json()
    assert (cleared["owner"], cleared["parent_customer"], cleared["city"]) == (None, None, None)
    assert cleared["cc_gateway"] == 9


def test_lists(invoiced: Invoiced) -> None:
    made = [
        invoiced.post("/customers", {"name": f"C{n}", "metadata": {"n": str(n)}, "credit_hold": n == 1}).json()["id"]
        for n in range(5)
    ]

    def found(query: str) -> list[int]:
        return [row["id"] for row in invoiced.get(f"/customers?{query}").json()]

    page = invoiced.get("/customers?per_page=2&page=2&sort=name%20asc")
    assert [row["id"] for row in page.json()] == made[2:4]
    assert page["X-Total-Count"] == "5"
    links = dict(reversed(part.split("; rel=")) for part in page["Link"].split(", "))
    assert set(links) == {'"self"', '"first"', '"previous"', '"next"', '"last"'}
    assert links['"next"'].endswith("/invoiced/customers?sort=name%20asc&page=3&per_page=2>")
    empty = invoiced.get("/customers?filter[name]=nobody")
    assert (empty.json(), empty["X-Total-Count"]) == ([], "0")
    assert 'rel="self"' in empty["Link"]
    assert found("sort=name%20desc") == made[::-1]
    assert found("filter[name]=C3") == [made[3]]
    assert found("filter%5Bcredit_hold%5D=True") == [made[1]]
    assert found("metadata[n]=4") == [made[4]]
    assert found("payment_source=1") == []
    assert found("open_balance=false") == made[::-1]
    assert found("updated_after=4000000000") == []


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("page=0", "page"),
        ("per_page=101", "per_page"),
        ("sort=colour", "sort"),
        ("filter[colour]=red", "filter[colour]"),
        ("filter[credit_hold]=perhaps", "filter[credit_hold]"),
        ("filter=1", "filter"),
    ],
)
def test_queries_that_cannot_be(invoiced: Invoiced, query: str, param: str) -> None:
    response = invoiced.get(f"/customers?{query}")
    assert response.status_code == 400
    assert response.json()["type"] == "invalid_request"
    assert response.json().get("param", "") == param


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "name"),
        ({"name": "A", "currency": "XXQ"}, "currency"),
        ({"name": "A", "autopay": "perhaps"}, "autopay"),
        ({"name": "A", "owner": -1}, "owner"),
        ({"name": "A", "parent_customer": 999}, "parent_customer"),
        ({"name": "A", "metadata": {"a": 1}}, "metadata.a"),
        ({"name": "A", "email": "nonsense"}, "email"),
    ],
)
def test_bodies_that_cannot_be(invoiced: Invoiced, body: Any, param: str) -> None:
    response = invoiced.post("/customers", body)
    assert response.status_code == 400
    assert (response.json()["type"], response.json()["param"]) == ("invalid_request", param)


def test_a_number_in_use_is_400_here(invoiced: Invoiced, acme: dict[str, Any]) -> None:
    response = invoiced.post("/customers", {"name": "B", "number": "CUST-0001"})
    assert (response.status_code, response.json()["param"]) == (400, "number")


def test_the_key_can_be_sent_again(invoiced: Invoiced) -> None:
    first, second = (invoiced.post("/customers", {"name": "A"}, **{"idempotency-key": "k"}) for _ in range(2))
    assert first.json() == second.json()
    assert Customer.objects.count() == 1


# Balance and statements ----------------------------------------------------------------------------------------------
def test_balance(invoiced: Invoiced, api: Any, acme: dict[str, Any]) -> None:
    native = api.get("/customers").json()["data"][0]["id"]
    line = {"description": "x", "quantity": 1, "unit_price": 470}
    yesterday = (clock.today("UTC") - timedelta(days=40)).isoformat()
    api.post("/invoices", {"customer_id": native, "items": [line], "status": "sent", "issue_date": yesterday})
    api.post("/adjustments", {"customer_id": native, "amount": 50})
    found = invoiced.get(f"/customers/{acme['id']}/balance").json()
    (credit,) = found.pop("history")
    assert found == {
        "available_credits": 50,
        "currency": "usd",
        "due_now": 470,
        "past_due": True,
        "total_outstanding": 470,
    }
    assert (credit["balance"], credit["currency"]) == (50, "usd")
    assert isinstance(credit["timestamp"], int)
    other = invoiced.get(f"/customers/{acme['id']}/balance?currency=eur").json()
    assert (other["currency"], other["total_outstanding"], other["history"]) == ("eur", 0, [])


def test_a_statement_by_mail(invoiced: Invoiced, acme: dict[str, Any]) -> None:
    path = f"/customers/{acme['id']}/emails"
    (email,) = invoiced.post(path, form={}).json()
    assert (email["object"], email["state"], email["email"]) == ("email", "sent", "billing@acmecorp.com")
    assert len(bytes.fromhex(email["id"])) == 16
    form = {"to[0][name]": "Client", "to[0][email]": "client@example.com", "to[1][email]": "b@example.com"}
    form |= {"subject": "Statement", "message": "Dear Client", "bcc": "c@example.com, d@example.com"}
    response = invoiced.post(path, form=form)
    assert response.status_code == 201
    assert [item["email"] for item in response.json()] == ["client@example.com", "b@example.com"]
    assert len({item["id"] for item in response.json()}) == 2
    message = Message.objects.latest("id")
    assert (message.bcc, message.subject) == (["c@example.com", "d@example.com"], "Statement")
    body = {"type": "balance_forward", "start": 1767225600, "end": 1775001600}
    assert invoiced.post(path, body).status_code == 201
    assert invoiced.post(path, {"type": "balance_forward"}).json()["param"] == "start"
    assert invoiced.post(path, {"to": [{"name": "x"}]}).status_code == 400


@pytest.mark.parametrize(("path", "name"), [("text_messages", "Twilio"), ("letters", "Lob")])
def test_what_is_not_connected_says_so(invoiced: Invoiced, acme: dict[str, Any], path: str, name: str) -> None:
    response = invoiced.post(f"/customers/{acme['id']}/{path}", {})
    assert response.status_code == 400
    assert name in response.json()["message"]


def test_the_statements_own_link(invoiced: Invoiced, acme: dict[str, Any]) -> None:
    url = acme["statement_pdf_url"]
    path = "/" + url.split("/", 3)[3]
    stranger = Client()
    response = stranger.get(path)
    assert (response.status_code, response["Content-Type"]) == (200, "application/pdf")
    assert response.content.startswith(b"%PDF")
    with clock.at(clock.later(days=181)):
        assert stranger.get(path).status_code == 404
        assert invoiced.get(f"/customers/{acme['id']}").json()["statement_pdf_url"] != url
    forged = path[:-30] + ("a" if path[-30] != "a" else "b") + path[-29:]
    assert stranger.get(forged).status_code == 404
    invoiced.call("DELETE", f"/customers/{acme['id']}")
    assert stranger.get(path).status_code == 404


# Contacts and notes --------------------------------------------------------------------------------------------------
def test_contacts(invoiced: Invoiced, acme: dict[str, Any]) -> None:
    path = f"/customers/{acme['id']}/contacts"
    body = {"name": "Eve", "title": "CFO", "email": "eve@acme.test", "primary": True, "sms_enabled": False}
    response = invoiced.post(path, body)
    contact = response.json()
    assert (response.status_code, contact["object"]) == (201, "contact")
    assert {name: contact[name] for name in body} == body
    one = f"{path}/{contact['id']}"
    assert invoiced.patch(one, {"department": "Money"}).json()["department"] == "Money"
    assert [row["id"] for row in invoiced.get(path).json()] == [contact["id"]]
    assert invoiced.call("DELETE", one).status_code == 204
    assert invoiced.get(one).status_code == 404


def test_notes_under_both_paths(invoiced: Invoiced, acme: dict[str, Any]) -> None:
    nested = f"/customers/{acme['id']}/notes"
    first = invoiced.post(nested, {"notes": "Pays late"}).json()
    second = invoiced.post("/notes", {"customer_id": acme["id"], "notes": "Called"}).json()
    assert (second["object"], second["customer"], second["notes"]) == ("note", acme["id"], "Called")
    assert [row["id"] for row in invoiced.get(nested).json()] == [second["id"], first["id"]]
    assert invoiced.get("/notes").json() == invoiced.get(nested).json()
    assert invoiced.patch(f"{nested}/{first['id']}", {"notes": "Pays"}).json()["notes"] == "Pays"
    assert invoiced.patch(f"/notes/{first['id']}", {"notes": "Paid"}).json()["notes"] == "Paid"
    assert invoiced.call("DELETE", f"/notes/{first['id']}").status_code == 204
    assert invoiced.post("/notes", {"notes": "Whose?"}).json()["param"] == "customer_id"


def test_a_list_costs_the_same_for_many(invoiced: Invoiced, django_assert_max_num_queries: Any) -> None:
    for n in range(8):
        invoiced.post("/customers", {"name": f"C{n}"})
    with django_assert_max_num_queries(5):
        invoiced.get("/customers")
