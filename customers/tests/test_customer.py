"""GET PATCH DELETE /customers/{id} and /restore."""

from __future__ import annotations

import pytest

from businesses.models import AuditEntry
from conftest import make_api
from customers.models import Customer
from customers.services import update_customer
from invoicing.lib import json
from webhooks.models import Event

UNKNOWN = "01890000-0000-7000-8000-000000000000"


@pytest.fixture
def acme(api):
    return api.post("/customers", {"name": "Acme", "email": "ap@acme.test", "metadata": {"a": "1", "b": "2"}}).json()


def types(business):
    return list(Event.objects.of(business).order_by("pk").values_list("type", flat=True))


# Get -------------------------------------------------------------------------------------------------------------------
def test_get_with_an_etag(api, acme):
    answer = api.get(f"/customers/{acme['id']}")
    assert (answer.status_code, answer.json()) == (200, acme)
    again = api.get(f"/customers/{acme['id']}", If_None_Match=answer["ETag"])
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", answer["ETag"])
    assert api.get(f"/customers/{acme['id']}", If_None_Match='"other"').status_code == 200


def test_fields_trims_and_unknown_parameters_are_refused(api, acme):
    assert api.get(f"/customers/{acme['id']}?fields=name,email").json() == {"name": "Acme", "email": "ap@acme.test"}
    assert api.get(f"/customers/{acme['id']}?feilds=name").status_code == 400


@pytest.mark.parametrize("call", ["get", "patch", "delete", "post"])
def test_unknown_foreign_malformed_and_deleted_are_one_404(api, bob_api, acme, call):
    foreign = bob_api.post("/customers", {"name": "Foreign"}).json()["id"]
    api.delete(f"/customers/{acme['id']}")
    known = [UNKNOWN, foreign, "5", "%00", *([] if call == "post" else [acme["id"]])]
    path = "/customers/{}/restore" if call == "post" else "/customers/{}"
    body = {} if call == "get" else {"body": {}}
    body = {"body": {"name": "X"}} if call == "patch" else ({} if call != "post" else body)
    answers = [getattr(api, call)(path.format(it), **body) for it in known]
    assert {(answer.status_code, answer.content) for answer in answers} == {
        (404, b'{"error":"Customer not found","code":"not_found","details":[]}')
    }


@pytest.mark.parametrize(("scope", "read", "write"), [("read", 200, 403), ("write", 200, 200), ("webhooks", 403, 403)])
def test_scopes(api_with, acme, scope, read, write):
    caller = api_with(scope)
    assert caller.get(f"/customers/{acme['id']}").status_code == read
    assert caller.patch(f"/customers/{acme['id']}", {"name": "B"}).status_code == write
    assert caller.delete(f"/customers/{acme['id']}").status_code == (204 if write == 200 else 403)
    assert caller.post(f"/customers/{acme['id']}/restore").status_code == write


# Patch -----------------------------------------------------------------------------------------------------------------
def test_patch_changes_what_is_given_and_tells_what_it_was(api, alice, acme):
    answer = api.patch(f"/customers/{acme['id']}", {"name": "Acme Inc", "metadata": {"c": "3"}, "credit_limit": 5})
    assert answer.status_code == 200
    body = answer.json()
    assert body == {
        **acme,
        "name": "Acme Inc",
        "metadata": {"c": "3"},
        "credit_limit": 5,
        "updated_at": body["updated_at"],
    }
    event = Event.objects.of(alice).latest("pk")
    assert event.type == "customer.updated"
    assert json.decode(event.previous.encode()) == {
        "name": "Acme",
        "metadata": {"a": "1", "b": "2"},
        "credit_limit": None,
    }
    assert json.decode(event.data.encode())["customer"] == body
    assert AuditEntry.objects.of(alice).latest("pk").changes == {"fields": ["credit_limit", "metadata", "name"]}
    assert [row["name"] for row in api.get("/customers?name=inc").json()["data"]] == ["Acme Inc"]


def test_null_clears(api, acme):
    assert api.patch(f"/customers/{acme['id']}", {"email": None, "credit_limit": None}).json()["email"] is None


@pytest.mark.parametrize("body", [{}, {"name": "Acme"}, {"name": " Acme "}, {"metadata": {"b": "2", "a": "1"}}])
def test_a_patch_of_nothing_emits_nothing(api, alice, acme, body):
    answer = api.patch(f"/customers/{acme['id']}", body)
    assert (answer.status_code, answer.json()) == (200, acme)
    assert types(alice) == ["customer.created"]


def test_if_match(api, acme):
    etag = api.get(f"/customers/{acme['id']}")["ETag"]
    changed = api.patch(f"/customers/{acme['id']}", {"name": "B"}, If_Match=etag)
    assert changed.status_code == 200
    stale = api.patch(f"/customers/{acme['id']}", {"name": "C"}, If_Match=etag)
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
    assert api.patch(f"/customers/{acme['id']}", {"name": "C"}, If_Match=changed["ETag"]).status_code == 200
    assert api.patch(f"/customers/{acme['id']}", {"name": "D"}, If_Match="*").status_code == 200


