"""A customer of Alice's and the short ways to her documents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from conftest import Api

Make = Callable[..., dict[str, Any]]


@pytest.fixture
def customer(api: Api) -> str:
    """The id of Alice's customer Acme."""
    return str(api.post("/customers", {"name": "Acme Corp", "email": "billing@acme.test"}).json()["id"])


@pytest.fixture
def make_invoice(api: Api, customer: str) -> Make:
    """An invoice of 100.00, or of what is given."""

    def make(**fields: Any) -> dict[str, Any]:
        body = {"customer_id": customer, "items": [{"description": "Work", "quantity": 1, "unit_price": 100}], **fields}
        answer = api.post("/invoices", body)
        assert answer.status_code == 201, answer.content
        return answer.json()

    return make


@pytest.fixture
def events(api: Api) -> Callable[[], list[str]]:
    """The types of all events, oldest first."""
    return lambda: [event["type"] for event in api.get("/events?limit=100").json()["data"]][::-1]
