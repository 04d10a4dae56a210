"""The approval of drafts: asked for, given, refused, lost by a change, and wanted before an issue; native API and admin."""

from __future__ import annotations

from typing import Any

import pytest

from billing.models import Invoice
from billing.tests.admin_cast import LIST, again, an_invoice, browser, page, told, typed
from billing.tests.conftest import Make
from businesses.audit import SYSTEM
from businesses.models import AuditEntry, Business, Role
from businesses.permissions import ROLE_TABLE
from businesses.services import update_business
from conftest import Api

ASK, APPROVE, REJECT = "request-approval", "approve", "reject"


@pytest.fixture
def strict(alice: Business) -> Business:
    """Alice, who has her invoices approved."""
    return update_business(alice, changes={"require_approval": True}, actor=SYSTEM)


def state(shown: dict[str, Any]) -> tuple[Any, Any]:
    return shown["approval"], shown["approval_comment"]


def last_event(api: Api) -> dict[str, Any]:
    newest: dict[str, Any] = api.get("/events?limit=1").json()["data"][0]
    return newest


# Native API ------------------------------------------------------------------------------------------------------------
def test_is_asked_for_rejected_asked_for_again_and_given(api: Api, make_invoice: Make, events: Any) -> None:
    made = make_invoice()
    path = f"/invoices/{made['id']}"
    assert state(made) == (None, None)
    asked = api.post(f"{path}/{ASK}")
    assert (asked.status_code, state(asked.json())) == (200, ("pending", None))
    assert asked["ETag"] == api.get(path)["ETag"]
    back = api.post(f"{path}/{REJECT}", {"reason": "Wrong price"})
    assert (back.status_code, state(back.json()), back.json()["status"]) == (200, ("rejected", "Wrong price"), "draft")
    told_back = last_event(api)
    assert (told_back["type"], told_back["previous"]) == (
        "invoice.updated",
        {"approval": "pending", "approval_comment": None},
    )
    assert told_back["data"]["invoice"]["approval"] == "rejected"
    assert state(api.post(f"{path}/{ASK}").json()) == ("pending", None)
    given = api.post(f"{path}/{APPROVE}", {"comment": "Looks good"})
    assert (given.status_code, state(given.json())) == (200, ("approved", "Looks good"))
    assert events() == ["customer.created", "invoice.created", *["invoice.updated"] * 4]
    actions = AuditEntry.objects.filter(subject_id=made["id"]).order_by("pk").values_list("action", flat=True)
    verbs = ["created", "approval_requested", "rejected", "approval_requested", "approved"]
    assert list(actions) == [f"invoice.{verb}" for verb in verbs]


def test_the_same_again_does_nothing(api: Api, make_invoice: Make, events: Any) -> None:
    path = f"/invoices/{make_invoice()['id']}"
    for verb, body in ((ASK, None), (APPROVE, {"comment": "Yes"})):
        first = api.post(f"{path}/{verb}", body).json()
        before = events()
        assert api.post(f"{path}/{verb}", {"comment": "Again"} if body else None).json() == first
        assert events() == before
    other = f"/invoices/{make_invoice()['id']}"
    api.post(f"{other}/{ASK}")
    first = api.post(f"{other}/{REJECT}", {"reason": "No"}).json()
    assert api.post(f"{other}/{REJECT}", {"reason": "Still no"}).json() == first


@pytest.mark.parametrize(
    ("before", "verb", "why"),
    [
        ([], APPROVE, "Nobody has asked for the approval of this invoice."),
        ([], REJECT, "Nobody has asked for the approval of this invoice."),
        ([ASK, APPROVE], ASK, "This invoice is approved already."),
        ([ASK, APPROVE], REJECT, "This invoice is approved, and waits for no approval."),
        ([ASK, REJECT], APPROVE, "This invoice is rejected, and waits for no approval."),
    ],
)
def test_a_move_that_is_not_in_the_table(api: Api, make_invoice: Make, before: list[str], verb: str, why: str) -> None:
    path = f"/invoices/{make_invoice()['id']}"
    bodies = {ASK: None, APPROVE: {}, REJECT: {"reason": "No"}}
    for step in before:
        assert api.post(f"{path}/{step}", bodies[step]).status_code == 200
    answer = api.post(f"{path}/{verb}", bodies[verb])
    assert (answer.status_code, answer.json()["code"], answer.json()["error"]) == (409, "state_does_not_allow", why)


