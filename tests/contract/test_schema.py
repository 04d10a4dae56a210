"""The OpenAPI document: valid, reviewed as a snapshot, served without a key, readable offline; and answers keep to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.test import Client
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from conftest import Api
from tests.contract.routes import schema

SNAPSHOT = Path(__file__).parents[2] / "docs" / "openapi.json"


def test_it_is_valid_openapi_3_1() -> None:
    assert schema()["openapi"].startswith("3.1")
    validate(schema())


def test_the_snapshot_is_current() -> None:
    shown = json.loads(json.dumps(schema(), default=str))
    assert json.loads(SNAPSHOT.read_text()) == shown, (
        "run: manage.py spectacular --format openapi-json --file docs/openapi.json"
    )


def test_it_is_served_with_pages_that_need_no_network(db: None) -> None:
    client = Client()
    assert client.get("/api/v1/openapi.json").status_code == 200
    page = client.get("/api/v1/docs")
    assert page.status_code == 200
    assert b"http://" not in page.content.replace(b"http://testserver", b"")
    assert b"https://" not in page.content


def holds(name: str, value: Any) -> None:
    document = {"$ref": f"#/components/schemas/{name}", "components": schema()["components"]}
    document = json.loads(json.dumps(document, default=str))
    errors = [f"{error.json_path}: {error.message}" for error in Draft202012Validator(document).iter_errors(value)]
    assert errors == [], errors
    described = set(document["components"]["schemas"][name]["properties"])
    assert set(value) == described, set(value) ^ described


def test_answers_keep_to_the_schema_key_by_key(api: Api) -> None:
    customer = api.post("/customers", {"name": "Acme", "email": "a@acme.test"}).json()
    holds("CustomerOutput", customer)
    body = {"customer_id": customer["id"], "items": [{"description": "x", "quantity": 1, "unit_price": 5}]}
    made = api.post("/invoices?explain=true", {**body, "status": "sent"}).json()
    holds("InvoiceCreated", made)
    holds("InvoiceOutput", api.get(f"/invoices/{made['id']}?explain=true").json())
    holds("InvoiceLineOutput", made["items"][0])
    holds("PaymentOutput", api.post(f"/invoices/{made['id']}/payments", {"amount": 5}).json())
    quotation = api.post("/quotations?explain=true", body).json()
    holds("QuotationCreated", quotation)
    holds("QuotationOutput", api.get(f"/quotations/{quotation['id']}?explain=true").json())
    credit = {"invoice_id": made["id"], "amount": 2}
    note = api.post("/credit-notes?explain=true", credit).json()
    holds("CreditNoteCreated", note)
    holds("CreditNoteOutput", api.get(f"/credit-notes/{note['id']}?explain=true").json())
    holds("BalanceOutput", api.get(f"/customers/{customer['id']}/balance").json())
    adjustment = {"customer_id": customer["id"], "amount": 1}
    holds("AdjustmentOutput", api.post("/adjustments", adjustment).json())
    holds("TaxRateOutput", api.post("/tax-rates", {"name": "VAT", "rate": 19}).json())
    holds("PendingLineOutput", api.post(f"/customers/{customer['id']}/pending-items", body["items"][0]).json())
    holds("ProductOutput", api.post("/products", {"name": "Hour", "unit_price": 80}).json())
    holds("BusinessOutput", api.get("/business").json())
    holds("KeyOutput", api.get("/me").json())
    refused = api.post("/invoices", {}).json()
    holds("Error", {**refused, "request_id": ""})
