"""/products."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.models import Product
from billing.serializers.products import ProductOutput
from businesses.models import AuditEntry, IdempotencyKey
from webhooks.models import Event

UNKNOWN = "01890000-0000-7000-8000-000000000000"
HOSTING = {
    "name": "Hosting",
    "description": "Hosting (12 months)",
    "unit_price": Decimal("29.99"),
    "tax_rate": 10,
    "unit": "month",
    "product_code": "H-1",
    "tax_category": "S",
    "active": True,
    "metadata": {"sku": "9"},
}


@pytest.fixture
def hosting(api):
    return api.post("/products", HOSTING).json()


def names(answer):
    assert answer.status_code == 200, answer.content
    return [row["name"] for row in answer.json()["data"]]


# Create ----------------------------------------------------------------------------------------------------------------
def test_create_and_get(api, alice):
    created = api.post("/products", HOSTING)
    assert created.status_code == 201
    assert b'"unit_price":29.99,"tax_rate":10,' in created.content
    body = created.json()
    assert body == {**body, **HOSTING, "unit_price": 29.99, "business_id": str(alice.uuid)}
    assert set(body) == set(ProductOutput().fields)
    got = api.get(f"/products/{body['id']}")
    assert got.json() == body
    assert api.get(f"/products/{body['id']}", If_None_Match=got["ETag"]).status_code == 304
    assert api.get(f"/products/{body['id']}?fields=id,unit_price").json() == {"id": body["id"], "unit_price": 29.99}
    assert AuditEntry.objects.of(alice).filter(action="product.created").count() == 1
    assert not Event.objects.of(alice).exists()


def test_a_name_and_a_price_are_enough(api):
    body = api.post("/products", {"name": "Work", "unit_price": 150}).json()
    assert (body["tax_rate"], body["tax_category"], body["active"], body["metadata"]) == (0, "S", True, {})
    assert (body["description"], body["unit"], body["product_code"]) == (None, None, None)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("2.50", b"2.5"), (Decimal("0.000001"), b"0.000001"), ("-3", b"-3"), ("123456789012.345", b"123456789012.345")],
)
def test_prices_are_exact(api, sent, kept):
    created = api.post("/products", {"name": "Work", "unit_price": sent})
    assert b'"unit_price":' + kept + b"," in created.content
    assert api.get(f"/products/{created.json()['id']}").content == created.content


@pytest.mark.parametrize(
    ("field", "value", "right"),
    [
        ("name", None, "null"),
        ("name", "x" * 201, "no more than 200"),
        ("description", "x" * 10_001, "no more than 10000"),
        ("unit_price", None, "null"),
        ("unit_price", "dear", "Expected a number"),
        ("unit_price", True, "Expected a number"),
        ("unit_price", "1.0000001", "At most 6 decimals"),
        ("unit_price", "1234567890123456", "15 significant digits"),
        ("tax_rate", "0.00001", "At most 4 decimals"),
        ("tax_rate", 101, "less than or equal to 100"),
        ("tax_rate", -1, "greater than or equal to 0"),
        ("tax_category", "X", "Expected one of S, Z, E, AE, K, G, O"),
        ("active", 1, "Expected true or false"),
        ("unit", "x" * 31, "no more than 30"),
        ("product_code", "x" * 51, "no more than 50"),
        ("metadata", {"k": 1}, "Expected a string"),
    ],
)
def test_a_field_that_is_wrong_is_named_with_what_is_right(api, field, value, right):
    answer = api.post("/products", {"name": "Work", "unit_price": 1, field: value})
    assert answer.status_code == 400
    detail = answer.json()["details"][0]
    assert detail["field"].split(".")[0] == field
    assert right in detail["message"]
    assert not Product.objects.exists()


def test_missing_and_unknown_fields_are_refused(api):
    assert {detail["field"] for detail in api.post("/products", {}).json()["details"]} == {"name", "unit_price"}
    answer = api.post("/products", {"name": "Work", "unit_price": 1, "tax_rat": 10})
    assert answer.json()["details"] == [{"field": "tax_rat", "message": "Unknown; did you mean 'tax_rate'?"}]


def test_replay_and_dry_run(api, alice):
    first = api.post("/products", HOSTING, Idempotency_Key="k")
    again = api.post("/products", HOSTING, Idempotency_Key="k")
    assert (again.content, again["Idempotent-Replayed"]) == (first.content, "true")
    dry = api.post("/products?dry_run=true", HOSTING, Idempotency_Key="k2")
    assert (dry.status_code, dry.json()["id"], dry.json()["name"]) == (201, None, "Hosting")
    assert Product.objects.count() == IdempotencyKey.objects.count() == 1


@pytest.mark.parametrize(("scope", "read", "write"), [("read", 200, 403), ("write", 200, 201), ("webhooks", 403, 403)])
def test_scopes(api_with, hosting, scope, read, write):
    caller, path = api_with(scope), f"/products/{hosting['id']}"
    assert caller.get("/products").status_code == caller.get(path).status_code == read
    assert caller.post("/products", HOSTING).status_code == write
    assert caller.patch(path, {"unit": "x"}).status_code == (200 if write == 201 else 403)
    assert caller.delete(path).status_code == (204 if write == 201 else 403)


# Change and delete -----------------------------------------------------------------------------------------------------
def test_patch(api, alice, hosting):
    path = f"/products/{hosting['id']}"
    etag = api.get(path)["ETag"]
    assert api.patch(path, {"unit_price": "29.990", "tax_rate": "10.0"}).json() == hosting
    changed = api.patch(path, {"unit_price": 30, "metadata": {}, "unit": None}, If_Match=etag)
    body = changed.json()
    assert body == {**hosting, "unit_price": 30, "metadata": {}, "unit": None, "updated_at": body["updated_at"]}
    assert api.patch(path, {"unit_price": 31}, If_Match=etag).status_code == 412
    assert api.patch(f"{path}?dry_run=true", {"unit_price": 31}).json()["unit_price"] == 31
    assert api.get(path).json() == body
    updates = AuditEntry.objects.of(alice).filter(action="product.updated")
    assert [entry.changes for entry in updates] == [{"fields": ["metadata", "unit", "unit_price"]}]


def test_a_deleted_product_is_gone(api, hosting):
    path = f"/products/{hosting['id']}"
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == api.patch(path, {}).status_code == api.delete(path).status_code == 404
    assert api.get("/products").json()["pagination"]["total"] == 0
    assert Product.objects.get().deleted_at is not None


def test_unknown_foreign_and_malformed_are_one_404(api, bob_api, hosting):
    for call, *body in (("get",), ("delete",), ("patch", {"name": "X"})):
        answers = [getattr(bob_api, call)(f"/products/{it}", *body) for it in (hosting["id"], UNKNOWN, "5")]
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.content for answer in answers}) == 1
    assert names(bob_api.get("/products")) == []


# List ------------------------------------------------------------------------------------------------------------------
@pytest.fixture
def four(api):
    rows = [
        {"name": "Façade", "unit_price": 1, "product_code": "F-1"},
        {"name": "same", "unit_price": 1, "active": False, "description": "Roof work"},
        {"name": "Same", "unit_price": 1, "metadata": {"a": "b"}},
        {"name": "Zinc", "unit_price": 1, "product_code": "F-10"},
    ]
    return [api.post("/products", row).json()["id"] for row in rows]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Zinc", "Same", "same", "Façade"]),
        ("name=FACADE", ["Façade"]),
        ("search=roof", ["same"]),
        ("search=f-1", ["Zinc", "Façade"]),
        ("product_code=F-1", ["Façade"]),
        ("active=false", ["same"]),
        ("active=true&sort=name", ["Façade", "Same", "Zinc"]),
        ("metadata[a]=b", ["Same"]),
        ("sort=-name&limit=3", ["Zinc", "Same", "same"]),
        ("updated_after=2999-01-01", []),
    ],
)
def test_filters_and_orders(api, four, query, found):
    assert names(api.get(f"/products?{query}")) == found


@pytest.mark.parametrize("query", ["activ=true", "active=yes", "sort=unit_price", "ids=x", f"starting_after={UNKNOWN}"])
def test_wrong_parameters_are_refused(api, four, query):
    assert api.get(f"/products?{query}").status_code == 400


@pytest.mark.parametrize("sort", ["name", "-name", "-updated_at"])
def test_cursors(api, four, sort):
    whole = [row["id"] for row in api.get(f"/products?sort={sort}").json()["data"]]
    for parameter, cursor, expected in (
        ("starting_after", whole[0], whole[1:]),
        ("ending_before", whole[-1], whole[:-1]),
    ):
        seen = []
        while cursor:
            page = api.get(f"/products?sort={sort}&limit=2&{parameter}={cursor}").json()
            ids = [row["id"] for row in page["data"]]
            seen = seen + ids if parameter == "starting_after" else ids + seen
            cursor = page["pagination"]["next_cursor"]
        assert seen == expected


def test_the_number_of_queries_does_not_grow(api, hosting):
    with CaptureQueriesContext(connection) as few:
        api.get("/products")
    for n in range(24):
        api.post("/products", {**HOSTING, "name": f"P {n}"})
    with CaptureQueriesContext(connection) as many:
        assert len(api.get("/products").json()["data"]) == 25
    assert len(many) == len(few) == 4  # the key, the count, the order, the rows
