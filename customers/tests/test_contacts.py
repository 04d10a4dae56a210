"""/customers/{id}/contacts."""

from __future__ import annotations

import pytest

from customers.models import Contact
from customers.serializers import ContactOutput
from webhooks.models import Event

UNKNOWN = "01890000-0000-7000-8000-000000000000"


@pytest.fixture
def customer(api):
    return api.post("/customers", {"name": "Acme"}).json()["id"]


@pytest.fixture
def path(customer):
    return f"/customers/{customer}/contacts"


def test_create_get_change_and_delete(api, alice, customer, path):
    sent = {
        "name": "Ann",
        "title": "CFO",
        "email": "ann@acme.test",
        "phone": "+1",
        "department": "Finance",
        "primary": True,
        "sms_enabled": True,
        "address": "1 Way",
        "address2": "B",
        "city": "Bonn",
        "state": "NW",
        "country": "Germany",
        "postal_code": "53111",
    }
    created = api.post(path, sent)
    assert created.status_code == 201
    body = created.json()
    assert body == {**body, **sent, "country": "DE", "customer_id": customer, "business_id": str(alice.uuid)}
    assert set(body) == set(ContactOutput().fields)
    one = f"{path}/{body['id']}"
    got = api.get(one)
    assert got.json() == body
    assert api.get(one, If_None_Match=got["ETag"]).status_code == 304
    changed = api.patch(one, {"name": "Anna", "country": "uk", "title": None}, If_Match=got["ETag"]).json()
    assert changed == {
        **body,
        "name": "Anna",
        "country": "GB",
        "title": None,
        "updated_at": changed["updated_at"],
    }
    assert api.patch(one, {"name": "B"}, If_Match=got["ETag"]).status_code == 412
    assert api.patch(one, {"name": "Anna"}).json() == changed
    assert api.delete(one).status_code == 204
    assert api.get(one).status_code == api.delete(one).status_code == 404
    assert list(Event.objects.of(alice).values_list("type", flat=True)) == ["customer.created"]


def test_unset_fields_are_null_or_false(api, path):
    body = api.post(path, {"name": "Ann"}).json()
    assert (body["primary"], body["sms_enabled"], body["email"], body["country"]) == (False, False, None, None)


def test_the_list_is_of_one_customer(api, path):
    other = api.post("/customers", {"name": "Other"}).json()["id"]
    api.post(f"/customers/{other}/contacts", {"name": "Zed"})
    ids = [api.post(path, {"name": name}).json()["id"] for name in ("Ann", "Bea", "Cid")]
    assert [row["name"] for row in api.get(path).json()["data"]] == ["Cid", "Bea", "Ann"]
    assert api.get(f"{path}?limit=2&page=2").json()["pagination"]["total"] == 3
    page = api.get(f"{path}?sort=created_at&starting_after={ids[0]}&limit=1").json()
    assert ([row["name"] for row in page["data"]], page["pagination"]["has_more"]) == (["Bea"], True)
    assert api.get(f"{path}?sort=name").status_code == 400
    assert api.get(f"{path}?metadata[a]=b").status_code == 400


def test_a_wrong_field_is_named(api, path):
    for body, field in [({}, "name"), ({"name": "A", "email": "x"}, "email"), ({"name": "A", "primary": 1}, "primary")]:
        answer = api.post(path, body)
        assert (answer.status_code, answer.json()["details"][0]["field"]) == (400, field)
    assert "did you mean 'department'" in api.post(path, {"name": "A", "deparment": "x"}).json()["error"]


def test_strangers_get_404(api, bob_api, path):
    contact = api.post(path, {"name": "Ann"}).json()["id"]
    other = api.post("/customers", {"name": "Other"}).json()["id"]
    for caller, where in [(bob_api, path), (api, f"/customers/{other}/contacts"), (api, path)]:
        one = f"{where}/{contact if where != path or caller is bob_api else UNKNOWN}"
        assert caller.get(one).status_code == 404
        assert caller.patch(one, {"name": "X"}).status_code == 404
        assert caller.delete(one).status_code == 404
    assert bob_api.get(path).status_code == bob_api.post(path, {"name": "X"}).status_code == 404
    assert bob_api.get(path).json()["error"] == "Customer not found"
    assert Contact.objects.get().name == "Ann"


def test_contacts_of_a_deleted_customer_are_out_of_reach(api, customer, path):
    contact = api.post(path, {"name": "Ann"}).json()["id"]
    api.delete(f"/customers/{customer}")
    assert api.get(path).status_code == api.get(f"{path}/{contact}").status_code == 404
    api.post(f"/customers/{customer}/restore")
    assert api.get(f"{path}/{contact}").status_code == 200


def test_replay_dry_run_and_scope(api, api_with, path):
    first = api.post(path, {"name": "Ann"}, Idempotency_Key="k")
    assert api.post(path, {"name": "Ann"}, Idempotency_Key="k").content == first.content
    assert api.post(f"{path}?dry_run=true", {"name": "Bea"}).json()["id"] is None
    assert Contact.objects.count() == 1
    assert api_with("read").post(path, {"name": "Cid"}).status_code == 403
    assert api_with("read").get(path).status_code == 200
    assert api_with("webhooks").get(path).status_code == 403
