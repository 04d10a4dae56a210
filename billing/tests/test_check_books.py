"""check_books finds nothing in honest books, and each kind of damage planted under the services, naming the row."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from billing.models import BooksCheck, KeptStatement, Revision
from billing.selectors.books import CHECKS, find_damage
from billing.tests.histories import clock, noon
from billing.tests.rich_books import Books, make_books
from tests.guards import without_guards

pytestmark = pytest.mark.django_db
NOW = noon(40)


@pytest.fixture(scope="module")
def _made(django_db_setup: None, django_db_blocker: Any) -> Iterator[Books]:
    """The books are made once; nothing of them outlives the module."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_books()
        transaction.set_rollback(True)


@pytest.fixture
def books(_made: Books, db: None) -> Iterator[Books]:
    """The same honest books for every test, ten days after the last thing happened; `db` rolls back what a test does."""
    with clock.at(NOW):
        yield _made


@pytest.fixture(scope="module")
def _unguarded(_made: Books) -> Iterator[None]:
    """Damage is planted under the triggers, which are taken away once for all of it."""
    with without_guards():
        yield


@pytest.fixture
def damaged(_unguarded: None, books: Books) -> Books:
    """The same books, open to whoever writes SQL."""
    return books


def check() -> str:
    out = StringIO()
    call_command("check_books", stdout=out)
    return out.getvalue()


def test_honest_books_agree(books: Books) -> None:
    assert list(find_damage(books.business)) == []
    assert f"agree: {len(CHECKS)} checks each" in check()


def test_the_command_lists_what_it_finds_and_ends_with_1(damaged: Books) -> None:
    plant(
        "UPDATE billing_invoice SET paid_minor = paid_minor - 1, due_minor = due_minor + 1 WHERE {INV-00003}", damaged
    )
    out = StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("check_books", stdout=out)
    assert end.value.code == 1
    assert "Alice Ltd" in out.getvalue()
    assert "invoice INV-00003 (sent): paid is 3499, its allocations sum to 3500" in out.getvalue()
    kept = BooksCheck.objects.get(business=damaged.business)
    assert (kept.checks, kept.findings[0]) == (
        len(CHECKS),
        re.search("customer .*", out.getvalue())[0],  # type: ignore[index]
    )
    # Nothing is wrong with the other's books but that the guards are away.
    assert all(line.startswith("the trigger ") for line in BooksCheck.objects.get(business=damaged.other).findings)


# Damage --------------------------------------------------------------------------------------------------------------
_TABLES = {"INV": "invoice", "RCT": "payment", "CN": "credit_note", "ADJ": "adjustment", "QT": "quotation"}


def plant(sql: str, books: Books) -> None:
    """Run SQL under the guards. `{INV-00003}` is that row, `{of INV-00003}` what points at it, `{acme}` an id."""

    def spelled(found: re.Match[str]) -> str:
        of, number = found[1], found[2]
        noun = _TABLES[number.split("-")[0]]
        table = f"billing_{noun.replace('_', '')}"
        pk = f"(SELECT id FROM {table} WHERE number = '{number}' AND business_id = {own})"  # noqa: S608 - ours alone
        return f"{noun}_id = {pk}" if of else f"id = {pk}"

    own = books.business.pk
    names = {name: getattr(books, name).pk for name in ("business", "other", "acme", "branch", "beta")}
    for name, pk in names.items():
        sql = sql.replace(f"{{{name}}}", str(pk))
    with connection.cursor() as cursor:
        cursor.execute(re.sub(r"\{(of )?([A-Z]+-\d+)\}", spelled, sql))
        assert cursor.rowcount > 0, "the damage hits nothing"