@pytest.mark.parametrize("status", ["sent", "cancelled"])
def test_only_of_a_draft(api: Api, make_invoice: Make, status: str) -> None:
    path = f"/invoices/{make_invoice(status=status)['id']}"
    for verb, body in ((ASK, None), (APPROVE, {}), (REJECT, {"reason": "No"})):
        answer = api.post(f"{path}/{verb}", body)
        assert (answer.status_code, answer.json()["error"]) == (409, f"A {status} invoice needs no approval.")


def test_bodies_are_read_strictly(api: Api, make_invoice: Make) -> None:
    path = f"/invoices/{make_invoice()['id']}"
    api.post(f"{path}/{ASK}")
    wrong: list[tuple[str, Any]] = [
        (REJECT, None),
        (REJECT, {}),
        (REJECT, {"reason": ""}),
        (REJECT, {"reason": "  "}),
        (REJECT, {"reason": "x" * 1001}),
        (REJECT, {"reason": "x", "comment": "y"}),
        (APPROVE, {"comment": "x" * 1001}),
        (APPROVE, {"comments": "x"}),
    ]
    for verb, body in wrong:
        assert api.post(f"{path}/{verb}", body).status_code == 400, (verb, body)
    assert api.post(f"{path}/{REJECT}", {"reason": "x" * 1000}).status_code == 200


def test_strangers_and_keys_that_only_read(api: Api, bob_api: Api, api_with: Any, make_invoice: Make) -> None:
    path = f"/invoices/{make_invoice()['id']}"
    for verb in (ASK, APPROVE, REJECT):
        assert bob_api.post(f"{path}/{verb}", {"reason": "x"}).status_code == 404
        assert api_with("read").post(f"{path}/{verb}", {}).status_code == 403
    assert state(api.get(path).json()) == (None, None)


def test_a_repeated_request_and_a_dry_run(api: Api, make_invoice: Make) -> None:
    path = f"/invoices/{make_invoice()['id']}"
    shown = api.post(f"{path}/{ASK}?dry_run=true")
    assert (shown.json()["approval"], api.get(path).json()["approval"]) == ("pending", None)
    first = api.post(f"{path}/{ASK}", Idempotency_Key="ask")
    api.post(f"{path}/{REJECT}", {"reason": "No"})
    again_ = api.post(f"{path}/{ASK}", Idempotency_Key="ask")
    assert (again_.content, again_["Idempotent-Replayed"]) == (first.content, "true")
    assert api.get(path).json()["approval"] == "rejected"


# Lost by a change --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "change",
    [
        {"notes": "Other"},
        {"due_date": "2030-01-01"},
        {"items": [{"description": "Work", "quantity": 2, "unit_price": 100}]},
        {"items": [{"description": "Other work", "quantity": 1, "unit_price": 100}]},
    ],
)
@pytest.mark.parametrize("verbs", [[ASK], [ASK, APPROVE]])
def test_a_change_takes_it_back(api: Api, make_invoice: Make, verbs: list[str], change: Any) -> None:
    path = f"/invoices/{make_invoice()['id']}"
    for verb in verbs:
        api.post(f"{path}/{verb}", {"comment": "Yes"} if verb == APPROVE else None)
    changed = api.patch(path, change)
    assert (changed.status_code, state(changed.json())) == (200, (None, None))
    expected = {"approval": "approved", "approval_comment": "Yes"} if len(verbs) == 2 else {"approval": "pending"}
    assert last_event(api)["previous"].items() >= expected.items()


def test_what_nobody_looks_at_changes_nothing_of_it(api: Api, make_invoice: Make) -> None:
    path = f"/invoices/{make_invoice()['id']}"
    api.post(f"{path}/{ASK}")
    assert api.patch(path, {"metadata": {"po": "7"}}).json()["approval"] == "pending"
    assert api.patch(path, {"metadata": {"po": "7"}, "notes": None}).json()["approval"] == "pending"
    api.post(f"{path}/{REJECT}", {"reason": "No"})
    assert state(api.patch(path, {"notes": "Better"}).json()) == ("rejected", "No")


