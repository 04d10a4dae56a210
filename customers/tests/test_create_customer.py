"""POST /customers."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from businesses.models import AuditEntry, Counter, IdempotencyKey
from customers.models import Customer
from customers.serializers import CustomerOutput
from invoicing.lib import json
from webhooks.models import Event

ACME = {
    "name": "Acme Corp",
    "email": "billing@acme.com",
    "phone": "+1-555-0100",
    "address": "123 Business Ave",
    "city": "San Francisco",
    "state": "CA",
    "country": "US",
    "postal_code": "94105",
    "tax_id": "US-12345678",
}


def test_the_example_of_the_contract_is_answered_as_printed(api, alice):
    answer = api.post("/customers", ACME)
    assert answer.status_code == 201
    body = answer.json()
    assert {**body, **ACME, "notes": None, "business_id": str(alice.uuid)} == body
    assert body["created_at"].endswith("Z")
    assert len(body["created_at"]) == len("2026-04-01T10:00:00.000Z")
    assert set(body) == set(CustomerOutput().fields)
    assert api.get(f"/customers/{body['id']}").json() == body


def test_the_second_example_needs_a_name_and_an_address_only(api):
    body = api.post("/customers", {"name": "New Client", "email": "client@example.com"}).json()
    unset = "phone address city state country postal_code tax_id notes currency language credit_limit parent_id"
    assert {body[name] for name in unset.split()} == {None}
    assert (body["type"], body["status"], body["taxable"], body["reminders"]) == ("company", "active", True, True)
    assert (body["credit_hold"], body["autopay"], body["metadata"], body["number"]) == (False, False, {}, "CUST-0001")


def test_an_event_and_an_audit_entry_commit_with_it(api, alice):
    body = api.post("/customers", ACME).json()
    event = Event.objects.of(alice).get()
    assert event.type == "customer.created"
    assert json.decode(event.data.encode()) == {
        "id": body["id"],
        "name": "Acme Corp",
        "email": "billing@acme.com",
        "customer": body,
    }
    entry = AuditEntry.objects.of(alice).get(action="customer.created")
    assert (str(entry.subject_id), entry.actor_kind) == (body["id"], "key")


def test_every_field_is_kept(api):
    parent = api.post("/customers", {"name": "Group"}).json()["id"]
    sent = {
        **ACME,
        "address2": "Floor 2",
        "notes": "Pays late.",
        "number": "A-1",
        "type": "person",
        "legal_name": "Acme Inc.",
        "attention_to": "Ann",
        "currency": "JPY",
        "language": "ja",
        "payment_terms": "NET 30",
        "credit_limit": 10000,
        "credit_hold": True,
        "taxable": False,
        "parent_id": parent,
        "reminders": False,
        "autopay": True,
        "buyer_reference": "04011000-1234512345-06",
        "metadata": {"crm": "7"},
        "status": "inactive",
    }
    body = api.post("/customers", sent).json()
    assert {name: body[name] for name in sent} == sent


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"country": "germany"}, {"country": "DE"}),
        ({"country": "USA"}, {"country": "US"}),
        ({"country": "Atlantis"}, {"country": "Atlantis"}),
        ({"currency": "eur"}, {"currency": "EUR"}),
        ({"language": "DE"}, {"language": "de"}),
        ({"email": "  "}, {"email": None}),
        ({"name": " Zoe\u0308 "}, {"name": "Zo\u00eb"}),
        ({"credit_limit": "10.50"}, {"credit_limit": 10.5}),
        ({"credit_limit": 0}, {"credit_limit": 0}),
    ],
)
def test_values_are_spelt_one_way(api, sent, kept):
    body = api.post("/customers", {"name": "Acme", **sent}).json()
    assert {name: body[name] for name in kept} == kept


@pytest.mark.parametrize(
    ("field", "value", "right"),
    [
        ("name", "", "blank"),
        ("name", None, "null"),
        ("name", 5, "Expected a string"),
        ("name", "x" * 201, "no more than 200"),
        ("email", "nobody", "such as ap@example.com"),
        ("currency", "XXX", "such as USD"),
        ("language", "xx", "such as en"),
        ("type", "dog", "Expected one of company, person"),
        ("status", ["active"], "Expected one of active, inactive"),
        ("taxable", "yes", "Expected true or false"),
        ("credit_limit", -1, "0 or more"),
        ("credit_limit", 1.001, "At most 2 decimals in USD"),
        ("credit_limit", "1e400", "finite"),
        ("credit_limit", 99999999999999, "at most 15 digits"),
        ("payment_terms", "x" * 51, "no more than 50"),
        ("notes", "x" * 10001, "no more than 10000"),
        ("parent_id", "5", "Expected a UUID"),
        ("parent_id", "01890000-0000-7000-8000-000000000000", "No such row."),
        ("metadata", {"1": "x"}, "not digits alone"),
        ("metadata", {str(n) + "k": "" for n in range(11)}, "At most 10 keys"),
    ],
)
def test_a_field_that_is_wrong_is_named_with_what_is_right(api, alice, field, value, right):
    from decimal import Decimal

    value = Decimal(str(value)) if isinstance(value, float) else value
    answer = api.post("/customers", {"name": "Acme", field: value})
    assert answer.status_code == 400
    detail = answer.json()["details"][0]
    assert detail["field"].split(".")[0] == field
    assert right in detail["message"]
    assert not Customer.objects.of(alice).exists()
    assert not Counter.objects.of(alice).exists()


def test_a_missing_name_and_an_unknown_field_are_refused(api):
    assert api.post("/customers", {}).json()["details"] == [{"field": "name", "message": "This field is required."}]
    answer = api.post("/customers", {"name": "Acme", "emial": "a@b.test"})
    assert answer.status_code == 400
    assert answer.json()["details"] == [{"field": "emial", "message": "Unknown; did you mean 'email'?"}]


def test_a_stranger_is_no_parent_in_the_same_words(api, bob_api):
    foreign = bob_api.post("/customers", {"name": "Foreign"}).json()["id"]
    deleted = api.post("/customers", {"name": "Gone"}).json()["id"]
    api.delete(f"/customers/{deleted}")
    unknown = "01890000-0000-7000-8000-000000000000"
    answers = [api.post("/customers", {"name": "A", "parent_id": it}) for it in (foreign, deleted, unknown)]
    assert {answer.status_code for answer in answers} == {400}
    assert len({answer.content for answer in answers}) == 1


# Numbers and names -----------------------------------------------------------------------------------------------------
def test_numbers_follow_one_another_and_skip_those_given_by_hand(api):
    assert api.post("/customers", {"name": "A", "number": "CUST-0002"}).json()["number"] == "CUST-0002"
    assert [api.post("/customers", {"name": name}).json()["number"] for name in "BC"] == ["CUST-0001", "CUST-0003"]
    assert api.post("/customers", {"name": "D", "number": None}).json()["number"] == "CUST-0004"


def test_a_number_in_use_is_refused_even_of_a_deleted_customer(api, bob_api):
    first = api.post("/customers", {"name": "A", "number": "7"}).json()
    api.delete(f"/customers/{first['id']}")
    answer = api.post("/customers", {"name": "B", "number": "7"})
    assert (answer.status_code, answer.json()["code"]) == (409, "duplicate_number")
    assert answer.json()["details"][0]["field"] == "number"
    assert bob_api.post("/customers", {"name": "B", "number": "7"}).status_code == 201


def test_names_may_repeat_unless_the_business_says_otherwise(api, alice):
    api.post("/customers", {"name": "Müller"})
    assert api.post("/customers", {"name": "Müller"}).status_code == 201
    alice.unique_customer_names = True
    alice.save()
    answer = api.post("/customers", {"name": "MULLER"})
    assert (answer.status_code, answer.json()["code"]) == (409, "duplicate_name")
    assert answer.json()["error"] == "A customer with the name 'MULLER' already exists in this business."


def test_the_database_says_no_first(api, alice):
    alice.unique_customer_names = True
    alice.save()
    api.post("/customers", {"name": "Acme", "number": "1"})
    for same in ({"number": "1", "name_key": None}, {"number": "2", "name_key": "acme"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Customer.objects.create(business=alice, name="Acme", name_folded="acme", **same)


def test_a_long_name_may_fold_to_a_longer_one(api):
    body = api.post("/customers", {"name": "\ufdfa" * 200}).json()
    assert api.get(f"/customers/{body['id']}").json()["name"] == "\ufdfa" * 200


# The door --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("scope", "status"), [("all", 201), ("write", 201), ("read", 403), ("webhooks", 403)])
def test_scopes(api_with, alice, scope, status):
    assert api_with(scope).post("/customers", {"name": "Acme"}).status_code == status
    assert Customer.objects.of(alice).count() == (status == 201)


def test_the_same_idempotency_key_gets_the_same_bytes(api, alice):
    first = api.post("/customers", ACME, Idempotency_Key="k-1")
    again = api.post("/customers", ACME, Idempotency_Key="k-1")
    assert (again.status_code, again.content) == (201, first.content)
    assert again["Idempotent-Replayed"] == "true"
    assert Customer.objects.of(alice).count() == Event.objects.of(alice).count() == 1
    assert api.post("/customers", {"name": "Other"}, Idempotency_Key="k-1").status_code == 422


def test_a_refusal_frees_the_idempotency_key(api, alice):
    assert api.post("/customers", {"name": ""}, Idempotency_Key="k-1").status_code == 400
    assert api.post("/customers", {"name": "Acme"}, Idempotency_Key="k-1").status_code == 201


def test_a_dry_run_answers_the_same_and_stores_nothing(api, alice):
    answer = api.post("/customers?dry_run=true", ACME, Idempotency_Key="k-1")
    assert answer.status_code == 201
    body = answer.json()
    assert (body["id"], body["number"], body["name"]) == (None, None, "Acme Corp")
    for model in (Customer, Event, Counter, IdempotencyKey):
        assert not model.objects.of(alice).exists()
    assert api.post("/customers?dry_run=true", {"name": ""}).status_code == 400
    assert api.post("/customers?dry_run=1", ACME).status_code == 400
