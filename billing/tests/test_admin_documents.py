"""What members do with documents in the admin: every action by its service, told with the member's name, within the role."""

from __future__ import annotations

import io
import zipfile
from decimal import Decimal
from typing import Any

import pytest

from billing.models import Invoice, Payment, Quotation, Revision
from billing.services.lines import LineDraft
from billing.services.quotations import create_quotation
from billing.tests.admin_cast import LIST, a_customer, an_invoice, browser, told
from businesses.audit import SYSTEM
from messaging.models import Message

WHO = "owner@alice.test"


def page(row: Any, name: str) -> str:
    return f"/admin/billing/{row.noun}/{row.pk}/{name}/"


def test_issues_after_asking(alice: Any) -> None:
    draft, client = an_invoice(alice), browser(alice)
    assert client.get(page(draft, "issue")).status_code == 200
    draft.refresh_from_db()
    assert draft.status == "draft"
    assert client.post(page(draft, "issue")).status_code == 302
    draft.refresh_from_db()
    assert draft.status == "sent"
    assert told(draft)[-1] == ("invoice.sent", WHO)


def test_issues_and_sends_to_whom_is_typed(alice: Any) -> None:
    draft, client = an_invoice(alice), browser(alice)
    form = client.get(page(draft, "send")).context["form"]
    assert form.initial["to"] == "ap@acme.test"
    assert draft.number in form.initial["subject"]
    letter = {"to": "a@acme.test, b@acme.test", "cc": "", "subject": "Hi", "message": "Due: {amount_due}"}
    assert client.post(page(draft, "send"), letter).status_code == 302
    mail = Message.objects.get()
    draft.refresh_from_db()
    assert (mail.to, mail.subject, draft.status) == (["a@acme.test", "b@acme.test"], "Hi", "sent")
    assert "Due: $110.00" in mail.body_text
    assert told(draft)[-2:] == [("invoice.sent", WHO), ("invoice.mailed", WHO)]


def test_an_address_that_is_none_is_refused_and_nothing_is_issued(alice: Any) -> None:
    draft = an_invoice(alice)
    response = browser(alice).post(page(draft, "send"), {"to": "nobody", "subject": "x", "message": "y"})
    draft.refresh_from_db()
    assert "not an e-mail address" in str(response.context["form"].errors["to"])
    assert draft.status == "draft"
    assert not Message.objects.exists()


def test_records_a_payment_of_part_and_then_of_the_rest(alice: Any) -> None:
    row, client = an_invoice(alice, "sent"), browser(alice)
    assert client.get(page(row, "pay")).context["form"]["amount"].value() == "110.00"
    paid = {"payment_date": "2026-03-02", "method": "cash", "amount": "10.5"}
    assert client.post(page(row, "pay"), paid).status_code == 302
    row.refresh_from_db()
    assert (row.due_minor, row.status) == (9950, "sent")
    too_much = client.post(page(row, "pay"), {**paid, "amount": "99.51"})
    assert "More than the amount due." in str(too_much.context["form"].errors["amount"])
    client.post(page(row, "pay"), {**paid, "amount": "99.50"})
    row.refresh_from_db()
    assert row.status == "paid"
    assert told(row)[-1] == ("invoice.paid", WHO)
    assert [told(payment) for payment in Payment.objects.all()] == [[("payment.created", WHO)]] * 2


def test_cancels_after_asking(alice: Any) -> None:
    row, client = an_invoice(alice, "sent"), browser(alice)
    client.get(page(row, "cancel"))
    assert Invoice.objects.get().status == "sent"
    client.post(page(row, "cancel"))
    assert Invoice.objects.get().status == "cancelled"
    assert told(row)[-1] == ("invoice.cancelled", WHO)


def test_changes_texts_of_an_issued_invoice_and_makes_a_revision(alice: Any) -> None:
    row = an_invoice(alice, "sent")
    sent = {"notes": "New", "terms": "", "due_date": "2030-01-01"}
    assert browser(alice).post(page(row, "texts"), sent).status_code == 302
    row.refresh_from_db()
    assert (row.notes, str(row.due_date), Revision.objects.count()) == ("New", "2030-01-01", 2)


def test_deletes_a_draft_with_the_reason_and_no_other(alice: Any) -> None:
    draft, issued, client = an_invoice(alice), an_invoice(alice, "sent"), browser(alice)
    assert client.post(page(draft, "discard"), {"reason": "Twice"})["Location"] == LIST
    draft.refresh_from_db()
    assert draft.deleted_at is not None
    assert draft.deleted_reason == "Twice"
    assert client.get(page(draft, "change")).status_code == 404
    refused = client.post(page(issued, "delete"))
    assert "cancel it instead" in refused.content.decode()


@pytest.mark.parametrize("name", ["issue", "send", "pay", "cancel", "texts"])
def test_a_creator_may_do_none_of_these(alice: Any, name: str) -> None:
    row, client = an_invoice(alice, "draft" if name == "issue" else "sent"), browser(alice, "creator")
    assert client.get(page(row, name)).status_code == client.post(page(row, name)).status_code == 403
    assert len(told(row)) <= 2
    assert not Message.objects.exists()
    assert not Payment.objects.exists()


def test_a_stranger_finds_nothing(alice: Any, bob: Any) -> None:
    row, client = an_invoice(alice, "sent"), browser(bob)
    for name in ("change", "issue", "send", "pay", "cancel", "texts", "discard", "pdf", "delete"):
        assert client.get(page(row, name)).status_code == client.post(page(row, name)).status_code == 404
    assert client.post(f"{LIST}preview/?row={row.pk}").status_code == 404