# Wanted before an issue ----------------------------------------------------------------------------------------------------
def issue_in_every_way(api: Api, path: str) -> list[Any]:
    return [
        api.patch(path, {"status": "sent"}),
        api.patch(path, {"status": "paid"}),
        api.patch(path, {"status": "overdue"}),
        api.post(f"{path}/send", {}),
    ]


def test_a_draft_that_is_not_approved_cannot_be_issued(api: Api, strict: Business, make_invoice: Make) -> None:
    path = f"/invoices/{make_invoice(issue_date='2026-01-01', due_date='2026-01-02')['id']}"
    for verb, body in ((None, None), (ASK, None), (REJECT, {"reason": "No"})):
        if verb:
            api.post(f"{path}/{verb}", body)
        answers = issue_in_every_way(api, path)
        codes = {(answer.status_code, answer.json()["code"]) for answer in answers}
        assert codes == {(409, "approval_required")}, verb
        assert answers[0].json()["details"][0]["field"] == "approval"
    api.post(f"{path}/{ASK}")
    api.post(f"{path}/{APPROVE}")
    late = api.patch(path, {"notes": "Changed on the way", "status": "sent"})
    assert (late.status_code, late.json()["code"]) == (409, "approval_required")
    assert api.get(path).json()["approval"] == "approved"
    assert api.patch(path, {"status": "sent"}).json()["status"] == "sent"


def test_none_is_born_issued(api: Api, strict: Business, customer: str, events: Any) -> None:
    body = {"customer_id": customer, "items": [{"description": "Work", "quantity": 1, "unit_price": 0}]}
    for status in ("sent", "paid"):
        answer = api.post("/invoices", {**body, "status": status})
        assert (answer.status_code, answer.json()["code"]) == (409, "approval_required")
    assert events() == ["customer.created"]
    assert api.post("/invoices", {**body, "status": "cancelled"}).status_code == 201


def test_a_converted_quotation_is_approved_too(api: Api, strict: Business, customer: str) -> None:
    body = {"customer_id": customer, "items": [{"description": "Work", "quantity": 1, "unit_price": 1}]}
    quotation = api.post("/quotations", body).json()["id"]
    made = api.post(f"/quotations/{quotation}/convert").json()["id"]
    assert api.patch(f"/invoices/{made}", {"status": "sent"}).json()["code"] == "approval_required"


def test_what_is_said_stays_with_the_issued_invoice(api: Api, make_invoice: Make) -> None:
    path = f"/invoices/{make_invoice()['id']}"
    api.post(f"{path}/{ASK}")
    api.post(f"{path}/{APPROVE}", {"comment": "Fine"})
    api.patch(path, {"status": "sent"})
    assert state(api.patch(path, {"notes": "Later"}).json()) == ("approved", "Fine")


# Admin -----------------------------------------------------------------------------------------------------------------------
WHO = {"owner": (True, True), "admin": (True, True), "manager": (True, False), "creator": (True, False)}


def test_the_role_table_names_who_approves() -> None:
    assert ROLE_TABLE["approve"] == {Role.OWNER, Role.ADMIN}


@pytest.mark.parametrize("role", [*WHO, "viewer"])
def test_buttons_and_pages_by_role(strict: Business, role: str) -> None:
    row, client = an_invoice(strict), browser(strict, role)
    asks, approves = WHO.get(role, (False, False))
    shown = client.get(page(row, "change"))
    assert (shown.context["may"]["ask"], shown.context["may"]["approve"]) == (asks, False)
    assert ("Ask for approval" in shown.content.decode()) is asks
    assert client.get(page(row, ASK)).status_code == (200 if asks else 403)
    assert client.post(page(row, ASK)).status_code == (302 if asks else 403)
    Invoice.objects.filter(pk=row.pk).update(approval="pending")
    shown = client.get(page(row, "change"))
    assert "Waits for approval" in shown.content.decode()
    assert (shown.context["may"]["ask"], shown.context["may"]["approve"]) == (False, approves)
    for verb in (APPROVE, REJECT):
        assert client.get(page(row, verb)).status_code == (200 if approves else 403)
    assert client.post(page(row, APPROVE), {"comment": "ok"}).status_code == (302 if approves else 403)
    assert again(row).approval == ("approved" if approves else "pending")


