"""POST GET PATCH DELETE /quotations, and how they become invoices."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from billing.models import Quotation
from billing.services.quotations import expire_quotation
from billing.tests.test_invoices_api import Events
from conftest import Api
from invoicing.lib import clock


@pytest.fixture
def quote(api: Api, customer: str) -> Any:
    def make(**fields: Any) -> dict[str, Any]:
        body = {"customer_id": customer, "items": [{"description": "Work", "quantity": 1, "unit_price": 100}], **fields}
        answer = api.post("/quotations", body)
        assert answer.status_code == 201, answer.content
        return answer.json()

    return make


def test_the_contracts_example(quote: Any) -> None:
    made = quote(
        valid_until="2100-01-01",
        items=[
            {"description": "Build", "quantity": 1, "unit_price": 5000, "tax_rate": 10},
            {"description": "Care", "quantity": 1, "unit_price": 500, "discount_rate": 20},
        ],
    )
    assert made["quotation_number"] == "QT-00001"
    assert (made["subtotal"], made["tax_amount"], made["total"]) == (5400, 500, 5900)
    assert (made["status"], made["valid_until"]) == ("draft", "2100-01-01")


MOVES = [
    ("draft", "sent", 200),
    ("draft", "accepted", 409),
    ("draft", "rejected", 409),
    ("draft", "converted", 409),
    ("sent", "accepted", 200),
    ("sent", "rejected", 200),
    ("sent", "sent", 200),
    ("sent", "draft", 409),
    ("accepted", "rejected", 409),
    ("accepted", "converted", 409),
    ("rejected", "accepted", 409),
    ("expired", "sent", 409),
]


@pytest.mark.parametrize(("before", "after", "code"), MOVES)
def test_every_move_of_the_table(api: Api, quote: Any, before: str, after: str, code: int) -> None:
    made = quote(status=before, valid_until="2020-01-01" if before == "expired" else None)
    answer = api.patch(f"/quotations/{made['id']}", {"status": after})
    assert answer.status_code == code, answer.content
    assert api.get(f"/quotations/{made['id']}").json()["status"] == (after if code == 200 else before)


@pytest.mark.parametrize("status", ["draft", "sent", "accepted"])
def test_it_converts_exactly_once(api: Api, quote: Any, events: Events, status: str) -> None:
    made = quote(status=status, discount_type="percentage", discount_value=10)
    answer = api.post(f"/quotations/{made['id']}/convert")
    assert answer.status_code == 201, answer.content
    invoice = answer.json()
    assert (invoice["invoice_number"], invoice["total"], invoice["status"]) == ("INV-00001", made["total"], "draft")
    assert events()[-2:] == ["quotation.converted", "invoice.created"]
    again = api.post(f"/quotations/{made['id']}/convert")
    assert (again.status_code, again.json()["code"]) == (409, "already_converted")
    assert again.json()["details"] == [{"field": "invoice_id", "message": invoice["id"]}]
    shown = api.get(f"/quotations/{made['id']}").json()
    assert (shown["status"], shown["invoice_id"]) == ("converted", invoice["id"])


@pytest.mark.parametrize("status", ["rejected", "expired"])
def test_a_dead_one_does_not_convert(api: Api, quote: Any, status: str) -> None:
    answer = api.post(f"/quotations/{quote(status=status, valid_until='2020-01-01')['id']}/convert")
    assert (answer.status_code, answer.json()["details"]) == (409, [])


def test_accept_and_reject(api: Api, quote: Any, events: Events) -> None:
    first, second = quote(status="sent"), quote(status="sent")
    assert api.post(f"/quotations/{first['id']}/accept").json()["status"] == "accepted"
    assert api.post(f"/quotations/{second['id']}/reject").json()["status"] == "rejected"
    assert events()[-2:] == ["quotation.accepted", "quotation.rejected"]


def test_it_expires_by_itself_and_only_then(api: Api, quote: Any, events: Events) -> None:
    with clock.at(datetime(2026, 5, 1, tzinfo=UTC)):
        made = quote(valid_until="2026-05-10", issue_date="2026-05-01")
    row = Quotation.objects.get(uuid=made["id"])
    with clock.at(datetime(2026, 5, 10, 23, 59, tzinfo=UTC)):
        assert not expire_quotation(row.pk)
    with clock.at(datetime(2026, 5, 11, 0, 0, tzinfo=UTC)):
        assert expire_quotation(row.pk)
        assert not expire_quotation(row.pk)
    assert api.get(f"/quotations/{made['id']}").json()["status"] == "expired"
    assert events()[-1] == "quotation.expired"


def test_after_draft_little_may_change(api: Api, quote: Any) -> None:
    made = quote(status="sent")
    assert api.patch(f"/quotations/{made['id']}", {"valid_until": "2100-01-01", "notes": "x"}).status_code == 200
    assert api.patch(f"/quotations/{made['id']}", {"reference": "x"}).status_code == 409
    assert api.delete(f"/quotations/{made['id']}").status_code == 409
    assert api.delete(f"/quotations/{quote()['id']}").status_code == 204


def test_strangers_and_pdf(api: Api, bob_api: Api, quote: Any) -> None:
    made = quote()
    assert bob_api.post(f"/quotations/{made['id']}/convert").status_code == 404
    assert api.get(f"/quotations/{made['id']}/pdf").content.startswith(b"%PDF-")
    assert api.post(f"/quotations/{made['id']}/send").status_code == 202
    assert api.get(f"/quotations/{made['id']}").json()["status"] == "sent"


def test_created_accepted_tells_only_that(quote: Any, events: Events) -> None:
    quote(status="accepted")
    assert events()[1:] == ["quotation.created", "quotation.accepted"]


def test_it_is_not_expired_before_its_day(api: Api, quote: Any) -> None:
    made = quote(status="sent", valid_until="2100-01-01")
    assert api.patch(f"/quotations/{made['id']}", {"status": "expired"}).status_code == 409
    body = {"customer_id": made["customer_id"], "items": [{"description": "x", "quantity": 1, "unit_price": 1}]}
    assert api.post("/quotations", {**body, "status": "expired"}).status_code == 400
