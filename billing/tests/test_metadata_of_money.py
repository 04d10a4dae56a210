"""A client's own pairs on payments and adjustments: kept, changed, told, found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from billing.selectors.books import find_damage
from businesses.models import AuditEntry, Business
from conftest import Api

BODY = {"amount": 5, "metadata": {"batch": "7"}}


@pytest.mark.parametrize("path", ["/payments", "/adjustments"])
def test_kept_changed_and_found(api: Api, alice: Business, customer: str, path: str) -> None:
    made = api.post(path, {**BODY, "customer_id": customer}).json()
    assert made["metadata"] == {"batch": "7"}
    plain = api.post(path, {"amount": 5, "customer_id": customer}).json()
    assert plain["metadata"] == {}
    changed = api.patch(f"{path}/{made['id']}", {"metadata": {"batch": "8"}})
    assert (changed.status_code, changed.json()["metadata"]) == (200, {"batch": "8"})
    assert api.get(f"{path}/{made['id']}").json() == changed.json()
    found = api.get(f"{path}?metadata[batch]=8").json()["data"]
    assert [row["id"] for row in found] == [made["id"]]
    assert api.get(f"{path}?metadata[batch]=7").json()["data"] == []
    assert list(find_damage(alice)) == []


@pytest.mark.parametrize("path", ["/payments", "/adjustments"])
@pytest.mark.parametrize("metadata", [{"1": "x"}, {"a": 1}, {"a" * 41: "x"}, "x"])
def test_what_it_cannot_be(api: Api, customer: str, path: str, metadata: Any) -> None:
    answer = api.post(path, {"amount": 5, "customer_id": customer, "metadata": metadata})
    assert answer.status_code == 400
    assert answer.json()["details"][0]["field"].startswith("metadata")


def test_a_change_of_a_payment_is_told(api: Api, customer: str) -> None:
    made = api.post("/payments", {**BODY, "customer_id": customer}).json()
    api.patch(f"/payments/{made['id']}", {"metadata": {}})
    event = api.get("/events").json()["data"][0]
    assert (event["type"], event["previous"]) == ("payment.updated", {"metadata": {"batch": "7"}})
    api.patch(f"/payments/{made['id']}", {"metadata": {}})
    assert api.get("/events").json()["data"][0]["id"] == event["id"]


def test_an_invoices_payment_has_them_too(api: Api, make_invoice: Callable[..., Any]) -> None:
    invoice = make_invoice(status="sent")["id"]
    assert api.post(f"/invoices/{invoice}/payments", BODY).json()["metadata"] == {"batch": "7"}


def test_an_adjustment_is_reworded(api: Api, customer: str) -> None:
    made = api.post("/adjustments", {"amount": 5, "customer_id": customer, "reason": "Goodwil"}).json()
    path = f"/adjustments/{made['id']}"
    assert api.patch(path, {"reason": "Goodwill"}).json()["reason"] == "Goodwill"
    assert AuditEntry.objects.latest("pk").action == "adjustment.updated"
    count = AuditEntry.objects.count()
    api.patch(path, {"reason": "Goodwill"})
    assert AuditEntry.objects.count() == count
    assert api.patch(path, {}).status_code == 400
    assert api.patch(path, {"amount": 9}).json()["details"][0]["field"] == "amount"
    stale = api.patch(path, {"reason": "x"}, If_Match='"stale"')
    assert stale.status_code == 412
    first, second = (api.patch(path, {"reason": "y"}, Idempotency_Key="k") for _ in range(2))
    assert first.content == second.content
