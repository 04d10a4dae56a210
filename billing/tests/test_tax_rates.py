"""/tax-rates."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing.models import TaxRate
from billing.serializers.tax_rates import TaxRateOutput
from billing.tests.admin_cast import browser, told
from businesses.models import AuditEntry
from webhooks.models import Event

VAT = {
    "code": "vat",
    "name": "VAT",
    "rate": Decimal("7.7"),
    "tax_category": "S",
    "active": True,
    "metadata": {"k": "v"},
}


@pytest.fixture
def vat(api):
    return api.post("/tax-rates", VAT).json()


# Create ----------------------------------------------------------------------------------------------------------------
def test_create_and_get(api, alice):
    created = api.post("/tax-rates", VAT)
    assert created.status_code == 201
    assert b'"code":"vat","name":"VAT","rate":7.7,' in created.content
    body = created.json()
    assert body == {**body, **VAT, "rate": 7.7, "business_id": str(alice.uuid)}
    assert set(body) == set(TaxRateOutput().fields)
    got = api.get(f"/tax-rates/{body['id']}")
    assert got.json() == body
    assert api.get(f"/tax-rates/{body['id']}", If_None_Match=got["ETag"]).status_code == 304
    assert not Event.objects.of(alice).exists()


def test_a_code_is_made_of_the_name(api):
    made = [
        api.post("/tax-rates", {"name": name, "rate": 1}).json()["code"] for name in ("Sales Tax", "Sales tax", "税")
    ]
    assert made[0] == "sales-tax"
    assert made[1].startswith("sales-tax-")
    assert made[2] == "tax"


@pytest.mark.parametrize(
    ("field", "value", "right"),
    [
        ("name", None, "null"),
        ("name", "x" * 201, "no more than 200"),
        ("rate", None, "null"),
        ("rate", "0.00001", "At most 4 decimals"),
        ("rate", Decimal("100.5"), "less than or equal to 100"),
        ("rate", -1, "greater than or equal to 0"),
        ("code", "x" * 51, "no more than 50"),
        ("code", "a/b", "letters, digits"),
        ("code", "..", "letters, digits"),
        ("tax_category", "X", "Expected one of S"),
        ("active", 1, "Expected true or false"),
        ("metadata", {"k": 1}, "Expected a string"),
    ],
)
def test_a_field_that_is_wrong_is_named_with_what_is_right(api, field, value, right):
    answer = api.post("/tax-rates", {"name": "VAT", "rate": 1, field: value})
    assert answer.status_code == 400
    detail = answer.json()["details"][0]
    assert detail["field"].split(".")[0] == field
    assert right in detail["message"]
    assert not TaxRate.objects.exists()


def test_a_code_is_given_once_also_after_a_deletion(api, bob_api, vat):
    taken = api.post("/tax-rates", VAT)
    assert (taken.status_code, taken.json()["code"]) == (409, "duplicate_code")
    assert taken.json()["details"] == [{"field": "code", "message": "Already in use."}]
    assert bob_api.post("/tax-rates", VAT).status_code == 201
    assert api.delete(f"/tax-rates/{vat['id']}").status_code == 204
    assert api.post("/tax-rates", VAT).status_code == 409


def test_replay_and_dry_run(api):
    first = api.post("/tax-rates", VAT, Idempotency_Key="k")
    again = api.post("/tax-rates", VAT, Idempotency_Key="k")
    assert (again.content, again["Idempotent-Replayed"]) == (first.content, "true")
    dry = api.post("/tax-rates?dry_run=true", {**VAT, "code": "other"})
    assert (dry.status_code, dry.json()["id"], dry.json()["code"]) == (201, None, "other")
    assert TaxRate.objects.count() == 1


# Change and delete -----------------------------------------------------------------------------------------------------
def test_patch(api, alice, vat):
    path = f"/tax-rates/{vat['id']}"
    etag = api.get(path)["ETag"]
    assert api.patch(path, {"rate": "7.70", "code": "vat"}).json() == vat
    body = api.patch(path, {"name": "Old VAT", "active": False, "metadata": {}}, If_Match=etag).json()
    changed = {"name": "Old VAT", "active": False, "metadata": {}, "updated_at": body["updated_at"]}
    assert body == {**vat, **changed}
    assert api.patch(path, {"name": "X"}, If_Match=etag).status_code == 412
    updates = AuditEntry.objects.of(alice).filter(action="taxrate.updated")
    assert [entry.changes for entry in updates] == [{"fields": ["active", "metadata", "name"]}]


@pytest.mark.parametrize("change", [{"rate": 8}, {"code": "other"}, {"code": None}])
def test_code_and_rate_are_for_ever(api, vat, change):
    refused = api.patch(f"/tax-rates/{vat['id']}", change)
    assert (refused.status_code, refused.json()["code"]) == (409, "fixed")
    assert refused.json()["details"][0]["field"] == next(iter(change))
    assert api.get(f"/tax-rates/{vat['id']}").json() == vat


def test_a_deleted_one_is_gone(api, vat):
    path = f"/tax-rates/{vat['id']}"
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == api.patch(path, {}).status_code == api.delete(path).status_code == 404
    assert api.get("/tax-rates").json()["pagination"]["total"] == 0
    assert TaxRate.objects.get().deleted_at is not None


def test_unknown_foreign_and_malformed_are_one_404(bob_api, vat):
    for call, *body in (("get",), ("delete",), ("patch", {"name": "X"})):
        ids = (vat["id"], "01890000-0000-7000-8000-000000000000", "vat")
        answers = [getattr(bob_api, call)(f"/tax-rates/{it}", *body) for it in ids]
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.content for answer in answers}) == 1


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Reduced", "VAT"]),
        ("name=va", ["VAT"]),
        ("code=vat", ["VAT"]),
        ("code=VAT", []),
        ("active=false", ["Reduced"]),
        ("sort=-name", ["VAT", "Reduced"]),
        ("metadata[k]=v", ["VAT"]),
    ],
)
def test_list(api, vat, query, found):
    api.post("/tax-rates", {"name": "Reduced", "rate": 2, "active": False})
    answer = api.get(f"/tax-rates?{query}")
    assert [row["name"] for row in answer.json()["data"]] == found, answer.content


# Admin -----------------------------------------------------------------------------------------------------------------
PAGES = "/admin/billing/taxrate/"


def test_makes_changes_and_deletes_one_in_the_admin(alice):
    client = browser(alice)
    data = {"name": "VAT", "code": "", "rate": "19", "tax_category": "S", "active": "on"}
    assert client.post(f"{PAGES}add/", data).status_code == 302
    row = TaxRate.objects.get()
    assert (row.code, row.rate, row.active) == ("vat", 19, True)
    shown = client.get(f"{PAGES}{row.pk}/change/")
    assert b"19 %" in shown.content
    assert client.post(f"{PAGES}{row.pk}/change/", {**data, "name": "Old", "rate": "20"}).status_code == 302
    row.refresh_from_db()
    assert (row.name, row.rate) == ("Old", 19)
    again = client.post(f"{PAGES}add/", {**data, "code": "vat"})
    assert "Already in use." in again.content.decode()
    assert b"Old" in client.get(f"{PAGES}?q=vat").content
    client.post(f"{PAGES}{row.pk}/delete/", {"post": "yes"})
    assert [action for action, _ in told(row)] == ["taxrate.created", "taxrate.updated", "taxrate.deleted"]


def test_a_viewer_only_looks(alice, api, vat):
    client = browser(alice, "viewer")
    row = TaxRate.objects.get()
    assert client.get(f"{PAGES}{row.pk}/change/").status_code == 200
    assert client.post(f"{PAGES}{row.pk}/change/", {"name": "X"}).status_code == 403
    assert client.get(f"{PAGES}add/").status_code == 403
