"""What was frozen: views, receipts and files are what they were, and say what the rows say."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from django.db.models import Max, OuterRef, Subquery

from billing.models import CreditNote, Invoice, Payment, Quotation, Revision
from businesses.models import Business, StoredFile
from einvoicing.document import Document, Receipt, View, from_json

_NOUNS = ("invoice", "quotation", "credit_note")
_SAID = (
    "number",
    "issue_date",
    "currency",
    "gross_minor",
    "discount_minor",
    "subtotal_minor",
    "tax_minor",
    "total_minor",
)


def check_revisions(business: Business) -> Iterator[str]:
    """Every issued document has frozen views, numbered from 1, whose digests hold and whose amounts are the document's."""
    for model in (Invoice, Quotation, CreditNote):
        missing = model._default_manager.filter(business=business, issued_at__isnull=False, revisions=None)
        for document in missing:
            yield f"{model.noun.replace('_', ' ')} {document.number}: issued without a frozen view"
    for noun in _NOUNS:
        rows = Revision.objects.of(business).filter(**{f"{noun}__isnull": False})
        newest = Revision.objects.filter(**{noun: OuterRef(noun)}).order_by().values(noun).annotate(n=Max("number"))
        marked: Any = rows.select_related(noun).annotate(newest=Subquery(newest.values("n")))
        before: tuple[int, int] = (0, 0)
        for revision in marked.order_by(f"{noun}_id", "number").iterator():
            document = getattr(revision, noun)
            label = f"revision {revision.number} of {noun.replace('_', ' ')} {document.number}"
            if revision.number != (before[1] + 1 if before[0] == document.pk else 1):
                yield f"{label}: one before it is missing"
            before = (document.pk, revision.number)
            for sentence in _view(revision, document):
                yield f"{label}: {sentence}"


def _view(revision: Any, document: Any) -> Iterator[str]:
    if digest(revision.view) != revision.sha256:
        yield "its view is not what was frozen"
    view = parsed(Document, revision.view)
    if view is None:
        yield "its view cannot be read"
        return
    names = [*_SAID, *(["due_date"] if view.kind == "invoice" and revision.number == revision.newest else [])]
    for name in names:
        if getattr(view, name) != getattr(document, name):
            yield f"{name} was frozen as {getattr(view, name)}, the {view.kind} has {getattr(document, name)}"
    if sum(line.amount_minor for line in view.lines) != view.total_minor:
        yield "its lines do not sum to its total"


def check_receipts(business: Business) -> Iterator[str]:
    """Every payment has a frozen receipt of its number, date, currency and amount."""
    for payment in Payment.objects.of(business).order_by("pk").iterator():
        view = parsed(Receipt, payment.view)
        said = (view.number, view.payment_date, view.currency, view.amount_minor) if view else None
        if said != (payment.number, payment.payment_date, payment.currency, payment.amount_minor):
            yield f"payment {payment.number}: its frozen receipt says {said}"


def check_files(business: Business) -> Iterator[str]:
    """Every kept file has the bytes of its digest."""
    for file in StoredFile.objects.of(business).order_by("pk").iterator(chunk_size=20):
        content = bytes(file.content)
        if (hashlib.sha256(content).hexdigest(), len(content)) != (file.sha256, file.size):
            yield f"file {file.uuid}: its bytes are not what was stored"


def digest(view: str) -> str:
    """The SHA-256 of a frozen view."""
    return hashlib.sha256(view.encode()).hexdigest()


def parsed(kind: type[View], view: str) -> View | None:
    """A frozen view, or None where it is none."""
    try:
        return from_json(kind, view.encode())
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