# Many at once ------------------------------------------------------------------------------------------------------------
def many(client: Any, action: str, *rows: Any, confirmed: str = "yes") -> Any:
    data = {"action": action, "_selected_action": [row.pk for row in rows], "confirmed": confirmed, "index": "0"}
    return client.post(LIST, data, follow=True)


def test_issues_the_chosen_and_says_what_was_refused(alice: Any) -> None:
    one, two, client = an_invoice(alice), an_invoice(alice, "paid"), browser(alice)
    asked = many(client, "issue", one, two, confirmed="")
    assert "Issue 2 invoices?" in asked.content.decode()
    assert Invoice.objects.filter(status="draft").exists()
    answer = many(client, "issue", one, two).content.decode()
    one.refresh_from_db()
    assert one.status == "sent"
    assert f"{two.number}: A paid invoice cannot become sent." in answer


def test_sends_and_cancels_the_chosen(alice: Any) -> None:
    rows, client = [an_invoice(alice), an_invoice(alice)], browser(alice)
    many(client, "issue_and_send", *rows)
    assert Message.objects.count() == 2
    many(client, "cancel", *rows)
    assert {row.status for row in Invoice.objects.all()} == {"cancelled"}


def test_a_creators_list_has_no_such_actions(alice: Any) -> None:
    row = an_invoice(alice)
    many(browser(alice, "creator"), "issue", row)
    row.refresh_from_db()
    assert row.status == "draft"


def test_downloads_one_pdf_and_many_as_zip(alice: Any) -> None:
    rows, client = [an_invoice(alice, "sent"), an_invoice(alice)], browser(alice)
    one = client.get(page(rows[0], "pdf"))
    assert one.content.startswith(b"%PDF")
    assert 'attachment; filename="INV-00001.pdf"' in one["Content-Disposition"]
    assert client.get(page(rows[0], "pdf") + "?revision=1").content == one.content
    assert client.get(page(rows[0], "pdf") + "?revision=2").status_code == 404
    answer = client.post(LIST, {"action": "download", "_selected_action": [row.pk for row in rows]})
    with zipfile.ZipFile(io.BytesIO(answer.getvalue())) as bundle:
        assert bundle.namelist() == ["INV-00001.pdf", "INV-00002.pdf"]
        assert bundle.read("INV-00001.pdf") == one.content
        assert bundle.testzip() is None


def test_the_list_finds_by_number_and_by_customer_and_by_tab(alice: Any) -> None:
    an_invoice(alice, "sent", customer=a_customer(alice, name="Größe AG"), due_date=None)
    an_invoice(alice, customer=a_customer(alice, name="Other"))
    client = browser(alice)

    def found(query: str) -> list[str]:
        return [row.number for row in client.get(f"{LIST}?{query}").context["cl"].result_list]

    assert found("q=grosse") == found("q=00001") == found("state=open") == ["INV-00001"]
    assert found("state=draft") == ["INV-00002"]
    assert found("state=late") == []
    assert found("") == ["INV-00002", "INV-00001"]
    tabs = client.get(f"{LIST}?q=x&p=1&state=draft").context["tabs"]
    assert [tab["title"] for tab in tabs if tab["active"]] == ["Drafts"]
    assert tabs[0]["link"] == "?q=x"


def test_the_list_asks_as_little_for_many_as_for_few(alice: Any, django_assert_num_queries: Any) -> None:
    client = browser(alice)
    an_invoice(alice)
    with django_assert_num_queries(5):
        client.get(LIST)
    for _ in range(5):
        an_invoice(alice)
    with django_assert_num_queries(5):
        client.get(LIST)


# Quotations --------------------------------------------------------------------------------------------------------------
def a_quotation(business: Any, status: str = "draft") -> Quotation:
    lines = [LineDraft(description="Work", quantity=Decimal(1), unit_price=Decimal(100))]
    return create_quotation(business, customer=a_customer(business), lines=lines, status=status, actor=SYSTEM)


def test_a_quotation_is_sent_accepted_and_becomes_one_invoice(alice: Any) -> None:
    row, client = a_quotation(alice), browser(alice)
    client.post(page(row, "send"), {"to": "ap@acme.test", "subject": "", "message": ""})
    assert client.get(page(row, "change")).status_code == 200
    client.post(page(row, "accept"))
    made = client.post(page(row, "convert"))
    invoice = Invoice.objects.get()
    assert made["Location"] == f"{LIST}{invoice.pk}/change/"
    assert invoice.total_minor == 10_000
    assert [action for action, who in told(row) if who == WHO] == [
        "quotation.sent",
        "quotation.mailed",
        "quotation.accepted",
        "quotation.converted",
    ]
    client.post(page(row, "convert"))
    assert Invoice.objects.count() == 1


def test_a_quotation_is_rejected(alice: Any) -> None:
    row = a_quotation(alice, "sent")
    browser(alice).post(page(row, "reject"))
    row.refresh_from_db()
    assert row.status == "rejected"
    assert told(row)[-1] == ("quotation.rejected", WHO)


@pytest.mark.parametrize(
    "query", ["state=zzz", "q=%00", "q=" + "x" * 3000, "customer__id__exact=abc", "p=99999", "o=99"]
)
def test_a_list_answers_whatever_is_asked(alice: Any, query: str) -> None:
    an_invoice(alice, "paid")
    client = browser(alice)
    for name in ("billing/invoice", "billing/quotation", "billing/payment", "customers/customer", "billing/product"):
        assert client.get(f"/admin/{name}/?{query}").status_code in {200, 302}
    for name in ("billing/invoice", "billing/payment", "customers/customer", "billing/statementrun"):
        assert client.get(f"/admin/{name}/{'9' * 30}/change/").status_code == 404
