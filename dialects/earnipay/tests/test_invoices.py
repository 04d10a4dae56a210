"""/earnipay/v1/invoices: one status of our two, the approval, the days, and what is only kept."""

from __future__ import annotations

from typing import Any

import pytest

from billing.models import Invoice
from businesses.audit import SYSTEM
from businesses.models import Business
from businesses.services import update_business
from conftest import Api
from dialects.earnipay.tests.conftest import Earnipay, refusal

NOBODY = "0199b2f0-0000-7000-8000-000000000000"
LINE = {"description": "Bags of sugar", "quantity": 10, "unitPrice": 30000, "taxPercent": 7.5}


@pytest.fixture
def body(business: str, customer: str) -> dict[str, Any]:
    """What makes an invoice."""
    return {"businessId": business, "customerId": customer, "issueDate": "2025-10-25T00:00:00.000Z", "items": [LINE]}


@pytest.fixture
def strict(alice: Business) -> Business:
    """Alice, who has her invoices approved."""
    return update_business(alice, changes={"require_approval": True}, actor=SYSTEM)


def make(program: Earnipay, body: dict[str, Any], **fields: Any) -> dict[str, Any]:
    answer = program.post("/invoices", {**body, **fields})
    assert answer.status_code == 201, answer.content
    assert answer.json()["message"] == "Invoice created successfully."
    data: dict[str, Any] = answer.json()["data"]
    return data


# Create ----------------------------------------------------------------------------------------------------------------
def test_everything_that_the_specification_names(program: Earnipay, api: Api, body: dict[str, Any]) -> None:
    kept = {"paymentMethod": "Bank Transfer", "paymentDetails": '{"bankName":"Access Bank"}', "internalNotes": "Rush"}
    line = {**LINE, "discount": 1000, "productCode": "PROD-001", "unit": "bags"}
    given = {"paymentTerms": "Within 7 days", "notes": "Thank you", **kept, "invoiceType": "STANDARD"}
    made = make(program, body, dueDate="2025-11-01T00:00:00.000Z", items=[line], **given)
    shown = program.data(f"/invoices/{made['id']}")
    assert shown == made
    assert {name: shown[name] for name in given} == given
    assert (shown["issueDate"], shown["dueDate"]) == ("2025-10-25T00:00:00.000Z", "2025-11-01T00:00:00.000Z")
    assert (shown["status"], shown["irn"], shown["invoiceNumber"]) == ("DRAFT", None, "INV-00001")
    amounts = [shown[name] for name in ("subtotal", "discountAmount", "taxAmount", "total", "amountDue")]
    assert amounts == [299000, 1000, 22425, 321425, 0]
    one = shown["items"][0]
    assert {name: one[name] for name in line} == line
    assert (one["taxAmount"], one["total"]) == (22425, 321425)
    native = api.get(f"/invoices/{made['id']}").json()
    assert (native["terms"], native["notes"], native["status"], native["total"]) == (
        "Within 7 days",
        "Thank you",
        "draft",
        321425,
    )
    assert Invoice.objects.get().extra == {"earnipay": kept}


def test_the_unit_and_the_business_in_the_query(program: Earnipay, body: dict[str, Any], business: str) -> None:
    del body["businessId"]
    made = program.post(f"/invoices?businessId=biz_{business}", {**body, "customerId": f"cus_{body['customerId']}"})
    assert (made.status_code, made.json()["data"]["items"][0]["unit"]) == (201, "unit")


