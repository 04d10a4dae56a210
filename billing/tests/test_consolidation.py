"""POST /customers/{id}/invoices/consolidate."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.models import Invoice
from billing.selectors.books import find_contradictions
from businesses.models import AuditEntry
from invoicing.lib import clock

LINE = {"description": "Work", "quantity": 1, "unit_price": 100, "tax_rate": 10}


@pytest.fixture
def consolidate(api, customer):
    return lambda body=None, **headers: api.post(f"/customers/{customer}/invoices/consolidate", body or {}, **headers)


def sums(*documents):
    return [round(sum(row[name] for row in documents), 2) for name in ("subtotal", "tax_amount", "total")]


def test_one_invoice_takes_the_place_of_the_open_ones(api, alice, customer, make_invoice, consolidate, events):
    today = clock.today(alice.time_zone)
    old = [str(today - timedelta(days=days)) for days in (40, 20)]
    api.patch(f"/customers/{customer}", {"payment_terms": "NET 30"})
    shared = {"status": "sent", "purchase_order": "PO 7", "terms": "Net"}
    late = make_invoice(**shared, issue_date=old[0], due_date=old[1], items=[LINE], notes="a")
    api.patch(f"/invoices/{late['id']}", {"status": "overdue"})
    second = make_invoice(**shared, issue_date=old[1], items=[{**LINE, "description": "More", "unit_price": "0.55"}])
    draft = make_invoice()
    before = len(events())
    answer = consolidate()
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert sums(body) == sums(late, second) == [100.55, 10.06, 110.61]
    assert body == {
        **body,
        "invoice_number": "INV-00004",
        "status": "sent",
        "reference": "Consolidated Invoice",
        "notes": "Replaces INV-00001, INV-00002.",
        "issue_date": str(today),
        "due_date": str(today + timedelta(days=30)),
        "period_start": old[0],
        "period_end": old[1],
        "purchase_order": "PO 7",
        "terms": "Net",
        "amount_due": 110.61,
    }
    assert [line["description"] for line in body["items"]] == ["Work", "More"]
    statuses = [api.get(f"/invoices/{row['id']}").json()["status"] for row in (late, second, draft)]
    assert statuses == ["cancelled", "cancelled", "draft"]
    assert events()[before:] == ["invoice.cancelled"] * 2 + ["invoice.created", "invoice.sent"]
    assert api.get(f"/customers/{customer}/balance").json()["outstanding"] == 110.61
    replaced = AuditEntry.objects.of(alice).get(action="invoice.consolidated").changes
    assert replaced == {"replaces": ["INV-00001", "INV-00002"]}
    assert find_contradictions(alice) == []


def test_what_is_touched_future_foreign_or_no_revenue_stays(api, alice, customer, make_invoice, consolidate):
    today = clock.today(alice.time_zone)
    paid = make_invoice(status="sent")
    api.post(f"/invoices/{paid['id']}/payments", {"amount": 1})
    credited = make_invoice(status="sent")
    api.post("/credit-notes", {"invoice_id": credited["id"], "amount": 1, "status": "sent"})
    given_up = make_invoice(status="sent")
    assert api.post("/write-offs", {"maximum": 1}).status_code in {200, 201}
    opening = make_invoice(status="sent", opening_balance=True)
    future = make_invoice(status="sent", issue_date=str(today + timedelta(days=3)))
    euros = make_invoice(status="sent", currency="EUR")
    kept = [paid, credited, opening, future, euros]
    assert given_up["status"] == "sent"
    made = consolidate({"until": str(today + timedelta(days=9))}).json()
    assert made["notes"] == f"Replaces {given_up['invoice_number']}."
    assert {api.get(f"/invoices/{row['id']}").json()["status"] for row in kept} == {"sent"}
    again = consolidate({"currency": "EUR"}).json()
    assert (again["currency"], again["total"]) == ("EUR", 100)
    assert find_contradictions(alice) == []


def test_until_and_nothing_open(alice, make_invoice, consolidate):
    today = clock.today(alice.time_zone)
    make_invoice(status="sent")
    none = consolidate({"until": str(today - timedelta(days=1))})
    assert (none.status_code, none.json()["code"]) == (409, "nothing_to_consolidate")
    assert consolidate({"currency": "EUR"}).status_code == 409
    assert consolidate({"until": "soon"}).json()["details"][0]["field"] == "until"
    assert consolidate({"cutoff": "2026-01-01"}).json()["details"][0]["field"] == "cutoff"
    assert Invoice.objects.count() == 1


def test_discounts_of_documents_become_those_of_lines(api, alice, make_invoice, consolidate):
    items = [{**LINE, "unit_price": "33.33", "discount_rate": 5}, {**LINE, "unit_price": 10, "tax_rate": 0}, LINE]
    first = make_invoice(status="sent", items=items, discount_type="percentage", discount_value="7.5")
    back = {**LINE, "description": "Taken back", "unit_price": "-20"}
    second = make_invoice(status="sent", items=[LINE, back], discount_type="fixed", discount_value=3)
    plain = make_invoice(status="sent", items=[{**LINE, "discount_rate": "12.5"}])
    body = consolidate().json()
    assert sums(body) == sums(first, second, plain)
    assert body["discount_type"] is None
    assert (body["items"][5]["discount_rate"], body["items"][5]["discount_amount"]) == (12.5, 12.5)
    assert (body["items"][0]["discount_rate"], body["items"][0]["discount_amount"]) == (None, 4.04)
    assert body["items"][6]["description"] == f"Discount of {second['invoice_number']}"
    assert body["items"][6]["amount"] == 0.82  # 0.75 of the discount is the negative line's, and its tax
    assert find_contradictions(alice) == []


def test_a_consolidated_invoice_explains_itself_is_credited_and_consolidated_again(
    api, alice, make_invoice, consolidate
):
    odd = [{**LINE, "unit_price": price} for price in ("0.05", "0.14")]
    old = [make_invoice(status="sent", items=odd) for _ in range(3)]
    assert len(old) == 3
    assert sums(consolidate().json()) == [0.57, 0.06, 0.63]
    make_invoice(status="sent", items=odd)
    body = consolidate().json()
    assert sums(body) == [0.76, 0.08, 0.84]
    steps = api.get(f"/invoices/{body['id']}?explain=true").json()["explanation"]
    assert [step["step"] for step in steps if step["step"].startswith("tax.")] == ["tax.S.10"]
    assert api.get(f"/invoices/{body['id']}/pdf").content.startswith(b"%PDF")
    note = api.post("/credit-notes", {"invoice_id": body["id"], "status": "sent"})
    assert (note.status_code, note.json()["total"]) == (201, body["total"])
    assert api.get(f"/invoices/{body['id']}").json()["amount_due"] == 0
    assert find_contradictions(alice) == []


def test_tax_is_that_of_one_document(alice, make_invoice, consolidate):
    alice.rounding = "line"
    alice.save()
    odd = [{**LINE, "unit_price": "0.05"}] * 3
    lines = make_invoice(status="sent", items=odd)
    alice.rounding = "rate"
    alice.save()
    rate = make_invoice(status="sent", items=odd)
    assert (lines["tax_amount"], rate["tax_amount"]) == (0.03, 0.02)
    assert consolidate().json()["tax_amount"] == 0.03  # 10 % of 0.30, rounded once
    assert find_contradictions(alice) == []


def test_replay_dry_run_and_others(api, bob_api, customer, make_invoice, consolidate):
    make_invoice(status="sent")
    assert bob_api.post(f"/customers/{customer}/invoices/consolidate", {}).status_code == 404
    assert consolidate({}, If_Match="x").status_code == 201
    dry = api.post(f"/customers/{customer}/invoices/consolidate?dry_run=true", {}).json()
    assert (dry["id"], dry["invoice_number"], Invoice.objects.count()) == (None, None, 2)
    first = consolidate({}, Idempotency_Key="k")
    assert consolidate({}, Idempotency_Key="k").content == first.content
    assert Invoice.objects.count() == 3


def test_locked_books_and_holds_refuse_and_nothing_happens(api, alice, customer, make_invoice, consolidate):
    invoice = make_invoice(status="sent")
    api.patch(f"/customers/{customer}", {"credit_hold": True})
    held = consolidate()
    assert (held.status_code, held.json()["code"]) == (409, "credit_hold")
    api.patch(f"/customers/{customer}", {"credit_hold": False, "credit_limit": 100})
    alice.books_locked_until = clock.today(alice.time_zone)
    alice.save()
    assert consolidate().json()["code"] == "books_locked"
    assert api.get(f"/invoices/{invoice['id']}").json()["status"] == "sent"
    alice.books_locked_until = None
    alice.require_approval = True
    alice.save()
    assert consolidate().status_code == 201  # within the limit: what it replaces is not owed any more


_PRICES = st.decimals(Decimal("0.01"), Decimal("99.99"), places=2)
_LINES = st.lists(
    st.fixed_dictionaries(
        {
            "description": st.just("x"),
            "quantity": st.integers(1, 7),
            "unit_price": _PRICES,
            "tax_rate": st.sampled_from([Decimal(0), Decimal("7.7"), Decimal(19)]),
            "discount_rate": st.sampled_from([None, Decimal("3.3")]),
        }
    ),
    min_size=1,
    max_size=4,
)
_DOCUMENTS = st.lists(
    st.tuples(_LINES, st.sampled_from([None, Decimal("2.5"), Decimal("33.3333")]), st.sampled_from(["rate", "line"])),
    min_size=1,
    max_size=4,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(documents=_DOCUMENTS)
def test_whatever_they_were_the_net_stays_to_the_cent(db, documents):
    from conftest import make_api, make_business

    business = make_business("Alice Ltd")
    api = make_api(business)
    customer = api.post("/customers", {"name": "Acme"}).json()["id"]
    old = []
    for lines, discount, rounding in documents:
        business.rounding = rounding
        business.save()
        given_ = {"discount_type": "percentage", "discount_value": discount} if discount else {}
        body = {"customer_id": customer, "items": lines, "status": "sent", **given_}
        answer = api.post("/invoices", body)
        assert answer.status_code == 201, answer.content
        old.append(answer.json())
    total = sums(*(row for row in old if row["status"] == "sent"))
    made = api.post(f"/customers/{customer}/invoices/consolidate", {})
    assert made.status_code == 201, made.content
    assert sums(made.json())[0] == total[0]
    assert find_contradictions(business) == []
