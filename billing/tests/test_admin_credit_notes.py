"""Credit notes in the admin: of an invoice in three ways, of the account, issued, sent, applied, refunded, cancelled."""

from __future__ import annotations

from typing import Any

import pytest

from billing.models import CreditNote
from billing.selectors.books import find_damage
from billing.services.credit_notes import Credit, credit_invoice
from billing.tests.admin_cast import a_customer, again, an_invoice, browser, page, told, typed
from businesses.audit import SYSTEM
from messaging.models import Message

LIST = "/admin/billing/creditnote/"
WHO = "owner@alice.test"


@pytest.fixture(autouse=True)
def _books_agree(alice: Any) -> Any:
    yield
    assert list(find_damage(alice)) == []


def asked(what: str = "all", **more: str) -> dict[str, str]:
    """What the page that credits an invoice sends."""
    return {"what": what, "amount": "", "issue_date": "2030-01-01", "notes": "", **more}


def a_note(invoice: Any, status: str = "sent", **credit: Any) -> CreditNote:
    return credit_invoice(invoice, Credit(**credit), status=status, actor=SYSTEM)


# Of an invoice -------------------------------------------------------------------------------------------------------
def test_credits_all_that_is_left_at_once(alice: Any) -> None:
    invoice, client = an_invoice(alice, "sent"), browser(alice)
    assert client.get(page(invoice, "credit")).context["left"] == "$110.00"
    answer = client.post(page(invoice, "credit"), asked(_issue="yes", notes="Wrong company"))
    note = CreditNote.objects.get()
    assert answer["Location"] == page(note, "change")
    assert (note.status, note.total_minor, note.notes, again(invoice).status) == (
        "sent",
        11_000,
        "Wrong company",
        "paid",
    )
    assert told(note) == [("credit_note.created", WHO), ("credit_note.sent", WHO)]
    shown = client.get(page(note, "change"))
    assert invoice.number in shown.content.decode()
    assert shown.context["applied"][0]["amount"] == "$110.00"
    settled = client.get(page(invoice, "change"))
    assert [(one["kind"], one["amount"]) for one in settled.context["settled"]] == [("Credit note", "$110.00")]
    assert not settled.context["may"]["credit"]


def test_credits_units_as_a_draft_and_changes_its_mind(alice: Any) -> None:
    line = {"description": "Work", "quantity": "4", "unit_price": "25"}
    client = browser(alice)
    made = client.post("/admin/billing/invoice/add/", typed(a_customer(alice), line, _issue="1"))
    invoice_page = made["Location"].removesuffix("change/")
    client.post(f"{invoice_page}credit/", asked("lines", **{"units-0": "1.5"}))
    note = CreditNote.objects.get()
    assert (note.status, note.total_minor) == ("draft", 3_750)
    sheet = client.get(page(note, "change"))
    assert sheet.context["may"]["redraw"]
    form = client.get(page(note, "credit")).context["form"]
    assert (form["what"].value(), form["units-0"].value()) == ("lines", "1.5")
    client.post(page(note, "credit"), asked("amount", amount="10", issue_date=str(note.issue_date)))
    assert (again(note).total_minor, note.status) == (1_000, "draft")
    form = client.get(page(note, "credit")).context["form"]
    assert (form["what"].value(), form["amount"].value()) == ("amount", "10.00")
    client.post(page(note, "issue"))
    assert again(note).status == "sent"
    assert client.get(page(note, "credit")).status_code == 404


@pytest.mark.parametrize(
    ("sent", "where", "why"),
    [
        (asked("amount"), "amount", "How much?"),
        (asked("amount", amount="110.01"), "amount", "left to credit"),
        (asked("amount", amount="0"), "amount", "Must be more than 0."),
        (asked("amount", amount="1e9"), "amount", "Expected a number"),
        (asked("lines"), "__all__", "how many units"),
        (asked("lines", **{"units-0": "2"}), "units-0", "at most 1"),
        (asked("lines", **{"units-0": "-1"}), "units-0", "more than 0"),
        (asked("all", issue_date="2020-01-01"), "issue_date", "Must not be before"),
        (asked("all", issue_date=""), "issue_date", "required"),
        (asked("some"), "what", "valid choice"),
    ],
)
def test_says_what_is_wrong_where_it_is(alice: Any, sent: dict[str, str], where: str, why: str) -> None:
    answer = browser(alice).post(page(an_invoice(alice, "sent"), "credit"), sent)
    assert answer.status_code == 400
    assert why in str(answer.context["form"].errors[where])
    assert not CreditNote.objects.exists()


@pytest.mark.parametrize("status", ["draft", "cancelled"])
def test_what_is_not_owed_is_not_credited(alice: Any, status: str) -> None:
    invoice = an_invoice(alice, status)
    answer = browser(alice).post(page(invoice, "credit"), asked())
    assert "invoice cannot be credited." in answer.content.decode()


# Of the account ------------------------------------------------------------------------------------------------------
def test_writes_one_of_the_account_in_the_editor(alice: Any) -> None:
    customer, client = a_customer(alice), browser(alice)
    line = {"description": "Goodwill", "quantity": "1", "unit_price": "75", "tax_rate": "10"}
    assert client.get(f"{LIST}add/?customer={customer.pk}").status_code == 200
    client.post(f"{LIST}add/", typed(customer, line))
    note = CreditNote.objects.get()
    assert (note.number, note.status, note.total_minor) == ("CN-00001", "draft", 8_250)
    preview = client.post(f"{LIST}preview/?row={note.pk}", typed(customer, {**line, "quantity": "2"}, currency="USD"))
    assert preview.json()["totals"][-1]["amount"] == "$165.00"
    client.post(page(note, "change"), typed(customer, {**line, "quantity": "2"}, currency="USD", _issue="1"))
    assert (again(note).status, note.unallocated_minor) == ("sent", 16_500)
    assert client.get(page(note, "change")).context["headline"]["note"] == "$165.00 of it is credit"


