"""What only tests of CoreBill's format need: a client of it, and how its ids are spelt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client


class CoreBill:
    """A program written for CoreBill: `corebill.post("/customers", {...})`; it names its company on every call."""

    def __init__(self, business: Any, scope: str = "all", spelling: str = "corebill") -> None:
        from businesses.audit import SYSTEM
        from businesses.authentication import create_api_key
        from dialects.corebill import ids

        self.business, self.client = business, Client()
        self.company = ids.spell(ids.COMPANY, business.pk)
        self.key = create_api_key(business, name="t", scope=scope, spelling=spelling, actor=SYSTEM)[1]

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> HttpResponse:
        from invoicing.lib import json

        parameters = {"company_id": self.company, **query}
        text = "&".join(f"{name}={value}" for name, value in parameters.items() if value is not None)
        content = {} if body is None else {"data": json.encode(body), "content_type": "application/json"}
        headers = {"Authorization": f"Bearer {self.key}"}
        return self.client.generic(method, f"/corebill/v1{path}?{text}", headers=headers, **content)

    def get(self, path: str, **query: Any) -> HttpResponse:
        return self.call("GET", path, **query)

    def post(self, path: str, body: Any = None, **query: Any) -> HttpResponse:
        return self.call("POST", path, {} if body is None else body, **query)

    def delete(self, path: str, **query: Any) -> HttpResponse:
        return self.call("DELETE", path, **query)


@pytest.fixture
def corebill(alice: Any) -> CoreBill:
    """Alice's program."""
    return CoreBill(alice)


@pytest.fixture
def bobs(bob: Any) -> CoreBill:
    """Bob's program."""
    return CoreBill(bob)


@pytest.fixture
def acme(corebill: CoreBill) -> Mapping[str, Any]:
    """A customer of Alice's."""
    body = {"name": "Acme Corp", "country": "US", "email": "billing@acme.com"}
    return dict(corebill.post("/customers", body).json())