def test_patch_replays_and_dry_runs(api, alice, acme):
    path = f"/customers/{acme['id']}"
    first = api.patch(path, {"name": "B"}, Idempotency_Key="k")
    again = api.patch(path, {"name": "B"}, Idempotency_Key="k")
    assert (again.content, again["Idempotent-Replayed"]) == (first.content, "true")
    dry = api.patch(f"{path}?dry_run=true", {"name": "C"}).json()
    assert (dry["id"], dry["number"], dry["name"]) == (acme["id"], acme["number"], "C")
    assert api.get(path).json()["name"] == "B"
    assert types(alice) == ["customer.created", "customer.updated"]


def test_the_credit_limit_keeps_its_amount_in_another_currency(api, acme):
    path = f"/customers/{acme['id']}"
    api.patch(path, {"credit_limit": "100.5"})
    refused = api.patch(path, {"currency": "JPY"})
    assert (refused.status_code, refused.json()["details"][0]["field"]) == (400, "credit_limit")
    assert api.patch(path, {"currency": "KWD"}).json()["credit_limit"] == 100.5
    assert api.patch(path, {"currency": "JPY", "credit_limit": 100}).json()["credit_limit"] == 100


def test_numbers_can_change_but_not_to_another_s_or_to_none(api, acme):
    api.post("/customers", {"name": "B", "number": "B-1"})
    path = f"/customers/{acme['id']}"
    assert api.patch(path, {"number": "B-1"}).status_code == 409
    assert api.patch(path, {"number": None}).json()["details"][0]["field"] == "number"
    assert api.patch(path, {"number": "A-1"}).json()["number"] == "A-1"


def test_a_parent_is_not_itself_and_not_a_circle(api, acme):
    a = acme["id"]
    b = api.post("/customers", {"name": "B", "parent_id": a}).json()["id"]
    c = api.post("/customers", {"name": "C", "parent_id": b}).json()["id"]
    for parent in (a, b, c):
        answer = api.patch(f"/customers/{a}", {"parent_id": parent})
        assert (answer.status_code, answer.json()["details"][0]["field"]) == (400, "parent_id")
    assert api.patch(f"/customers/{c}", {"parent_id": a}).json()["parent_id"] == a
    assert api.patch(f"/customers/{c}", {"parent_id": None}).json()["parent_id"] is None


def test_parents_are_not_endless(api, acme):
    above, statuses = acme["id"], []
    for n in range(25):
        answer = api.post("/customers", {"name": f"C {n}", "parent_id": above})
        statuses.append(answer.status_code)
        above = answer.json().get("id", above)
    assert statuses == [201] * 19 + [400] * 6


# Delete and restore ----------------------------------------------------------------------------------------------------
def test_a_deleted_customer_is_gone_until_it_is_restored(api, alice, acme):
    path = f"/customers/{acme['id']}"
    answer = api.delete(path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert api.get(path).status_code == api.delete(path).status_code == 404
    assert api.get("/customers").json()["data"] == []
    restored = api.post(f"{path}/restore")
    assert (restored.status_code, restored.json()) == (200, {**acme, "updated_at": restored.json()["updated_at"]})
    assert api.post(f"{path}/restore").json() == restored.json()
    assert types(alice) == ["customer.created", "customer.deleted", "customer.updated"]


def test_delete_replays(api, acme):
    path = f"/customers/{acme['id']}"
    assert api.delete(f"{path}?dry_run=true").status_code == 204
    assert api.delete(path, Idempotency_Key="k").status_code == 204
    again = api.delete(path, Idempotency_Key="k")
    assert (again.status_code, again.content, again["Idempotent-Replayed"]) == (204, b"", "true")


def test_a_deleted_name_is_free_and_a_restored_one_must_be(api, alice):
    alice.unique_customer_names = True
    alice.save()
    api = make_api(alice)
    first, other = (api.post("/customers", {"name": name}).json()["id"] for name in ("Acme", "Beta"))
    assert api.patch(f"/customers/{other}", {"name": "ACME"}).json()["code"] == "duplicate_name"
    assert api.patch(f"/customers/{first}", {"name": "ACME"}).status_code == 200
    api.delete(f"/customers/{first}")
    assert api.post("/customers", {"name": "acme"}).status_code == 201
    answer = api.post(f"/customers/{first}/restore")
    assert (answer.status_code, answer.json()["code"]) == (409, "duplicate_name")
    assert Customer.objects.get(uuid=first).deleted_at is not None


def test_a_service_refuses_a_deleted_customer(api, alice, acme):
    from businesses.audit import SYSTEM
    from invoicing.lib.errors import NotFound

    customer = Customer.objects.get(uuid=acme["id"])
    api.delete(f"/customers/{acme['id']}")
    with pytest.raises(NotFound):
        update_customer(customer, changes={"name": "B"}, actor=SYSTEM)


def test_what_has_no_method_is_405(api, acme):
    assert api.call("PUT", f"/customers/{acme['id']}", {"name": "B"}).status_code == 405
    assert api.delete("/customers").status_code == 405
    assert api.get(f"/customers/{acme['id']}/restore").status_code == 405