DAMAGE = [
    # Balances
    (
        "UPDATE customers_customerbalance SET outstanding_minor = outstanding_minor - 1 WHERE customer_id = {beta}",
        "customer CUST-0002 in EUR: stored balance",
    ),
    (
        "UPDATE customers_customerbalance SET credit_minor = credit_minor + 1 WHERE customer_id = {beta}",
        "customer CUST-0002 in EUR: stored balance",
    ),
    ("DELETE FROM customers_customerbalance WHERE customer_id = {branch}", "customer CUST-0003 in USD: stored balance"),
    (
        "INSERT INTO customers_customerbalance (business_id, customer_id, currency, outstanding_minor, credit_minor) "
        "VALUES ({business}, {beta}, 'KWD', 1, 0)",
        "customer CUST-0002 in KWD: a stored balance without anything behind it",
    ),
    # Invoices
    (
        "UPDATE billing_invoice SET paid_minor = paid_minor + 1, due_minor = due_minor - 1 WHERE {INV-00003}",
        "invoice INV-00003 .*: paid is 3501, its allocations sum to 3500",
    ),
    (
        "UPDATE billing_invoice SET written_off_minor = 1501, due_minor = due_minor - 1 WHERE {INV-00016}",
        "invoice INV-00016 .*: written off is 1501, its entries say 1500",
    ),
    ("UPDATE billing_invoice SET status = 'sent' WHERE {INV-00004}", "invoice INV-00004 .*: 0 due does not go with"),
    (
        "UPDATE billing_invoice SET status = 'sent', due_minor = total_minor WHERE {INV-00005}",
        r"invoice INV-00005 \(sent\): entries sum to 0",
    ),
    ("UPDATE billing_invoice SET issued_at = NULL WHERE {INV-00012}", "invoice INV-00012 .*: issued_at is None"),
    ("UPDATE billing_invoice SET issued_at = created_at WHERE {INV-00001}", r"invoice INV-00001 \(draft\): issued_at"),
    ("UPDATE billing_invoice SET paid_at = NULL WHERE {INV-00004}", "invoice INV-00004 .*: paid_at is None"),
    ("UPDATE billing_invoice SET deleted_at = issued_at WHERE {INV-00003}", "invoice INV-00003 .*: issued and deleted"),
    ("UPDATE billing_invoice SET due_date = NULL WHERE {INV-00002}", "invoice INV-00002 .*: overdue, but due on None"),
    (
        "UPDATE billing_invoice SET due_date = '2026-09-09' WHERE {INV-00007}",
        "invoice INV-00007: due on 2026-09-09, its newest due date row 2026-05-01",
    ),
    (
        "UPDATE businesses_tally SET count = count + 1"
        " WHERE id = (SELECT max(id) FROM businesses_tally WHERE kind = 'billing_invoice')",
        r"count of invoices: \d+ are recorded, \d+ are there",
    ),
    ("DELETE FROM billing_duedate WHERE {of INV-00012}", "invoice INV-00012: .*there is no due date row"),
    (
        "INSERT INTO billing_duedate (business_id, invoice_id, due_date, effective_on, recorded_at) SELECT business_id, id, "
        "due_date, issue_date, created_at FROM billing_invoice WHERE {INV-00001}",
        "invoice INV-00001: not issued, and has 1 due date rows",
    ),
    # Payments, credit, refunds
    (
        "UPDATE billing_payment SET unallocated_minor = unallocated_minor - 1 WHERE {RCT-00004}",
        "payment RCT-00004 .*: 11000 applied, 999 free and 0 refunded are not 12000",
    ),
    (
        "UPDATE billing_payment SET amount_minor = 2501, unallocated_minor = 2501 WHERE {RCT-00008}",
        "payment RCT-00008 .*: entries sum to -2500, not -2501",
    ),
    ("UPDATE billing_payment SET status = 'voided' WHERE {RCT-00004}", r"payment RCT-00004 \(voided\): 11000 applied"),
    (
        "UPDATE billing_payment SET status = 'recorded' WHERE {RCT-00006}",
        "payment RCT-00006 .*: 700 of 700 refunded does not go with its status",
    ),
    (
        "UPDATE billing_adjustment SET unallocated_minor = 0 WHERE {ADJ-00001}",
        "adjustment ADJ-00001 .*: 600 applied, 0 free",
    ),
    (
        "UPDATE billing_creditnote SET unallocated_minor = 0 WHERE {CN-00006}",
        r"credit note CN-00006 \(sent\): 0 applied, 0 free",
    ),
    (
        "UPDATE billing_creditnote SET status = 'sent' WHERE {CN-00007}",
        r"credit note CN-00007 \(sent\): issued_at is None",
    ),
    (
        "UPDATE billing_refund SET amount_minor = amount_minor + 1 WHERE {of RCT-00007}",
        "payment RCT-00007 .*: refunded is 400, its refunds sum to 401",
    ),
    (
        "DELETE FROM billing_refund WHERE {of ADJ-00003}",
        "adjustment ADJ-00003 .*: refunded is 200, its refunds sum to 0",
    ),
    (
        "UPDATE billing_refund SET refund_date = '2026-04-01' WHERE {of CN-00004}",
        r"credit note CN-00004: refunded 500 on 2026-04-01, posted 500 on 2026-03-16",
    ),
    # Allocations
    (
        "UPDATE billing_allocation SET amount_minor = amount_minor + 1 WHERE {of RCT-00001}",
        "payment RCT-00001 .*: 3001 applied",
    ),
    ("DELETE FROM billing_allocation WHERE {of RCT-00001}", "payment RCT-00001 .*: 0 applied"),
    (
        "UPDATE billing_allocation SET effective_on = '2026-02-01' WHERE {of RCT-00001}",
        "payment RCT-00001: on 2026-02-01 3000 more than it had was applied or refunded",
    ),
    (
        "UPDATE billing_allocation SET effective_on = '2026-02-01' WHERE {of RCT-00001}",
        "invoice INV-00003: on 2026-02-01 3000 more than it owed was applied to it",
    ),
    (
        "UPDATE billing_allocation SET effective_on = '2026-03-03' WHERE {of RCT-00005} AND amount_minor < 0",
        "payment RCT-00005: on 2026-03-03 1000 more than was applied to invoice INV-00012 was released",
    ),
    (
        "UPDATE billing_allocation SET invoice_id = (SELECT id FROM billing_invoice WHERE {INV-00002}) "
        "WHERE {of RCT-00001}",
        "invoice INV-00002 .*: paid is 0, its allocations sum to 3000",
    ),
    (
        "UPDATE billing_allocation SET currency = 'EUR' WHERE {of RCT-00001}",
        r"allocation \d+: another customer or currency than payment RCT-00001",
    ),
    (
        "UPDATE billing_allocation SET customer_id = {branch} WHERE {of RCT-00001}",
        r"allocation \d+: another customer or currency than invoice INV-00003",
    ),
    # Entries
    (
        "UPDATE billing_entry SET amount_minor = amount_minor + 1 WHERE {of INV-00012}",
        "invoice INV-00012: posted is invoice 10001 on 2026-03-14, not invoice 10000 on 2026-03-14",
    ),
    ("DELETE FROM billing_entry WHERE {of RCT-00001}", "payment RCT-00001: posted is nothing, not payment -3000"),
    (
        "UPDATE billing_entry SET effective_on = '2026-03-01' WHERE {of RCT-00008}",
        "payment RCT-00008: posted is payment -2500 on 2026-03-01, not",
    ),
    ("UPDATE billing_entry SET kind = 'payment' WHERE {of INV-00012}", r"entry \d+: a payment of no such document"),
    (
        "UPDATE billing_entry SET kind = 'invoice' WHERE {of INV-00010}",
        "invoice INV-00010: posted is invoice 8000 on 2026-03-02, not adjustment 8000",
    ),
    (
        "INSERT INTO billing_entry (business_id, customer_id, currency, effective_on, recorded_at, kind, amount_minor, "
        "payment_id) SELECT business_id, customer_id, currency, effective_on, recorded_at, kind, amount_minor, payment_id "
        "FROM billing_entry WHERE {of RCT-00008}",
        "payment RCT-00008: posted is payment -2500 on 2026-03-14, payment -2500 on 2026-03-14, not",
    ),
    (
        "UPDATE billing_entry SET amount_minor = amount_minor + 1 WHERE {of INV-00005} AND kind = 'reversal'",
        r"entry \d+: reverses 14197 of entry \d+ with -14196",
    ),
    (
        "UPDATE billing_entry SET effective_on = '2026-03-01' WHERE {of INV-00005} AND kind = 'reversal'",
        r"entry \d+: reverses entry \d+ on 2026-03-01, before 2026-03-02",
    ),
    (
        "UPDATE billing_entry SET reverses_id = NULL WHERE {of INV-00005} AND kind = 'reversal'",
        r"entry \d+: a reversal of nothing",
    ),
    (
        "UPDATE billing_entry SET reverses_id = (SELECT MIN(id) FROM billing_entry WHERE {of INV-00012}) "
        "WHERE {of INV-00005} AND kind = 'reversal'",
        r"entry \d+: reverses entry \d+ of another document or account",
    ),
    (
        "UPDATE billing_entry SET customer_id = {branch} WHERE {of RCT-00008}",
        r"entry \d+: another customer or currency than payment RCT-00008",
    ),
    # Credit notes
    (
        "UPDATE billing_creditnoteline SET units = units + 1 WHERE {of CN-00002}",
        "invoice INV-00014, line 1: .* units credited of 3",
    ),
    (
        "UPDATE billing_creditnoteline SET net_minor = net_minor + 1 WHERE {of CN-00001} AND position = 0",
        "invoice INV-00014, line 1: 10002 net credited of 10001",
    ),
    (
        "UPDATE billing_creditnoteline SET invoice_line_id = (SELECT MIN(id) FROM billing_invoiceline WHERE "
        "{of INV-00002}) WHERE {of CN-00001} AND position = 0",
        "credit note CN-00001, line 1: not of a line of the note's invoice",
    ),
    # Totals
    (
        "UPDATE billing_invoiceline SET net_minor = net_minor + 1 WHERE {of INV-00003} AND position = 1",
        "invoice INV-00003: totals .*, its lines sum to",
    ),
    ("DELETE FROM billing_quotationline WHERE {of QT-00002}", "quotation QT-00002: totals .* its lines sum to None"),
    (
        "UPDATE billing_invoiceline SET amount_minor = amount_minor + 1 WHERE {of INV-00001} AND position = 2",
        "invoice INV-00001, line 3: its amount is not net and tax",
    ),
    (
        "UPDATE billing_invoiceline SET quantity = 4 WHERE {of INV-00001} AND position = 0",
        "invoice INV-00001: line 1 has .*, calculated",
    ),
    (
        "UPDATE billing_quotationline SET unit_price = 1 WHERE {of QT-00001} AND position = 0",
        "quotation QT-00001: line 1 has .*, calculated",
    ),
    (
        "UPDATE billing_creditnoteline SET tax_rate = 5 WHERE {of CN-00006} AND position = 0",
        "credit note CN-00006: line 1 has .*, calculated",
    ),
    (
        "UPDATE billing_invoice SET discount_value = 50 WHERE {INV-00002}",
        "invoice INV-00002: line 1 has .*, calculated",
    ),
    (
        "UPDATE billing_invoice SET discount_minor = discount_minor + 1 WHERE {INV-00002}",
        "invoice INV-00002: has .*, calculated",
    ),
    # Numbers
    (
        "UPDATE billing_invoice SET sequence = NULL, number = 'x' WHERE {INV-00002}",
        r"invoice series \(all years\): number 2 is missing",
    ),
    (
        "UPDATE businesses_counter SET last = last - 1 WHERE series = 'credit_note'",
        "credit_note series .*: number 8 is beyond the counter at 7",
    ),
    (
        "UPDATE businesses_counter SET last = last + 1 WHERE series = 'adjustment'",
        "adjustment series .*: number 4 is missing",
    ),
    (
        "UPDATE billing_payment SET sequence = 3 WHERE {RCT-00002}",
        "payment series .*: number 3 was given 2 times",
    ),
    (
        "DELETE FROM businesses_counter WHERE series = 'quotation'",
        "quotation series .*: number 1 is beyond the counter at 0",
    ),
    # What was frozen
    (
        "UPDATE billing_revision SET view = '{}' WHERE {of INV-00003}",
        "revision 1 of invoice INV-00003: its view is not what was frozen",
    ),
    ("DELETE FROM billing_revision WHERE {of CN-00004}", "credit note CN-00004: issued without a frozen view"),
    (
        "DELETE FROM billing_revision WHERE {of INV-00016} AND number = 1",
        "revision 2 of invoice INV-00016: one before it is missing",
    ),
    (
        "UPDATE billing_invoice SET issue_date = '2026-03-01' WHERE {INV-00012}",
        "revision 1 of invoice INV-00012: issue_date was frozen as 2026-03-14, the invoice has 2026-03-01",
    ),
    (
        "UPDATE billing_payment SET reference = reference, currency = 'EUR' WHERE {RCT-00002}",
        r"payment RCT-00002: its frozen receipt says \('RCT-00002', .*'USD'",
    ),
    (
        "UPDATE businesses_storedfile SET size = size + 1 WHERE media_type = 'text/plain'",
        "file .*: its bytes are not what was stored",
    ),
    # Statements and their runs
    ("UPDATE billing_keptstatement SET view = '{}'", "statement .*: its view cannot be read"),
    ("UPDATE billing_keptstatement SET customer_id = {beta}", "statement .*: it is of customer .*, kept for"),
    (
        "UPDATE billing_entry SET recorded_at = '2026-03-27 12:00:00' WHERE {of INV-00012}",
        "statement .*: asked again|statement .*: closing_minor was",
    ),
    (
        "UPDATE billing_duedate SET due_date = '2026-03-09' WHERE {of INV-00002}",
        "statement .*: items, row 1, was .*, asked again it is",
    ),
    (
        "UPDATE billing_statementoutcome SET message_id = NULL WHERE customer_id = {beta}",
        r"outcome \d+ of run \d+: queued without a statement's message",
    ),
    (
        "UPDATE billing_statementoutcome SET message_id = (SELECT MAX(message_id) FROM billing_statementoutcome) "
        "WHERE outcome = 'queued'",
        r"message \d+: the outcome of \d statements",
    ),
    (
        "UPDATE billing_statementoutcome SET outcome = 'sent' WHERE customer_id = {beta}",
        r"outcome \d+ of run \d+: sent, but its message is not",
    ),
    (
        "UPDATE billing_statementoutcome SET outcome = 'planned' WHERE customer_id = {beta}",
        "run .*: done, and statements of it are still planned",
    ),
    # Events
    (
        "DELETE FROM webhooks_delivery WHERE event_id = (SELECT MAX(id) FROM webhooks_event WHERE type = 'invoice.paid')",
        "event evt_[0-9a-f]{32} has no delivery for endpoint",
    ),
    # Tenancy
    (
        "UPDATE billing_payment SET business_id = {other} WHERE {RCT-00001}",
        r"allocation \d+: its payment is another business's",
    ),
    (
        "UPDATE billing_invoice SET customer_id = (SELECT id FROM customers_customer WHERE business_id = {other}) "
        "WHERE {INV-00001}",
        r"invoice \d+: its customer is another business's",
    ),
    ("UPDATE billing_invoiceline SET business_id = {other} WHERE {of INV-00003}", "invoice INV-00003: totals"),
]


