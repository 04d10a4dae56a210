"""`POST /batch`: each call as if it had come alone, one that is refused stops no other, and nothing enters by it."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest

from conftest import Api, make_api
from customers.models import Customer


def call(method: str, path: str, body: Any = None, key: str | None = None) -> dict[str, Any]:
    row = {"method": method, "path": path, **({} if body is None else {"body": body})}
    return row if key is None else {**row, "idempotency_key": key}


def batch(api: Api, *calls: dict[str, Any], path: str = "/batch") -> list[dict[str, Any]]:
    answer = api.post(path, {"items": list(calls)})
    assert answer.status_code == 200, answer.content
    return answer.json()["items"]  # type: ignore[no-any-return]


def test_calls_are_made_in_order_and_one_refused_stops_no_other(api: Api) -> None:
    rows = batch(
        api,
        call("POST", "/customers", {"name": "Acme"}),
        call("POST", "/customers", {"nam": "x"}),
        call("GET", "/api/v1/customers?name=acme"),
        call("GET", "/nowhere"),
        call("DELETE", "/customers/0199b2f0-0000-7000-8000-000000000000"),
    )
    assert [row["status"] for row in rows] == [201, 400, 200, 404, 404]
    assert rows[1]["body"]["details"][0]["field"] == "nam"
    assert [row["name"] for row in rows[2]["body"]["data"]] == ["Acme"]
    one = batch(
        api, call("GET", f"/customers/{rows[0]['body']['id']}"), call("DELETE", f"/customers/{rows[0]['body']['id']}")
    )
    assert one[0]["headers"]["ETag"]
    assert (one[1]["status"], one[1]["body"]) == (204, None)


def test_numbers_stay_exact(api: Api) -> None:
    body = {"name": "Pen", "unit_price": 0.123456}
    rows = batch(api, call("POST", "/products", body))
    assert rows[0]["body"]["unit_price"] == 0.123456


def test_each_call_has_its_own_idempotency_key(api: Api) -> None:
    create = call("POST", "/customers", {"name": "Acme"}, "k1")
    rows = batch(api, create, create, call("POST", "/customers", {"name": "Other"}, "k1"))
    assert [row["status"] for row in rows] == [201, 201, 422]
    assert rows[0]["body"] == rows[1]["body"]
    assert rows[1]["headers"] == {"Idempotent-Replayed": "true"}
    assert Customer.objects.count() == 1


def test_it_has_no_key_of_its_own(api: Api) -> None:
    answer = api.post("/batch", {"items": [call("GET", "/me")]}, **{"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["details"][0]["field"]) == (400, "Idempotency-Key")


def test_a_dry_run_of_the_batch_is_one_of_each_write(api: Api) -> None:
    rows = batch(api, call("POST", "/customers", {"name": "Acme"}), call("GET", "/me"), path="/batch?dry_run=true")
    assert [row["status"] for row in rows] == [201, 200]
    assert rows[0]["body"]["id"] is None
    assert not Customer.objects.exists()


def test_each_call_needs_its_scope_and_its_business(alice: Any, bob: Any, api: Api) -> None:
    mine = api.post("/customers", {"name": "Acme"}).json()["id"]
    rows = batch(make_api(alice, "read"), call("GET", f"/customers/{mine}"), call("POST", "/customers", {"name": "x"}))
    assert [row["status"] for row in rows] == [200, 403]
    rows = batch(
        make_api(bob, "all"), call("GET", f"/customers/{mine}"), call("PATCH", f"/customers/{mine}", {"name": "x"})
    )
    assert [row["status"] for row in rows] == [404, 404]


@pytest.mark.parametrize(
    ("items", "field"),
    [
        ([], "items"),
        ([{"method": "PUT", "path": "/me"}], "items.0.method"),
        ([{"method": "GET"}], "items.0.path"),
        ([{"method": "GET", "path": "me"}], "items.0.path"),
        ([{"method": "GET", "path": "https://elsewhere.test/me"}], "items.0.path"),
        ([{"method": "POST", "path": "/batch", "body": {}}], "items.0.path"),
        ([{"method": "POST", "path": "/batch/?x=1", "body": {}}], "items.0.path"),
        ([{"method": "POST", "path": "/%62atch", "body": {}}], "items.0.path"),
        ([{"method": "POST", "path": "/customers", "body": [1]}], "items.0.body"),
        ([{"method": "GET", "path": "/me"}] * 101, "items"),
    ],
)
def test_what_cannot_be_a_batch_is_refused_before_anything_is_done(api: Api, items: Any, field: str) -> None:
    answer = api.post("/batch", {"items": items})
    assert answer.status_code == 400
    assert answer.json()["details"][0]["field"].startswith(field)


def test_files_schemas_and_pages_are_not_in_it(api: Api) -> None:
    customer = api.post("/customers", {"name": "Acme"}).json()["id"]
    rows = batch(
        api,
        call("GET", f"/customers/{customer}/statement.pdf"),
        call("GET", "/openapi.json"),
        call("GET", "/../../admin/"),
    )
    assert [row["status"] for row in rows] == [406, 404, 404]


@pytest.mark.parametrize("written", ["日本", "%E6%97%A5%E6%9C%AC", "€", "é"])
def test_paths_and_queries_may_hold_any_character(api: Api, written: str) -> None:
    api.post("/customers", {"name": f"Acme {unquote(written)}"})
    found, none = batch(api, call("GET", f"/customers?search={written}"), call("GET", f"/customers/{written}"))
    assert [row["name"] for row in found["body"]["data"]] == [f"Acme {unquote(written)}"]
    assert (none["status"], none["body"]["error"]) == (404, "Customer not found")


def test_what_is_not_utf_8_is_found_nowhere(api: Api) -> None:
    assert [row["status"] for row in batch(api, call("GET", "/customers/%ff"), call("GET", "/%ff"))] == [404, 404]


def test_a_dry_run_within_a_dry_run_is_one(api: Api) -> None:
    rows = batch(api, call("POST", "/customers?dry_run=true", {"name": "Acme"}), path="/batch?dry_run=true")
    assert (rows[0]["status"], rows[0]["body"]["id"]) == (201, None)
