"""Every operation × foreign ids in the path, body and filters, made from the schema: nothing opens, and nothing tells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from conftest import Api
from tests.contract.routes import body_schema, operations, parameters_of, resolve, schema

NOBODY = "0199b2f0-0000-7000-8000-000000000000"
LINE = {"description": "Work", "quantity": 1, "unit_price": 100}


@pytest.fixture
def belongings(api: Api) -> dict[str, str]:
    """One of everything that Alice can own, by the first folder of its path or the name of its parameter."""
    customer = api.post("/customers", {"name": "Acme", "email": "a@acme.test"}).json()["id"]
    invoice = {"customer_id": customer, "items": [LINE]}
    webhook = api.post("/webhooks", {"url": "https://example.com/hook", "events": ["*"]}).json()["id"]
    delivery = api.post(f"/webhooks/{webhook}/test").json()["id"]
    return {
        "customers": customer,
        "customer_id": customer,
        "contact_id": api.post(f"/customers/{customer}/contacts", {"name": "Eve"}).json()["id"],
        "note_id": api.post(f"/customers/{customer}/notes", {"text": "x"}).json()["id"],
        "item_id": api.post(f"/customers/{customer}/pending-items", LINE).json()["id"],
        "products": (product := api.post("/products", {"name": "Hour", "unit_price": 1}).json()["id"]),
        "product_id": product,
        "tax-rates": api.post("/tax-rates", {"name": "VAT", "rate": 19}).json()["id"],
        "invoices": (sent := api.post("/invoices", {**invoice, "status": "sent"}).json()["id"]),
        "quotations": api.post("/quotations", invoice).json()["id"],
        "payments": api.post("/payments", {"customer_id": customer, "amount": 1}).json()["id"],
        "adjustments": api.post("/adjustments", {"customer_id": customer, "amount": 1}).json()["id"],
        "credit-notes": api.post("/credit-notes", invoice).json()["id"],
        "files": (file := a_file(api)),
        "attachment_id": api.post(f"/invoices/{sent}/attachments", {"file_id": file}).json()["id"],
        "statement-runs": api.post("/statement-runs", {"type": "open_item"}).json()["id"],
        "public-links": a_link(api, customer),
        "events": api.get("/events").json()["data"][0]["id"],
        "webhooks": webhook,
        "delivery_id": delivery,
        "connections": (connection := connected(api))["id"],
        "provider": connection["provider"],
        "replay_id": api.post(f"/webhooks/{webhook}/recover", {"since": "2026-01-01"}).json()["id"],
    }


def connected(api: Api) -> dict[str, str]:
    """Alice's account at a provider."""
    account = {"account": "AC" + "0" * 32, "credential": "x" * 32, "sender": "+14155550123"}
    connection: dict[str, str] = api.post("/connections", {"provider": "twilio", **account}).json()
    return connection


def a_file(api: Api) -> str:
    """A file that is elsewhere."""
    body = {"url": "https://example.com/a.pdf", "name": "a.pdf", "media_type": "application/pdf"}
    return str(api.post("/files", body).json()["id"])


def a_link(api: Api, customer: str) -> str:
    """The link in the mail of a statement."""
    assert api.post(f"/customers/{customer}/statement/send", {}).status_code == 202
    return str(api.get("/public-links").json()["data"][0]["id"])


def spelled(path: str, ids: dict[str, str]) -> str:
    folder = path.split("/")[1]
    for name in parameters_of(path):
        path = path.replace(f"{{{name}}}", ids[folder] if name == "id" else ids[name])
    return path


def unknown(path: str) -> str:
    ids = dict.fromkeys(parameters_of(path), NOBODY)
    return spelled(path, {**ids, path.split("/")[1]: NOBODY if "/events" not in path else "evt_" + "0" * 32})


def minimal_body(operation: str, own: dict[str, str]) -> Any:
    """A body that would pass for the caller's own row."""
    if body_schema(operation) is None:
        return None
    bodies = {"payments": {"amount": 1}, "contacts": {"name": "x"}, "notes": {"text": "x"}}
    path = operation.split(" ")[1]
    return bodies.get(path.split("/")[-1] if "{" not in path.split("/")[-1] else path.split("/")[-2], {"notes": "x"})


def test_no_path_opens_anothers_row(api: Api, bob_api: Api, belongings: dict[str, str]) -> None:
    probes = 0
    for operation in operations():
        method, path = operation.split(" ")
        if not parameters_of(path):
            continue
        body = minimal_body(operation, belongings)
        foreign = bob_api.call(method, spelled(path, belongings), body)
        missing = bob_api.call(method, unknown(path), body)
        assert (foreign.status_code, missing.status_code) == (404, 404), (operation, foreign.content)
        assert foreign.content == missing.content, operation
        probes += 1
    assert probes >= 35
    assert api.get(f"/invoices/{belongings['invoices']}").json()["amount_paid"] == 0