@pytest.mark.parametrize(
    ("zone", "given", "day"),
    [
        ("Africa/Lagos", "2025-10-25", "2025-10-25"),
        ("Africa/Lagos", "2025-10-25T00:00:00.000Z", "2025-10-25"),
        ("America/New_York", "2025-10-25T00:00:00.000Z", "2025-10-25"),
        ("Africa/Lagos", "2025-10-24T23:00:00.000Z", "2025-10-25"),
        ("Africa/Lagos", "2025-10-25T00:00:00+01:00", "2025-10-25"),
        ("America/New_York", "2025-10-25T00:00Z", "2025-10-25"),
        ("America/New_York", "2025-10-25T00:00:01Z", "2025-10-24"),
        ("UTC", "2025-10-25T23:59:59Z", "2025-10-25"),
    ],
)
def test_days(program: Earnipay, alice: Business, body: dict[str, Any], zone: str, given: str, day: str) -> None:
    update_business(alice, changes={"time_zone": zone}, actor=SYSTEM)
    made = make(program, body, issueDate=given, dueDate=given)
    assert (made["issueDate"], made["dueDate"]) == (f"{day}T00:00:00.000Z", f"{day}T00:00:00.000Z")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"customerId": NOBODY}, "customerId: No such row."),
        ({"customerId": "x"}, "customerId: Expected an id."),
        ({"customerId": None}, "customerId: This field may not be null."),
        ({"issueDate": "soon"}, "issueDate: Expected an ISO 8601 time such as 2026-04-01T10:00:00.000Z."),
        ({"issueDate": "2025-02-30"}, "issueDate: Expected an ISO 8601 time such as 2026-04-01T10:00:00.000Z."),
        ({"issueDate": 7}, "issueDate: Expected a date such as 2026-04-01T00:00:00.000Z."),
        ({"issueDate": ""}, "issueDate: This field is required."),
        ({"issueDate": "0001-01-01T00:00:00Z"}, "issueDate: Expected a year from 1900 to 9000."),
        ({"items": []}, "items: This list may not be empty."),
        ({"items": [{**LINE, "quantity": 0}]}, "items.0.quantity: Ensure this value is greater than or equal to 0.01."),
        ({"items": [{**LINE, "unitPrice": -1}]}, "items.0.unitPrice: Must not be less than 0."),
        ({"items": [{**LINE, "taxPercent": 101}]}, "items.0.taxPercent: At most 100."),
        (
            {"items": [{"description": "x", "quantity": 1, "unitPrice": 1}]},
            "items.0.taxPercent: This field is required.",
        ),
        ({"items": [{**LINE, "discount": 0.001}]}, "items.0.discount: At most 2 decimals in USD."),
    ],
)
def test_what_is_wrong(program: Earnipay, body: dict[str, Any], fields: Any, message: str) -> None:
    assert refusal(program.post("/invoices", {**body, **fields})) == (400, message)
    assert not Invoice.objects.exists()


@pytest.mark.parametrize(
    "fields", [{"invoiceType": "PROFORMA"}, {"invoiceType": "CREDIT_NOTE"}, {"paymentDetailId": NOBODY}]
)
def test_what_is_not_built_is_said(program: Earnipay, body: dict[str, Any], fields: Any) -> None:
    status, message = refusal(program.post("/invoices", {**body, **fields}))
    assert (status, "is not built yet on this server." in message) == (501, True)
    assert not Invoice.objects.exists()


def test_a_dry_run(program: Earnipay, body: dict[str, Any]) -> None:
    shown = program.post("/invoices?dry_run=true", body).json()["data"]
    assert (shown["id"], shown["invoiceNumber"], shown["items"][0]["id"]) == (None, None, None)
    assert not Invoice.objects.exists()


def test_a_credit_hold_is_a_bad_request(program: Earnipay, api: Api, body: dict[str, Any], customer: str) -> None:
    api.patch(f"/customers/{customer}", {"credit_hold": True})
    status, message = refusal(program.post("/invoices", body))
    assert (status, "credit hold" in message) == (400, True)