def test_where_approval_is_no_habit_no_draft_speaks_of_it(alice: Business) -> None:
    shown = browser(alice).get(page(an_invoice(alice), "change"))
    assert (shown.context["may"]["ask"], shown.context["may"]["issue"]) == (False, True)
    assert "iv-offer" not in shown.content.decode()


def test_asked_for_sent_back_and_given(alice: Business) -> None:
    row, creator, owner = an_invoice(alice), browser(alice, "creator"), browser(alice)
    creator.post(page(row, ASK))
    assert owner.get(f"{LIST}?state=approval").context["cl"].result_count == 1
    empty = owner.post(page(row, REJECT), {"reason": ""})
    assert (empty.status_code, "Say why." in empty.content.decode()) == (400, True)
    owner.post(page(row, REJECT), {"reason": "Wrong <price>"})
    shown = creator.get(page(row, "change")).content.decode()
    assert "Rejected" in shown
    assert "Wrong &lt;price&gt;" in shown
    creator.post(page(row, ASK))
    owner.post(page(row, APPROVE), {"comment": ""})
    assert (again(row).approval, row.approval_comment) == ("approved", None)
    refused = owner.post(page(row, REJECT), {"reason": "No"})
    assert "waits for no approval" in refused.content.decode()
    assert told(row)[-1] == ("invoice.approved", "owner@alice.test")


def test_a_strangers_pages_are_not_there(alice: Business, bob: Business) -> None:
    row = an_invoice(alice)
    for verb in (ASK, APPROVE, REJECT):
        assert (
            browser(bob, "owner" if verb == ASK else "admin" if verb == APPROVE else "manager")
            .post(page(row, verb))
            .status_code
            == 404
        )


def test_many_at_once(alice: Business) -> None:
    rows, client = [an_invoice(alice), an_invoice(alice), an_invoice(alice, "sent")], browser(alice)
    chosen = {"_selected_action": [row.pk for row in rows], "confirmed": "yes"}
    for action, done in (("ask_approval", "pending"), ("approve", "approved")):
        assert client.post(LIST, {"action": action, **chosen, "confirmed": ""}).status_code == 200
        shown = client.post(LIST, {"action": action, **chosen}, follow=True).content.decode()
        assert "needs no approval" in shown
        assert [again(row).approval for row in rows] == [done, done, None]


def test_what_is_held_cannot_be_issued_from_its_page(strict: Business) -> None:
    row, client = an_invoice(strict), browser(strict)
    assert client.get(f"{LIST}add/").context["may"]["issue"] is False
    held = client.get(page(row, "change"))
    assert (held.context["may"]["issue"], held.context["may"]["send"]) == (False, False)
    refused = client.post(page(row, "issue"))
    assert "approved before they are issued" in refused.content.decode()
    new = typed(row.customer, {"description": "x", "quantity": "1", "unit_price": "1"}, _issue="1")
    assert "approved before they are issued" in client.post(f"{LIST}add/", new).content.decode()
    Invoice.objects.filter(pk=row.pk).update(approval="approved")
    assert client.get(page(row, "change")).context["may"]["issue"] is True
    client.post(page(row, "issue"))
    assert again(row).status == "sent"


def test_the_setting(alice: Business) -> None:
    address = f"/admin/businesses/business/{alice.pk}/change/"
    assert "Invoices are approved before they are issued" in browser(alice).get(address).content.decode()


def test_a_list_of_what_waits(api: Api, make_invoice: Make) -> None:
    waiting, _ = make_invoice(), make_invoice()
    api.post(f"/invoices/{waiting['id']}/request-approval")
    assert [row["id"] for row in api.get("/invoices?approval=pending").json()["data"]] == [waiting["id"]]
    assert api.get("/invoices?approval=approved").json()["data"] == []
    assert api.get("/invoices?approval=nonsense").status_code == 400
