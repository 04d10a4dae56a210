"""Render and keep bytes once: a frozen view is rendered a single time, and the same bytes are served for ever."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import cache, partial

from django.db import transaction

from billing.models import Document as DocumentRow
from billing.models import KeptStatement, Payment, Revision
from billing.rendering import (
    LETTER,
    TEMPLATE_VERSION,
    paper_of,
    render_document,
    render_receipt,
    render_statement,
)
from billing.selectors.documents import document_view, logo_bytes
from businesses.files import store_file, store_files
from businesses.models import Business, StoredFile
from customers.models import Customer
from einvoicing.document import Document, Receipt, Statement, View, canonical_json, from_json
from invoicing.lib.errors import NotFound

PDF = "application/pdf"


def freeze(row: DocumentRow) -> Revision:
    """Store the document's view as its next revision, in the caller's transaction."""
    own = {row.noun: row}
    view = canonical_json(document_view(row))
    return Revision.objects.create(
        business=row.business,
        number=Revision.objects.filter(**own).count() + 1,
        view=view.decode(),
        sha256=hashlib.sha256(view).hexdigest(),
        template_version=TEMPLATE_VERSION,
        **own,
    )


def frozen_digest(row: DocumentRow) -> dict[str, str]:
    """The SHA-256 of a document's newest revision, for the audit trail: its chain vouches for what was frozen."""
    newest = Revision.objects.filter(**{row.noun: row}).order_by("-number")
    return {"sha256": newest.values_list("sha256", flat=True)[0]}


def freeze_statement(
    business: Business, customer: Customer, statement: Statement, file: StoredFile | None = None
) -> KeptStatement:
    """Store a statement's view, with its PDF where that is there already, in the caller's transaction."""
    view = canonical_json(statement)
    return KeptStatement.objects.create(
        business=business,
        customer=customer,
        view=view.decode(),
        sha256=hashlib.sha256(view).hexdigest(),
        template_version=TEMPLATE_VERSION,
        file=file,
    )


def statement_name(statement: Statement) -> str:
    """The name of a statement's PDF."""
    return f"Statement-{statement.end}.pdf"


def store_statement_pdfs(business: Business, statements: Sequence[Statement]) -> list[StoredFile]:
    """The PDFs of statements that are about to be frozen, in the caller's transaction."""
    logo = cache(partial(logo_bytes, business))
    pdfs = [render_statement(statement, logo=logo(statement.brand.logo_sha256)) for statement in statements]
    return store_files(business, pdfs, PDF)


def keep_revision(revision: Revision) -> StoredFile:
    """The revision's PDF: rendered at the first call, the kept bytes ever after."""
    return _keep(revision, "file", Document, render_document)


def keep_receipt(payment: Payment) -> StoredFile:
    """The payment's receipt as PDF, rendered once."""
    return _keep(payment, "receipt", Receipt, render_receipt)


def keep_statement(statement: KeptStatement) -> StoredFile:
    """A statement that left, as PDF, rendered once."""
    return _keep(statement, "file", Statement, render_statement)


def print_revision(revision: Revision) -> StoredFile:
    """The revision's PDF on the paper that letters are printed on."""
    return _print(revision, Document, keep_revision, render_document)


def print_statement(statement: KeptStatement) -> StoredFile:
    """A statement that left, as PDF on the paper that letters are printed on."""
    return _print(statement, Statement, keep_statement, render_statement)


def _print(
    row: Revision | KeptStatement, kind: type[View], keep: Callable[..., StoredFile], render: Callable[..., bytes]
) -> StoredFile:
    """The kept bytes where their paper is that anyway; else the same view rendered once more."""
    view = from_json(kind, row.view.encode())
    if paper_of(view.seller.country) == LETTER:
        return keep(row)
    content = render(view, logo=logo_bytes(row.business, view.brand.logo_sha256), paper=LETTER)
    return store_file(row.business, content, PDF)


def _keep(
    row: Revision | Payment | KeptStatement, column: str, kind: type[View], render: Callable[..., bytes]
) -> StoredFile:
    if getattr(row, column) is None:
        view = from_json(kind, row.view.encode())
        content = render(view, logo=logo_bytes(row.business, view.brand.logo_sha256))
        # Rendering happened outside of any lock; of two that raced the first to get here stays.
        with transaction.atomic():
            file = store_file(row.business, content, PDF)
            first = type(row)._default_manager.filter(pk=row.pk, **{f"{column}__isnull": True}).update(**{column: file})
        if first:
            setattr(row, column, file)
        else:
            row.refresh_from_db(fields=[column])
    kept: StoredFile = getattr(row, column)
    return kept


def document_pdf(row: DocumentRow, revision: int | None = None) -> bytes:
    """An issued document's kept bytes (its newest revision unless one is named); a draft is rendered anew and marked so.

    NotFound where there is no such revision.
    """
    revisions = Revision.objects.of(row.business).select_related("file", "business").order_by("-number")
    revisions = revisions.filter(**{row.noun: row})
    found = (revisions.filter(number=revision) if revision is not None else revisions).first()
    if found is not None:
        return bytes(keep_revision(found).content)
    if revision is not None:
        raise NotFound(f"{row.label.capitalize()} has no revision {revision}")
    view = document_view(row)
    return render_document(view, logo=logo_bytes(row.business, view.brand.logo_sha256), draft=row.status == "draft")