def references(node: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of all UUIDs in a body's schema."""
    node = resolve(node)
    for option in node.get("allOf", []) + node.get("oneOf", []):
        yield from references(option, path)
    if node.get("format") == "uuid":
        yield path
    for name, child in node.get("properties", {}).items():
        yield from references(child, (*path, name))
    if "items" in node:
        yield from references(node["items"], (*path, "0"))


def complete_body(operation: str, own: dict[str, str]) -> dict[str, Any]:
    if operation.endswith("/attachments"):
        return {}
    if "/pending-items" in operation:
        return dict(LINE)
    noun = operation.split("/")[1]
    if operation in {"POST /payments", "POST /adjustments", "POST /write-offs"}:
        return {"maximum": 1} if noun == "write-offs" else {"customer_id": own["customers"], "amount": 1}
    if noun in {"invoices", "quotations"} or operation in {"POST /credit-notes", "PATCH /credit-notes/{id}"}:
        return {"customer_id": own["customers"], "items": [dict(LINE)]}
    return {"name": "New", "unit_price": 1} if noun == "products" else {"name": "New"} if noun == "customers" else {}


def with_reference(body: dict[str, Any], path: tuple[str, ...], value: str) -> dict[str, Any]:
    if path == ("customer_ids", "0"):
        return {**body, "type": "open_item", "customer_ids": [value]}
    if path == ("invoice_id",):
        return {"invoice_id": value}
    if path[0] == "allocations":
        return {**body, "allocations": [{path[-1]: value}]}
    if path[0] == "items":
        return {**body, "items": [{**LINE, path[-1]: value}]}
    return {**body, path[0]: value}


def test_no_body_takes_anothers_row(api: Api, bob_api: Api, belongings: dict[str, str]) -> None:
    customer = bob_api.post("/customers", {"name": "Bob's"}).json()["id"]
    line = {"customer_id": customer, "items": [LINE]}
    own = {
        "customers": customer,
        "customer_id": customer,
        "invoices": bob_api.post("/invoices", line).json()["id"],
        "quotations": bob_api.post("/quotations", line).json()["id"],
        "payments": bob_api.post("/payments", {"customer_id": customer, "amount": 1}).json()["id"],
        "adjustments": bob_api.post("/adjustments", {"customer_id": customer, "amount": 1}).json()["id"],
        "credit-notes": bob_api.post("/credit-notes", line).json()["id"],
        "item_id": bob_api.post(f"/customers/{customer}/pending-items", LINE).json()["id"],
        "products": (product := bob_api.post("/products", {"name": "B", "unit_price": 1}).json()["id"]),
        "product_id": product,
    }
    probes = 0
    for operation in operations():
        node = body_schema(operation)
        if node is None:
            continue
        method, path = operation.split(" ")
        for reference in references(node):
            noun = {
                "customer_ids": "customers",
                "parent_id": "customers",
                "customer_id": "customers",
                "allocations": "invoices",
                "invoice_id": "invoices",
                "file_id": "files",
            }
            foreign_id = belongings[noun.get(reference[0], "products")]
            answers = [
                bob_api.call(
                    method, spelled(path, own), with_reference(complete_body(operation, own), reference, value)
                )
                for value in (foreign_id, NOBODY)
            ]
            assert [answer.status_code for answer in answers] == [400, 400], (operation, reference, answers[0].content)
            assert answers[0].content == answers[1].content
            fields = [detail["field"] for detail in answers[0].json()["details"]]
            assert fields == [".".join(reference)], (operation, fields)
            probes += 1
    assert probes >= 9, probes


def test_no_filter_shows_anothers_rows(api: Api, bob_api: Api, belongings: dict[str, str]) -> None:
    probes = 0
    for path, item in schema()["paths"].items():
        if "get" not in item or "{" in path:
            continue
        names = {parameter["name"]: parameter for parameter in item["get"].get("parameters", [])}
        for name, parameter in names.items():
            if name in {"starting_after", "ending_before"} or parameter["schema"].get("format") != "uuid":
                continue
            shown = bob_api.get(f"{path.removeprefix('/api/v1')}?{name}={belongings['customers']}")
            if path.endswith(".csv"):
                assert len(shown.content.splitlines()) == 1, path  # the header
            else:
                assert shown.json()["data"] == [], path
            assert bob_api.get(f"{path.removeprefix('/api/v1')}?{name}=x").status_code == 400
            probes += 1
        if "ids" in names and path != "/api/v1/events":
            foreign = belongings[path.split("/")[3]]
            assert bob_api.get(f"{path.removeprefix('/api/v1')}?ids={foreign}").json()["data"] == []
            after = [
                bob_api.get(f"{path.removeprefix('/api/v1')}?starting_after={value}") for value in (foreign, NOBODY)
            ]
            assert [answer.status_code for answer in after] == [400, 400]
            assert after[0].content == after[1].content
            probes += 2
    assert probes >= 12, probes