@pytest.mark.parametrize(("sql", "sentence"), DAMAGE)
def test_it_finds_planted_damage(damaged: Books, sql: str, sentence: str) -> None:
    plant(sql, damaged)
    found = list(find_damage(damaged.business))
    assert any(re.search(sentence, line) for line in found), "\n".join(found)


def test_at_least_twenty_kinds() -> None:
    assert len({sentence for _, sentence in DAMAGE}) > 60


# Damage by somebody who knows that there is a digest -----------------------------------------------------------------
def _rewrite(model: type[Any], pk: int, change: Callable[[dict[str, Any]], None]) -> None:
    row = model.objects.get(pk=pk)
    view = json.loads(row.view)
    change(view)
    text = json.dumps(view, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    model.objects.filter(pk=pk).update(view=text, sha256=hashlib.sha256(text.encode()).hexdigest())


def test_a_frozen_view_with_a_new_digest_still_has_to_say_what_the_document_says(damaged: Books) -> None:
    pk = Revision.objects.get(business=damaged.business, invoice__number="INV-00012").pk
    _rewrite(Revision, pk, lambda view: view.update(total_minor=1))
    found = list(find_damage(damaged.business))
    assert any("INV-00012: total_minor was frozen as 1, the invoice has 10000" in line for line in found)


def test_a_kept_statement_with_a_new_digest_still_has_to_be_the_one_that_the_ledger_gives(damaged: Books) -> None:
    kept = KeptStatement.objects.filter(business=damaged.business).order_by("pk")[1]
    _rewrite(KeptStatement, kept.pk, lambda view: view["entries"][0].update(kind="payment"))
    found = list(find_damage(damaged.business))
    assert [f"statement {kept.uuid}: entries, row 1, was" in line for line in found if "trigger" not in line] == [True]


def test_a_file_whose_bytes_were_changed(damaged: Books) -> None:
    with connection.cursor() as cursor:
        changed = "UPDATE businesses_storedfile SET content = %s WHERE media_type = 'text/plain' RETURNING uuid"
        cursor.execute(changed, [b"A file that was lost"])
        cursor.fetchall()
    assert any("its bytes are not what was stored" in line for line in find_damage(damaged.business))
