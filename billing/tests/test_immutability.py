"""The database itself refuses to change what was posted, issued or frozen, whoever asks: every guarded column, every row."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.core.management.sql import emit_post_migrate_signal
from django.db import IntegrityError, connection, models, transaction

from billing.documents import keep_receipt, keep_revision, keep_statement
from billing.models import CreditNote, Invoice, InvoiceLine, KeptStatement, Payment, Quotation, Revision
from billing.services.adjustments import create_adjustment
from billing.services.credit_notes import Credit, credit_invoice
from billing.services.refunds import refund
from billing.tests.conftest import Make
from businesses.audit import SYSTEM
from businesses.models import AuditEntry, Business
from businesses.tasks import link_audit
from conftest import Api
from customers.models import Customer
from invoicing.lib.guards import Guarded
from invoicing.lib.ids import uuid7
from invoicing.lib.triggers import all_guarded, drop_guards, make_guards, missing_triggers
from tests.guards import without_guards
from webhooks.tasks import give_positions

GUARDED = all_guarded()
ITEM = {"description": "Work", "quantity": 1, "unit_price": 100, "tax_rate": 10}


@pytest.fixture
def books(api: Api, alice: Business, customer: str, make_invoice: Make) -> None:
    """At least one row, issued and frozen, in every guarded table."""
    open_one = make_invoice(status="sent")
    paid = api.post(f"/invoices/{make_invoice(status='sent')['id']}/payments", {"amount": 30})
    assert paid.status_code == 201, paid.content
    body = {"customer_id": customer, "items": [ITEM], "status": "sent"}
    assert api.post("/quotations", body).status_code == 201
    note = credit_invoice(Invoice.objects.get(uuid=open_one["id"]), Credit(), actor=SYSTEM, status="sent")
    payment = Payment.objects.get()
    refund(payment, actor=SYSTEM, amount_minor=100)
    who = Customer.objects.get(uuid=customer)
    create_adjustment(who, currency="USD", amount_minor=500, actor=SYSTEM, reason="Goodwill")
    assert api.post(f"/customers/{customer}/statement/send", {"to": ["a@b.test"]}).status_code < 300
    keep_revision(Revision.objects.get(credit_note=note))
    for revision in Revision.objects.all():
        keep_revision(revision)
    keep_receipt(payment)
    keep_statement(KeptStatement.objects.get())
    link_audit()
    give_positions()


def refused(do: Any) -> str:
    """What the database says to it; it must say no."""
    with pytest.raises(IntegrityError) as no, transaction.atomic():
        do()
    return str(no.value)


def other(value: Any, field: models.Field[Any, Any]) -> Any:
    """Something that the column could hold but does not."""
    if isinstance(field, models.BooleanField):
        return not value
    if isinstance(field, models.JSONField):
        return {"something": "else"}
    if isinstance(field, models.DateTimeField):
        return datetime(2001, 1, 1, tzinfo=UTC)
    if isinstance(field, models.DateField):
        return date(2001, 1, 1)
    if isinstance(field, models.UUIDField):
        return uuid7()
    if isinstance(field, models.CharField | models.TextField):
        return "~"
    if isinstance(field, models.BinaryField):
        return b"~"
    if isinstance(field, models.DecimalField):
        return (value or Decimal(0)) + 1
    return (value or 0) + 1


def guarded_rows(guarded: Guarded) -> list[Any]:
    rows = guarded.model._default_manager.order_by("-pk")  # the newest, which is linked, issued and rendered as well
    if any(field.name == "issued_at" for field in guarded.model._meta.fields):
        rows = rows.exclude(issued_at=None)
    return list(rows[:1])


def test_no_guarded_column_changes(books: None) -> None:
    for guarded in GUARDED:
        if guarded.fixed:
            check_columns(guarded)


def check_columns(guarded: Guarded) -> None:
    [row] = guarded_rows(guarded)
    manager = guarded.model._default_manager
    for name in [name for rule in guarded.fixed for name in rule.columns]:
        field = guarded.model._meta.get_field(name)
        assert isinstance(field, models.Field)
        value = other(getattr(row, field.attname), field)
        said = refused(lambda at=field.attname, to=value: manager.filter(pk=row.pk).update(**{at: to}))
        assert f"{field.column} may not change" in said
        assert guarded.table in said
        if connection.vendor == "postgresql":
            assert f"{guarded.table} {row.pk}:" in said


def test_free_columns_and_equal_values_may_be_written(books: None) -> None:
    for guarded in GUARDED:
        if guarded.fixed:
            check_open(guarded)


def check_open(guarded: Guarded) -> None:
    [row] = guarded_rows(guarded)
    row.save(force_update=True)  # every column, with what it has
    for name in guarded.free & {"notes", "metadata", "search_text", "reference"}:
        changed = guarded.model._default_manager.filter(pk=row.pk).update(
            **{name: {"a": 1} if name == "metadata" else "~"}
        )
        assert changed == 1


def test_no_row_goes(books: None) -> None:
    for guarded in GUARDED:
        if guarded.kept:
            check_kept(guarded)


def execute(sql: str) -> None:
    if connection.vendor == "postgresql":
        connection.check_constraints()  # it empties no table with checks of foreign keys still to come
    with connection.cursor() as cursor:
        cursor.execute(sql)


def check_kept(guarded: Guarded) -> None:
    [row] = guarded_rows(guarded)
    said = refused(lambda: execute(f"DELETE FROM {guarded.table} WHERE id = {row.pk}"))  # noqa: S608
    assert f"a row may not be deleted: {guarded.kept}" in said
    if connection.vendor == "postgresql":
        assert "may not be emptied" in refused(lambda: execute(f"TRUNCATE {guarded.table} CASCADE"))


def test_the_lines_of_an_issued_document_are_closed(books: None) -> None:
    for guarded in GUARDED:
        if guarded.closed_by:
            check_closed(guarded)


def check_closed(guarded: Guarded) -> None:
    rows = guarded.model._default_manager.exclude(**{f"{guarded.closed_by}__issued_at": None})
    line = rows.get() if rows.count() == 1 else rows.order_by("-pk")[0]
    reason = f"its {guarded.closed_by.replace('_', ' ')} is issued"
    assert f"no update: {reason}" in refused(lambda: rows.filter(pk=line.pk).update(description="~"))
    assert f"no delete: {reason}" in refused(lambda: rows.filter(pk=line.pk).delete())
    line.pk, line.uuid = None, uuid7()
    assert f"no insert: {reason}" in refused(lambda: line.save(force_insert=True))


def test_a_line_does_not_move_between_documents(api: Api, make_invoice: Make) -> None:
    issued, draft = (Invoice.objects.get(uuid=make_invoice(**how)["id"]) for how in ({"status": "sent"}, {}))
    assert "is issued" in refused(lambda: InvoiceLine.objects.filter(invoice=draft).update(invoice=issued))
    assert "is issued" in refused(lambda: InvoiceLine.objects.filter(invoice=issued).update(invoice=draft))


def test_a_draft_is_free_but_for_its_number(api: Api, make_invoice: Make) -> None:
    draft = make_invoice()
    changed = api.patch(f"/invoices/{draft['id']}", {"items": [{**ITEM, "unit_price": 7}], "issue_date": "2026-01-02"})
    assert changed.status_code == 200, changed.content
    rows = Invoice.objects.filter(uuid=draft["id"])
    assert "number may not change: its number is given once" in refused(lambda: rows.update(number="INV-9"))
    assert "a row may not be deleted" in refused(lambda: _delete_with_lines(rows.get()))


def _delete_with_lines(invoice: Invoice) -> None:
    invoice.lines.all().delete()
    Invoice.objects.filter(pk=invoice.pk).delete()


def test_bytes_are_kept_once_and_only_once(books: None) -> None:
    first, second = Revision.objects.exclude(file=None).order_by("pk")[:2]
    said = refused(lambda: Revision.objects.filter(pk=first.pk).update(file=second.file_id))
    assert "its bytes are kept once" in said


def test_an_audit_entry_is_linked_once(books: None, alice: Business) -> None:
    entry = AuditEntry.objects.of(alice).latest("position")
    said = refused(lambda: AuditEntry.objects.filter(pk=entry.pk).update(position=None, hash=""))
    assert "an entry is linked once" in said


# The triggers themselves ---------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_all_guards_are_there() -> None:
    assert missing_triggers() == []


@pytest.mark.django_db
def test_making_them_again_touches_nothing(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1) as asked:
        make_guards()
    assert asked.captured_queries[0]["sql"].lstrip().startswith("SELECT")


@pytest.mark.django_db
def test_what_is_missing_is_named_and_comes_back_after_a_migration() -> None:
    name = "guard_billing_entry_kept"
    on = " ON billing_entry" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {name}{on}")
    assert missing_triggers() == [name]
    emit_post_migrate_signal(verbosity=0, interactive=False, db="default")
    assert missing_triggers() == []


@pytest.mark.django_db
def test_one_that_was_made_to_do_nothing_counts_as_missing() -> None:
    name = "guard_billing_entry_kept"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"ALTER TABLE billing_entry DISABLE TRIGGER {name}")
        else:
            cursor.execute(f"DROP TRIGGER {name}")
            cursor.execute(f"CREATE TRIGGER {name} BEFORE DELETE ON billing_entry BEGIN SELECT 1; END")
    assert missing_triggers() == [name]
    make_guards()
    assert missing_triggers() == []


@pytest.mark.django_db
def test_drop_and_make() -> None:
    drop_guards()
    assert len(missing_triggers()) > 30
    make_guards()
    assert missing_triggers() == []


def test_without_guards_damage_can_be_planted(books: None) -> None:
    with without_guards():
        assert CreditNote.objects.update(total_minor=models.F("total_minor") + 1) == 1
        assert Quotation.objects.update(uuid=UUID(int=1)) == 1
    assert missing_triggers() == []
