"""Every operation × every scope × (no key, wrong, revoked, expired): equals this table; a route without a row fails."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from businesses.audit import SYSTEM
from businesses.authentication import create_api_key, revoke_api_key
from businesses.models import ApiKey
from conftest import Api, make_api
from invoicing.lib import clock
from tests.contract.routes import operations, parameters_of

NOBODY = "0199b2f0-0000-7000-8000-000000000000"
READ, WRITE, WEBHOOKS, ALL = "read", "write", "webhooks", "all"
READS, WRITES = {"all", "read", "write"}, {"all", "write"}
NEEDS: dict[str, set[str]] = {READ: READS, WRITE: WRITES, WEBHOOKS: {"all", "webhooks"}, "any": set(ApiKey.Scope)}
NEEDS["read or webhooks"] = set(ApiKey.Scope)
NEEDS[ALL] = {"all"}

TABLE = {
    "POST /batch": "any",
    "GET /business": "any",
    "GET /me": "any",
    "GET /connections": READ,
    "POST /connections": ALL,
    "DELETE /connections/{provider}": ALL,
    "GET /public-links": READ,
    "DELETE /public-links/{id}": WRITE,
    "GET /customers": READ,
    "POST /customers": WRITE,
    "GET /customers/{customer_id}": READ,
    "PATCH /customers/{customer_id}": WRITE,
    "DELETE /customers/{customer_id}": WRITE,
    "POST /customers/{customer_id}/restore": WRITE,
    "GET /customers/{customer_id}/contacts": READ,
    "POST /customers/{customer_id}/contacts": WRITE,
    "GET /customers/{customer_id}/contacts/{contact_id}": READ,
    "PATCH /customers/{customer_id}/contacts/{contact_id}": WRITE,
    "DELETE /customers/{customer_id}/contacts/{contact_id}": WRITE,
    "GET /customers/{customer_id}/notes": READ,
    "POST /customers/{customer_id}/notes": WRITE,
    "GET /customers/{customer_id}/notes/{note_id}": READ,
    "PATCH /customers/{customer_id}/notes/{note_id}": WRITE,
    "DELETE /customers/{customer_id}/notes/{note_id}": WRITE,
    "GET /customers/{customer_id}/pending-items": READ,
    "POST /customers/{customer_id}/pending-items": WRITE,
    "POST /customers/{customer_id}/pending-items/invoice": WRITE,
    "GET /customers/{customer_id}/pending-items/{item_id}": READ,
    "PATCH /customers/{customer_id}/pending-items/{item_id}": WRITE,
    "DELETE /customers/{customer_id}/pending-items/{item_id}": WRITE,
    "POST /customers/{customer_id}/invoices/consolidate": WRITE,
    "GET /customers/{customer_id}/balance": READ,
    "GET /customers/{customer_id}/statement": READ,
    "GET /customers/{customer_id}/statement.pdf": READ,
    "GET /customers/{customer_id}/statement.csv": READ,
    "POST /customers/{customer_id}/statement/send": WRITE,
    "POST /customers/{customer_id}/statement/text": WRITE,
    "POST /customers/{customer_id}/statement/letter": WRITE,
    "GET /products": READ,
    "POST /products": WRITE,
    "GET /products/{product_id}": READ,
    "PATCH /products/{product_id}": WRITE,
    "DELETE /products/{product_id}": WRITE,
    "GET /tax-rates": READ,
    "POST /tax-rates": WRITE,
    "GET /tax-rates/{id}": READ,
    "PATCH /tax-rates/{id}": WRITE,
    "DELETE /tax-rates/{id}": WRITE,
    "GET /invoices": READ,
    "POST /invoices": WRITE,
    "GET /invoices/{id}": READ,
    "PATCH /invoices/{id}": WRITE,
    "DELETE /invoices/{id}": WRITE,
    "POST /invoices/{id}/payments": WRITE,
    "POST /invoices/{id}/send": WRITE,
    "POST /invoices/{id}/text": WRITE,
    "POST /invoices/{id}/letter": WRITE,
    "GET /invoices/{id}/pdf": READ,
    "POST /invoices/{id}/request-approval": WRITE,
    "POST /invoices/{id}/approve": WRITE,
    "POST /invoices/{id}/reject": WRITE,
    "POST /invoices/{id}/write-off": WRITE,
    "DELETE /invoices/{id}/write-off": WRITE,
    "POST /write-offs": WRITE,
    "GET /payments": READ,
    "POST /payments": WRITE,
    "GET /payments/{id}": READ,
    "PATCH /payments/{id}": WRITE,
    "POST /payments/{id}/void": WRITE,
    "POST /payments/{id}/refund": WRITE,
    "POST /payments/{id}/allocations": WRITE,
    "GET /payments/{id}/pdf": READ,
    "POST /payments/{id}/send": WRITE,
    "GET /adjustments": READ,
    "POST /adjustments": WRITE,
    "GET /adjustments/{id}": READ,
    "PATCH /adjustments/{id}": WRITE,
    "POST /adjustments/{id}/void": WRITE,
    "POST /adjustments/{id}/refund": WRITE,
    "POST /adjustments/{id}/allocations": WRITE,
    "GET /credit-notes": READ,
    "POST /credit-notes": WRITE,
    "GET /credit-notes/{id}": READ,
    "PATCH /credit-notes/{id}": WRITE,
    "DELETE /credit-notes/{id}": WRITE,
    "POST /credit-notes/{id}/send": WRITE,
    "POST /credit-notes/{id}/refund": WRITE,
    "POST /credit-notes/{id}/allocations": WRITE,
    "GET /credit-notes/{id}/pdf": READ,
    "GET /quotations": READ,
    "POST /quotations": WRITE,
    "GET /quotations/{id}": READ,
    "PATCH /quotations/{id}": WRITE,
    "DELETE /quotations/{id}": WRITE,
    "POST /quotations/{id}/accept": WRITE,
    "POST /quotations/{id}/reject": WRITE,
    "POST /quotations/{id}/convert": WRITE,
    "POST /quotations/{id}/send": WRITE,
    "GET /quotations/{id}/pdf": READ,
    "GET /files": READ,
    "POST /files": WRITE,
    "GET /files/{id}": READ,
    "GET /files/{id}/content": READ,
    "DELETE /files/{id}": WRITE,
    "GET /invoices/{id}/attachments": READ,
    "POST /invoices/{id}/attachments": WRITE,
    "DELETE /invoices/{id}/attachments/{attachment_id}": WRITE,
    "GET /quotations/{id}/attachments": READ,
    "POST /quotations/{id}/attachments": WRITE,
    "DELETE /quotations/{id}/attachments/{attachment_id}": WRITE,
    "GET /credit-notes/{id}/attachments": READ,
    "POST /credit-notes/{id}/attachments": WRITE,
    "DELETE /credit-notes/{id}/attachments/{attachment_id}": WRITE,
    "GET /statement-runs": READ,
    "POST /statement-runs": WRITE,
    "GET /statement-runs/{id}": READ,
    "GET /statement-runs/{id}/outcomes": READ,
    "GET /reports/ageing": READ,
    "GET /reports/ageing.csv": READ,
    "GET /reports/revenue": READ,
    "GET /reports/revenue.csv": READ,
    "GET /reports/taxes": READ,
    "GET /reports/taxes.csv": READ,
    "GET /reports/numbering": READ,
    "GET /reports/numbering.csv": READ,
    "GET /events": "read or webhooks",
    "GET /events/{id}": "read or webhooks",
    "GET /webhooks": WEBHOOKS,
    "POST /webhooks": WEBHOOKS,
    "GET /webhooks/{id}": WEBHOOKS,
    "PATCH /webhooks/{id}": WEBHOOKS,
    "DELETE /webhooks/{id}": WEBHOOKS,
    "POST /webhooks/{id}/enable": WEBHOOKS,
    "POST /webhooks/{id}/test": WEBHOOKS,
    "GET /webhooks/{id}/deliveries": WEBHOOKS,
    "GET /webhooks/{id}/deliveries/{delivery_id}": WEBHOOKS,
    "POST /webhooks/{id}/deliveries/{delivery_id}/retry": WEBHOOKS,
    "POST /webhooks/{id}/deliveries/{delivery_id}/skip": WEBHOOKS,
    "POST /webhooks/{id}/disable": WEBHOOKS,
    "GET /webhooks/{id}/health": WEBHOOKS,
    "POST /webhooks/{id}/rotate-secret": WEBHOOKS,
    "POST /webhooks/{id}/recover": WEBHOOKS,
    "GET /webhooks/{id}/replays": WEBHOOKS,
    "POST /webhooks/{id}/replays": WEBHOOKS,
    "GET /webhooks/{id}/replays/{replay_id}": WEBHOOKS,
}


def call(api: Api, operation: str) -> Any:
    method, path = operation.split(" ")
    for name in parameters_of(path):
        path = path.replace(f"{{{name}}}", NOBODY)
    return api.call(method, path, {} if method in {"POST", "PATCH"} else None)


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    assert set(TABLE) == set(operations())


@pytest.mark.parametrize("scope", ApiKey.Scope.values)
def test_a_scope_covers_what_the_table_says(alice: Any, scope: str) -> None:
    api = make_api(alice, scope)
    for operation, needs in TABLE.items():
        answer = call(api, operation)
        if scope in NEEDS[needs]:
            assert answer.status_code not in {401, 403, 500}, (operation, answer.content)
        else:
            assert answer.status_code == 403, (operation, answer.content)
            assert answer.json()["code"] == "forbidden"


def bad_keys(business: Any) -> dict[str, Api]:
    revoked, secret = create_api_key(business, name="revoked", scope="all", actor=SYSTEM)
    revoke_api_key(revoked, actor=SYSTEM)
    past = clock.now() - timedelta(seconds=1)
    _, expired = create_api_key(business, name="expired", scope="all", expires_at=past, actor=SYSTEM)
    return {
        "none": Api(None),
        "malformed": Api("oim_123"),
        "unknown": Api("oim_" + "0" * 64),
        "revoked": Api(secret),
        "expired": Api(expired),
    }


def test_without_a_live_key_nothing_opens(alice: Any) -> None:
    for name, api in bad_keys(alice).items():
        for operation in TABLE:
            answer = call(api, operation)
            assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer"), (name, operation)
            assert isinstance(answer.json()["error"], str)


def test_a_method_that_is_not_there(api: Api) -> None:
    assert api.call("PUT", "/invoices").status_code == 405
    assert api.delete("/invoices").status_code == 405
    assert api.get("/nothing-here").status_code == 404
