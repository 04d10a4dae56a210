"""What of billing may not change under any writer: posted facts, issued documents and their lines, and frozen copies."""

from __future__ import annotations

from billing.models import (
    Adjustment,
    Allocation,
    CreditNote,
    CreditNoteLine,
    DueDate,
    Entry,
    Invoice,
    InvoiceLine,
    KeptStatement,
    Payment,
    Quotation,
    QuotationLine,
    Refund,
    Revision,
)
from billing.models import Document as DocumentRow
from invoicing.lib.guards import Fixed, Guarded, every

_NUMBERED = "a document that has a number is never removed"
# Whose and which row it is: given with the number, and never anew.
_IDENTITY = frozenset({"id", "business", "uuid", "created_at", "number", "sequence", "period"})
# What an issued document may still change, besides its status and what follows from allocations.
_OPEN = frozenset({"status", "notes", "terms", "metadata", "extra", "search_text", "updated_at"})
_DRAWN_ON = frozenset({"status", "unallocated_minor", "refunded_minor", "updated_at"})


def _posted(model: type[Entry | Allocation | DueDate | Refund]) -> Guarded:
    return Guarded(
        model=model,
        fixed=(Fixed(what="fixed", columns=every(model), why="what is posted is reversed, not changed"),),
        kept="what is posted is reversed, not removed",
    )


def _document(model: type[DocumentRow], free: frozenset[str]) -> Guarded:
    free |= _OPEN
    issued = every(model, but=free | _IDENTITY)
    return Guarded(
        model=model,
        fixed=(
            Fixed(what="identity", columns=every(model, but=free | {*issued}), why="its number is given once"),
            Fixed(what="issued", columns=issued, when="OLD.issued_at IS NOT NULL", why=f"the {model.noun} is issued"),
        ),
        free=free,
        kept=_NUMBERED,
    )


def _frozen(model: type[Revision | KeptStatement]) -> Guarded:
    return Guarded(
        model=model,
        fixed=(
            Fixed(what="fixed", columns=every(model, but=frozenset({"file"})), why="it is a frozen copy"),
            Fixed(what="file", columns=("file",), when="OLD.file_id IS NOT NULL", why="its bytes are kept once"),
        ),
        kept="it is a frozen copy",
    )


def _payment() -> Guarded:
    free = _DRAWN_ON | {"reference", "notes", "metadata", "extra"}
    fixed = every(Payment, but=free | {"view", "receipt"})
    return Guarded(
        model=Payment,
        fixed=(
            Fixed(what="fixed", columns=fixed, why="a payment is voided or refunded, not changed"),
            Fixed(what="view", columns=("view",), when="OLD.view <> ''", why="the receipt is frozen"),
            Fixed(
                what="receipt", columns=("receipt",), when="OLD.receipt_id IS NOT NULL", why="its bytes are kept once"
            ),
        ),
        free=free,
        kept=_NUMBERED,
    )


def _adjustment() -> Guarded:
    free = _DRAWN_ON | {"reason", "metadata", "extra"}
    columns = every(Adjustment, but=free)
    why = "an adjustment is voided or refunded, not changed"
    return Guarded(
        model=Adjustment,
        fixed=(Fixed(what="fixed", columns=columns, why=why),),
        free=free,
        kept=_NUMBERED,
    )


GUARDED = (
    *(_posted(model) for model in (Entry, Allocation, DueDate, Refund)),
    _document(Invoice, frozenset({"due_date", "paid_minor", "written_off_minor", "due_minor", "paid_at"})),
    _document(Quotation, frozenset({"valid_until"})),
    _document(CreditNote, frozenset({"unallocated_minor", "refunded_minor"})),
    Guarded(model=InvoiceLine, closed_by="invoice"),
    Guarded(model=QuotationLine, closed_by="quotation"),
    Guarded(model=CreditNoteLine, closed_by="credit_note"),
    _payment(),
    _adjustment(),
    *(_frozen(model) for model in (Revision, KeptStatement)),
)