def test_its_credit_is_applied_and_refunded(alice: Any) -> None:
    paid = an_invoice(alice, "paid")
    note, open_one, client = a_note(paid), an_invoice(alice, "sent", price="50"), browser(alice)
    assert client.get(page(open_one, "change")).context["offer"]["credit"] == "$110.00"
    client.get(page(open_one, "apply"))
    assert again(open_one).due_minor == 5_500
    client.post(page(open_one, "apply"))
    assert (again(open_one).status, again(note).unallocated_minor) == ("paid", 5_500)
    assert told(note)[-1] == ("credit_note.applied", WHO)
    client.post(page(note, "apply"), {f"share-{open_one.pk}": "50"})
    given = {"amount": "60", "refund_date": str(note.issue_date), "method": "cash", "reference": "", "notes": ""}
    client.post(page(note, "refund"), given)
    assert (again(note).refunded_minor, note.unallocated_minor) == (6_000, 0)
    shown = client.get(page(note, "change"))
    assert not any(shown.context["may"][name] for name in ("refund", "cancel"))
    assert len(shown.context["refunds"]) == 1


def test_there_must_be_credit_to_apply(alice: Any) -> None:
    invoice, client = an_invoice(alice, "sent"), browser(alice)
    assert client.get(page(invoice, "change")).context["offer"] is None
    assert "has no credit in USD." in client.post(page(invoice, "apply")).content.decode()


# Its life ------------------------------------------------------------------------------------------------------------
def test_cancels_after_asking(alice: Any) -> None:
    invoice, client = an_invoice(alice, "sent"), browser(alice)
    note = a_note(invoice)
    client.get(page(note, "cancel"))
    assert again(note).status == "sent"
    client.post(page(note, "cancel"))
    assert (again(note).status, again(invoice).due_minor) == ("cancelled", 11_000)
    assert told(note)[-1] == ("credit_note.cancelled", WHO)


def test_discards_a_draft_and_no_other(alice: Any) -> None:
    client = browser(alice)
    draft, issued = a_note(an_invoice(alice, "sent"), "draft"), a_note(an_invoice(alice, "sent"))
    assert client.post(page(draft, "discard"), {"reason": "Twice"})["Location"] == LIST
    assert again(draft).deleted_reason == "Twice"
    assert "cancel it instead" in client.post(page(issued, "discard"), {"reason": ""}).content.decode()


def test_sends_it_with_its_pdf(alice: Any) -> None:
    note, client = a_note(an_invoice(alice, "sent"), "draft"), browser(alice)
    assert note.number in client.get(page(note, "send")).context["form"].initial["subject"]
    client.post(page(note, "send"), {"to": "ap@acme.test", "cc": "", "subject": "", "message": ""})
    assert (again(note).status, Message.objects.get().kind) == ("sent", "credit_note")
    assert client.get(page(note, "pdf")).content.startswith(b"%PDF")
    changed = client.post(page(note, "texts"), {"notes": "New", "terms": ""})
    assert (changed.status_code, again(note).notes) == (302, "New")


def test_the_list_has_tabs_and_finds(alice: Any) -> None:
    draft, credit = a_note(an_invoice(alice, "sent"), "draft"), a_note(an_invoice(alice, "paid"))
    client = browser(alice)

    def found(query: str) -> set[Any]:
        return set(client.get(f"{LIST}?{query}").context["cl"].result_list)

    assert found("state=draft") == found(f"q={draft.number}") == {draft}
    assert found("state=credit") == found("state=sent") == {credit}
    assert found("q=acme") == {draft, credit}


def test_the_list_asks_as_little_for_many_as_for_few(alice: Any, django_assert_num_queries: Any) -> None:
    client = browser(alice)
    a_note(an_invoice(alice, "sent"))
    with django_assert_num_queries(5):
        client.get(LIST)
    for _ in range(4):
        a_note(an_invoice(alice, "sent"))
    with django_assert_num_queries(5):
        client.get(LIST)


def test_a_creator_prepares_and_a_manager_issues(alice: Any) -> None:
    invoice, client = an_invoice(alice, "sent"), browser(alice, "creator")
    assert client.post(page(invoice, "credit"), asked(_issue="yes")).status_code == 403
    assert not CreditNote.objects.exists()
    client.post(page(invoice, "credit"), asked())
    note = CreditNote.objects.get()
    for name in ("issue", "send", "cancel", "apply", "refund", "texts"):
        assert client.post(page(note, name)).status_code == 403
    viewer = browser(alice, "viewer")
    for row, name in ((invoice, "credit"), (invoice, "apply"), (note, "credit"), (note, "discard")):
        assert viewer.get(page(row, name)).status_code == viewer.post(page(row, name)).status_code == 403
    assert not any(viewer.get(page(note, "change")).context["may"].values())
    assert (again(note).status, note.deleted_at) == ("draft", None)


def test_a_stranger_finds_nothing(alice: Any, bob: Any) -> None:
    invoice = an_invoice(alice, "sent")
    note, client = a_note(invoice), browser(bob)
    for name in ("change", "issue", "send", "texts", "discard", "pdf", "apply", "refund", "credit", "cancel"):
        assert client.get(page(note, name)).status_code == client.post(page(note, name)).status_code == 404
    for name in ("credit", "apply", "write-off", "reverse-write-off"):
        assert client.get(page(invoice, name)).status_code == client.post(page(invoice, name)).status_code == 404
