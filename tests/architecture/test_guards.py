"""The database guards every column of what may not change, unless it is listed as free: a new column cannot be forgotten."""

from __future__ import annotations

import pytest

from billing.models import Document, DocumentLine
from billing.models.ledger import Posted
from invoicing.lib.guards import Guarded
from invoicing.lib.triggers import all_guarded
from tests.architecture.test_house import MODELS

GUARDED = {row.model: row for row in all_guarded()}


@pytest.mark.parametrize("guarded", [row for row in GUARDED.values() if row.fixed], ids=lambda row: row.table)
def test_every_column_is_guarded_or_free(guarded: Guarded) -> None:
    columns = {field.name for field in guarded.model._meta.local_concrete_fields}
    fixed = [name for rule in guarded.fixed for name in rule.columns]
    assert len(fixed) == len(set(fixed)), "guarded twice"
    assert not guarded.free & set(fixed), "both free and guarded"
    assert guarded.free | set(fixed) == columns


# What may be written after an issue, by name: who adds a column to a document and wants it open writes it here as well.
OPEN = {
    "billing_invoice": {"due_date", "paid_minor", "written_off_minor", "due_minor", "paid_at"},
    "billing_quotation": {"valid_until"},
    "billing_creditnote": {"unallocated_minor", "refunded_minor"},
}
ALWAYS_OPEN = {"status", "notes", "terms", "metadata", "extra", "search_text", "updated_at"}


def test_what_is_open_of_issued_documents_is_as_agreed() -> None:
    found = {row.table: set(row.free) for model, row in GUARDED.items() if issubclass(model, Document)}
    assert found == {table: names | ALWAYS_OPEN for table, names in OPEN.items()}


def test_every_document_line_and_posted_fact_is_guarded() -> None:
    for model in MODELS:
        if issubclass(model, Document | Posted):
            assert GUARDED[model].kept, model
        if issubclass(model, DocumentLine):
            assert GUARDED[model].closed_by, model
