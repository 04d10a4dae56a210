"""/earnipay/v1/customers: unique names, countries by name, both spellings of what the two documents spell differently."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from businesses.models import Business
from conftest import Api
from customers.models import Customer
from dialects.earnipay.tests.conftest import Earnipay, refusal
from invoicing.lib import clock

TAKEN = "A customer with the name 'Delta' already exists in this business."


def make(program: Earnipay, business: str, name: str, **fields: Any) -> dict[str, Any]:
    answer = program.post("/customers", {"businessId": business, "name": name, **fields})
    assert answer.status_code == 201, answer.content
    data: dict[str, Any] = answer.json()["data"]
    return data


def names(program: Earnipay, business: str, query: str = "") -> list[str]:
    return [one["name"] for one in program.data(f"/customers?businessId={business}&{query}")["items"]]


# Create ----------------------------------------------------------------------------------------------------------------
def test_is_seen_with_the_same_facts_in_the_native_api(program: Earnipay, api: Api, business: str) -> None:
    given = {
        "businessName": "Delta Ltd",
        "email": "a@delta.test",
        "phone": "1",
        "tin": "T",
        "address": "8 Broad Street",
    }
    made = make(program, business, "Delta", **given, city="Lagos", state="Lagos", postalCode="100001")
    native = api.get(f"/customers/{made['id']}").json()
    expected = {"name": "Delta", "legal_name": "Delta Ltd", "tax_id": "T", "country": "NG", "postal_code": "100001"}
    assert {name: native[name] for name in expected} == expected
    assert made == program.data(f"/customers/{made['id']}")
    assert (made["TIN"], made["tin"], made["country"], made["businessName"]) == ("T", "T", "Nigeria", "Delta Ltd")


def test_the_business_in_the_query_and_both_spellings_of_tin(program: Earnipay, business: str) -> None:
    answer = program.post(f"/customers?businessId={business}", {"name": "Delta", "tin": "spec", "TIN": "docs"})
    assert (answer.status_code, answer.json()["data"]["TIN"]) == (201, "docs")


@pytest.mark.parametrize(
    ("given", "shown", "kept"),
    [("Ghana", "Ghana", "GH"), ("GH", "Ghana", "GH"), ("gha", "Ghana", "GH"), ("Wakanda", "Wakanda", "Wakanda")],
)
def test_countries_by_name(program: Earnipay, business: str, given: str, shown: str, kept: str) -> None:
    assert make(program, business, "Delta", country=given)["country"] == shown
    assert Customer.objects.get().country == kept


def test_what_no_document_names_is_ignored(program: Earnipay, business: str) -> None:
    made = make(program, business, "Delta", loyaltyTier="gold", number="X-1")
    assert "loyaltyTier" not in made
    assert Customer.objects.get().number == "CUST-0001"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "name: This field is required."),
        ({"name": ""}, "name: This field may not be blank."),
        ({"name": None}, "name: This field may not be null."),
        ({"name": 7}, "name: Expected a string."),
        ({"name": "x" * 201}, "name: Ensure this field has no more than 200 characters."),
        ({"name": "Delta", "email": "no"}, "email: Expected an e-mail address such as ap@example.com."),
        ({"name": "Delta", "TIN": "x" * 51}, "TIN: Ensure this field has no more than 50 characters."),
    ],
)
def test_what_is_wrong_is_said_in_their_names(program: Earnipay, business: str, fields: Any, message: str) -> None:
    assert refusal(program.post("/customers", {"businessId": business, **fields})) == (400, message)
    assert not Customer.objects.exists()


def test_a_dry_run_stores_nothing(program: Earnipay, business: str) -> None:
    answer = program.post("/customers?dry_run=true", {"businessId": business, "name": "Delta"})
    assert (answer.status_code, answer.json()["data"]["id"], answer.json()["data"]["name"]) == (201, None, "Delta")
    assert not Customer.objects.exists()


def test_the_same_request_again(program: Earnipay, business: str) -> None:
    body = {"businessId": business, "name": "Delta"}
    first, second = (program.post("/customers", body, Idempotency_Key="k") for _ in range(2))
    assert (first.status_code, second.content, second["Idempotent-Replayed"]) == (201, first.content, "true")
    assert refusal(program.post("/customers", {**body, "name": "Other"}, Idempotency_Key="k"))[0] == 422


# Unique names ----------------------------------------------------------------------------------------------------------
def test_names_are_unique_whatever_the_business_says(program: Earnipay, api: Api, alice: Business) -> None:
    business = str(alice.uuid)
    assert not alice.unique_customer_names
    first = make(program, business, "Delta")
    for name in ("Delta", "DELTA", " Delta "):
        status, message = refusal(program.post("/customers", {"businessId": business, "name": name}))
        assert (status, message) == (409, TAKEN.replace("Delta", name.strip()))
    other = make(program, business, "Other")
    assert refusal(program.patch(f"/customers/{other['id']}", {"name": "Delta"})) == (409, TAKEN)
    assert program.patch(f"/customers/{other['id']}", {"email": "b@b.test"}).status_code == 200
    assert program.patch(f"/customers/{first['id']}", {"name": "delta"}).status_code == 200
    program.delete(f"/customers/{first['id']}")
    make(program, business, "Delta")


def test_the_native_api_goes_by_the_setting_and_its_twins_stay_editable(
    program: Earnipay, api: Api, business: str
) -> None:
    first = make(program, business, "Delta")
    twin = api.post("/customers", {"name": "Delta"})
    assert twin.status_code == 201
    for identifier in (first["id"], twin.json()["id"]):
        assert program.patch(f"/customers/{identifier}", {"name": "Delta", "city": "Jos"}).status_code == 200
    assert refusal(program.post("/customers", {"businessId": business, "name": "Delta"})) == (409, TAKEN)


def test_the_database_keeps_the_name_through_other_changes(program: Earnipay, api: Api, business: str) -> None:
    made = make(program, business, "Delta")
    key = Customer.objects.values_list("name_key", flat=True)
    api.patch(f"/customers/{made['id']}", {"city": "Jos"})
    assert key.get() == "delta"
    api.patch(f"/customers/{made['id']}", {"name": "Epsilon"})
    assert key.get() is None
    program.patch(f"/customers/{made['id']}", {"name": "Zeta"})
    assert key.get() == "zeta"
    program.delete(f"/customers/{made['id']}")
    assert key.get() is None


# Change and delete -------------------------------------------------------------------------------------------------------
def test_only_what_is_given_changes(program: Earnipay, business: str) -> None:
    made = make(program, business, "Delta", phone="1", city="Lagos")
    answer = program.patch(f"/customers/{made['id']}", {"phone": None, "businessId": business, "country": ""})
    after = answer.json()["data"]
    assert (after["phone"], after["city"], after["country"]) == (None, "Lagos", None)
    assert program.patch(f"/customers/{made['id']}", {}).json()["data"] == after
    assert refusal(program.patch(f"/customers/{made['id']}", {"name": None}))[0] == 400
    assert refusal(program.patch(f"/customers/{made['id']}", b"[]"))[0] == 400


def test_a_deleted_one_is_on_no_list_and_no_new_invoice(program: Earnipay, business: str, customer: str) -> None:
    line = {"description": "x", "quantity": 1, "unitPrice": 1, "taxPercent": 0}
    invoice = {"businessId": business, "customerId": customer, "issueDate": "2026-03-01", "items": [line]}
    old = program.post("/invoices", invoice).json()["data"]
    assert program.delete(f"/customers/{customer}").status_code == 200
    assert refusal(program.delete(f"/customers/{customer}")) == (404, "Customer not found")
    assert refusal(program.patch(f"/customers/{customer}", {"city": "Jos"})) == (404, "Customer not found")
    assert names(program, business) == []
    assert refusal(program.post("/invoices", invoice)) == (400, "customerId: No such row.")
    assert program.data(f"/invoices/{old['id']}")["customer"]["name"] == "Delta"


# List ------------------------------------------------------------------------------------------------------------------
def test_pages_of_ten(program: Earnipay, business: str) -> None:
    for number in range(12):
        make(program, business, f"C{number:02}")
    first = program.data(f"/customers?businessId={business}")
    assert [one["name"] for one in first["items"]] == [f"C{number:02}" for number in range(11, 1, -1)]
    assert first["meta"] == {
        "totalItems": 12,
        "itemCount": 10,
        "itemsPerPage": 10,
        "totalPages": 2,
        "currentPage": 1,
    }
    last = program.data(f"/customers?businessId={business}&page=2")
    assert (last["meta"]["itemCount"], last["meta"]["currentPage"]) == (2, 2)
    assert names(program, business, "page=2&limit=5&sortBy=name&sortOrder=asc") == [f"C{n:02}" for n in range(5, 10)]
    assert program.data(f"/customers?businessId={business}&page=9")["items"] == []


def test_orders_searches_and_unknown_parameters(program: Earnipay, business: str) -> None:
    make(program, business, "Beta", email="x@zed.test", businessName="Zulu")
    make(program, business, "alpha")
    make(program, business, "Gamma", businessName="Yankee")
    assert names(program, business) == ["Gamma", "alpha", "Beta"]
    assert names(program, business, "sortBy=name") == ["Gamma", "Beta", "alpha"]
    assert names(program, business, "sortBy=name&sortOrder=ASC&utm=1") == ["alpha", "Beta", "Gamma"]
    assert names(program, business, "sortBy=businessName&sortOrder=asc") == ["Gamma", "Beta", "alpha"]
    assert names(program, business, "search=ZED") == ["Beta"]
    assert names(program, business, "search=ALPH") == ["alpha"]
    assert names(program, business, "search=CUST-0001") == []
    for query in ("sortBy=phone", "sortOrder=up", "limit=0", "limit=101", "page=0", "page=x", "startDate=x"):
        status, message = refusal(program.get(f"/customers?businessId={business}&{query}"))
        assert (status, message.split(":")[0]) == (400, query.split("=")[0])


@pytest.mark.parametrize(("start", "end"), [("startDate", "endDate"), ("dateFrom", "dateTo")])
def test_dates_are_inclusive_in_both_spellings(program: Earnipay, business: str, start: str, end: str) -> None:
    for day in (1, 2, 3):
        with clock.at(datetime.fromisoformat(f"2026-03-0{day}T23:30:00+00:00")):
            make(program, business, f"D{day}")
    assert names(program, business, f"{start}=2026-03-02T23:30:00.000Z") == ["D3", "D2"]
    assert names(program, business, f"{end}=2026-03-02T23:30:00.000Z") == ["D2", "D1"]
    assert names(program, business, f"{start}=2026-03-02&{end}=2026-03-02") == ["D2"]
    assert names(program, business, f"{start}=2026-03-04") == []