# Approval --------------------------------------------------------------------------------------------------------------
def test_waits_is_rejected_waits_again_and_is_approved(
    program: Earnipay, api: Api, strict: Business, body: dict[str, Any]
) -> None:
    made = make(program, body)
    path = f"/invoices/{made['id']}"
    assert made["status"] == "PENDING_APPROVAL"
    assert refusal(program.patch(path, {"notes": "x"})) == (
        400,
        "Only DRAFT invoices can be updated; this one is PENDING_APPROVAL.",
    )
    assert refusal(program.post(f"{path}/reject", {})) == (400, "reason: This field is required.")
    rejected = program.post(f"{path}/reject?businessId={strict.uuid}", {"reason": "Price", "comments": "Line 2"}).json()
    assert (rejected["message"], rejected["data"]["status"]) == ("Invoice rejected successfully.", "DRAFT")
    assert rejected["data"]["approvalComment"] == "Price\nLine 2"
    assert refusal(program.post(f"{path}/approve", {}))[1] == (
        "The invoice is not in PENDING_APPROVAL status; it is DRAFT."
    )
    mended = program.patch(path, {"items": [{**LINE, "unitPrice": 1}]}).json()["data"]
    assert (mended["status"], mended["approvalComment"]) == ("PENDING_APPROVAL", None)
    approved = program.post(f"{path}/approve", {"comments": "Looks good"})
    assert (approved.status_code, approved.json()["data"]["status"]) == (200, "APPROVED")
    assert approved.json()["data"]["approvalComment"] == "Looks good"
    for answer in (program.delete(path), program.patch(path, {}), program.post(f"{path}/reject", {"reason": "x"})):
        assert refusal(answer)[0] == 400
    assert api.get(path).json()["approval"] == "approved"
    assert api.patch(path, {"status": "sent"}).status_code == 200
    assert program.data(path)["status"] == "PENDING"


def test_a_draft_that_nobody_wants_approved(program: Earnipay, body: dict[str, Any]) -> None:
    path = f"/invoices/{make(program, body)['id']}"
    for verb, sent in (("approve", {}), ("reject", {"reason": "x"})):
        assert refusal(program.post(f"{path}/{verb}", sent))[0] == 400


# Change and cancel -------------------------------------------------------------------------------------------------------
def test_a_draft_changes(program: Earnipay, business: str, body: dict[str, Any]) -> None:
    other = program.post("/customers", {"businessId": business, "name": "Other"}).json()["data"]["id"]
    made = make(program, body, paymentMethod="Cash", internalNotes="Kept")
    path = f"/invoices/{made['id']}"
    change = {"customerId": other, "issueDate": "2025-12-01", "dueDate": "2025-12-31", "paymentMethod": "Other"}
    after = program.patch(path, {**change, "notes": "New", "number": "ignored"}).json()
    assert (after["statusCode"], after["message"]) == (200, "Invoice updated successfully.")
    shown = after["data"]
    assert (shown["customerId"], shown["issueDate"][:10], shown["dueDate"][:10]) == (other, "2025-12-01", "2025-12-31")
    assert (shown["paymentMethod"], shown["internalNotes"], shown["notes"]) == ("Other", "Kept", "New")
    assert (shown["items"], shown["total"]) == (made["items"], made["total"])
    assert program.patch(path, {"dueDate": None}).json()["data"]["dueDate"] is None
    assert refusal(program.patch(path, {"customerId": NOBODY})) == (400, "customerId: No such row.")
    assert refusal(program.patch(path, {"items": []}))[0] == 400


def test_what_is_only_kept_is_no_news_to_webhooks(program: Earnipay, api: Api, body: dict[str, Any]) -> None:
    made = make(program, body)
    program.patch(f"/invoices/{made['id']}", {"internalNotes": "Psst"})
    event = api.get("/events?limit=1").json()["data"][0]
    assert (event["type"], event["previous"]) == ("invoice.updated", {})
    assert "Psst" not in str(event)


@pytest.mark.parametrize("status", ["sent", "paid"])
def test_an_issued_one_neither_changes_nor_goes(program: Earnipay, api: Api, body: dict[str, Any], status: str) -> None:
    path = f"/invoices/{make(program, body)['id']}"
    api.patch(path, {"status": status})
    theirs = {"sent": "PENDING", "paid": "PAID"}[status]
    assert program.data(path)["status"] == theirs
    assert refusal(program.patch(path, {"notes": "x"}))[0] == 400
    assert refusal(program.delete(path)) == (400, f"An invoice that is {theirs} cannot be cancelled.")


