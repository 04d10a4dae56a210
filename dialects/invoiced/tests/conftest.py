"""What only tests of Invoiced's format need: a client that speaks it by hand."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import HttpResponse
from django.test import Client


class Invoiced:
    """A program written for Invoiced: JSON bodies, or with `form` as curl's -d sends them."""

    def __init__(self, business: Any, scope: str = "all") -> None:
        from businesses.audit import SYSTEM
        from businesses.authentication import create_api_key

        self.client = Client()
        self.key = create_api_key(business, name="t", scope=scope, actor=SYSTEM)[1]

    def call(self, method: str, path: str, body: Any = None, *, form: Any = None, **headers: str) -> HttpResponse:
        from invoicing.lib import json

        user = base64.b64encode(f"{self.key}:".encode()).decode()
        content: dict[str, Any] = {}
        if form is not None:
            content = {"data": urlencode(form), "content_type": "application/x-www-form-urlencoded"}
        elif body is not None:
            content = {"data": json.encode(body), "content_type": "application/json"}
        sent = {"Authorization": f"Basic {user}", "Accept": "*/*", **headers}
        return self.client.generic(method, f"/invoiced{path}", headers=sent, **content)

    def get(self, path: str) -> HttpResponse:
        return self.call("GET", path)

    def post(self, path: str, body: Any = None, **more: Any) -> HttpResponse:
        return self.call("POST", path, body if body is not None or more else {}, **more)

    def patch(self, path: str, body: Any = None, **more: Any) -> HttpResponse:
        return self.call("PATCH", path, body, **more)


@pytest.fixture
def invoiced(alice: Any) -> Invoiced:
    """Alice's program; her business is in the United States, as the page's is."""
    alice.country = "US"
    alice.save()
    return Invoiced(alice)


@pytest.fixture
def bobs(bob: Any) -> Invoiced:
    """Bob's program."""
    return Invoiced(bob)