def test_a_cancelled_one_stays(program: Earnipay, strict: Business, body: dict[str, Any]) -> None:
    path = f"/invoices/{make(program, body)['id']}"
    for _ in range(2):
        gone = program.delete(path)
        assert gone.json() == {"statusCode": 200, "message": "Invoice cancelled successfully."}
    assert program.data(path)["status"] == "CANCELLED"
    assert refusal(program.patch(path, {"notes": "x"}))[0] == 400


# Read ------------------------------------------------------------------------------------------------------------------
def test_lists_by_status(program: Earnipay, api: Api, body: dict[str, Any], business: str) -> None:
    made = {}
    for status in ("DRAFT", "PENDING_APPROVAL", "APPROVED", "PENDING", "PAID", "CANCELLED"):
        made[status] = make(program, body, issueDate="2026-01-01")["id"]
    for status in ("PENDING_APPROVAL", "APPROVED"):
        api.post(f"/invoices/{made[status]}/request-approval")
    api.post(f"/invoices/{made['APPROVED']}/approve", {})
    for status, ours in (("PENDING", "sent"), ("PAID", "paid"), ("CANCELLED", "cancelled")):
        api.patch(f"/invoices/{made[status]}", {"status": ours})
    for status, identifier in made.items():
        found = program.data(f"/invoices?businessId={business}&status={status}")["items"]
        assert [(one["id"], one["status"]) for one in found] == [(identifier, status)]
    for status in ("SUBMITTED", "FIRS_APPROVED", "FIRS_REJECTED"):
        assert program.data(f"/invoices?businessId={business}&status={status}")["items"] == []
    assert refusal(program.get(f"/invoices?businessId={business}&status=sent"))[0] == 400


def test_other_filters_and_orders(program: Earnipay, body: dict[str, Any], business: str, customer: str) -> None:
    days = ("2026-01-01", "2026-01-02", "2026-01-03")
    for price, day in zip((2, 3, 1), days, strict=True):
        make(program, body, issueDate=day, items=[{**LINE, "unitPrice": price}], dueDate=f"2026-02-0{price}")

    def listed(query: str) -> list[str]:
        return [one["issueDate"][8:10] for one in program.data(f"/invoices?businessId={business}&{query}")["items"]]

    assert listed("") == ["03", "02", "01"]
    assert listed("sortBy=total") == ["02", "01", "03"]
    assert listed("sortBy=dueDate&sortOrder=asc") == ["03", "01", "02"]
    assert listed("sortBy=irn&sortOrder=asc") == ["01", "02", "03"]
    assert listed("dateFrom=2026-01-02") == ["03", "02"]
    assert listed("dateTo=2026-01-02T00:00:00.000Z&startDate=2026-01-02T10:00:00Z") == ["02"]
    assert listed("search=INV-00002") == ["02"]
    assert listed("search=delt") == ["03", "02", "01"]
    assert listed(f"customerId=cus_{customer}&limit=1") == ["03"]
    assert listed(f"customerId={NOBODY}") == []
    assert listed("invoiceType=STANDARD") == ["03", "02", "01"]
    assert listed("invoiceType=PROFORMA") == []
    for query in ("dateFrom=x", "customerId=x", "invoiceType=x", "sortBy=notes", "dateTo=2026-02-30"):
        assert refusal(program.get(f"/invoices?businessId={business}&{query}"))[0] == 400


def test_the_pdf(program: Earnipay, body: dict[str, Any]) -> None:
    made = make(program, body)
    answer = program.get(f"/invoices/{made['id']}/pdf")
    assert (answer.status_code, answer["Content-Type"], answer.content[:5]) == (200, "application/pdf", b"%PDF-")
    assert answer["Content-Disposition"] == 'attachment; filename="invoice-INV-00001.pdf"'
    assert program.get(f"/invoices/{made['id']}/pdf", If_None_Match=answer["ETag"]).status_code == 304
    assert refusal(program.get(f"/invoices/{NOBODY}/pdf")) == (404, "Invoice not found")
