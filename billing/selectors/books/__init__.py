"""The invariants of domain.md, proved over the rows as they are: each check yields one sentence per contradiction it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from billing.selectors.books.balances import check_balances
from billing.selectors.books.calculations import check_calculations, check_totals
from billing.selectors.books.counts import check_counts
from billing.selectors.books.credited import check_credited_lines
from billing.selectors.books.days import check_days
from billing.selectors.books.entries import check_entries, check_refunds, check_reversals
from billing.selectors.books.events import check_events
from billing.selectors.books.frozen import check_files, check_receipts, check_revisions
from billing.selectors.books.invoices import check_due_dates, check_invoices
from billing.selectors.books.numbers import check_numbers
from billing.selectors.books.runs import check_runs
from billing.selectors.books.sources import check_sources
from billing.selectors.books.statements import check_kept_statements, check_statements
from billing.selectors.books.tenancy import check_parties, check_tenancy
from billing.selectors.books.unchanged import check_audit_chain, check_guards
from businesses.models import Business

Damage = Iterator[str]
CHECKS: tuple[Callable[[Business], Damage], ...] = (
    check_balances,
    check_invoices,
    check_due_dates,
    check_sources,
    check_refunds,
    check_entries,
    check_reversals,
    check_days,
    check_credited_lines,
    check_totals,
    check_calculations,
    check_numbers,
    check_revisions,
    check_receipts,
    check_files,
    check_events,
    check_parties,
    check_tenancy,
    check_statements,
    check_kept_statements,
    check_runs,
    check_counts,
    check_guards,
    check_audit_chain,
)


def find_all_damage() -> list[str]:
    """Every contradiction in all books, each business over a snapshot of its own."""
    found = ((business, find_contradictions(business)) for business in Business.objects.order_by("pk"))
    return [name_damage(business, sentence) for business, sentences in found for sentence in sentences]


def find_damage(business: Business) -> Damage:
    """Every contradiction in one business's books, with its name."""
    for check in CHECKS:
        for sentence in check(business):
            yield name_damage(business, sentence)


def find_contradictions(business: Business) -> list[str]:
    """As `find_damage`, without its name, over one snapshot: a payment that commits between two sums would look like damage."""
    with snapshot():
        return [sentence for check in CHECKS for sentence in _sentences(check, business)]


def _sentences(check: Callable[[Business], Damage], business: Business) -> Damage:
    try:
        yield from check(business)
    except Exception as error:  # rows so damaged that a check cannot read them are a finding, not the end of the proof
        yield f"{check.__name__} could not go on: {type(error).__name__}: {error}"


def name_damage(business: Business, sentence: str) -> str:
    """The sentence, with whose books they are."""
    return f"{business.name} ({business.uuid}): {sentence}"


@contextmanager
def snapshot() -> Iterator[None]:
    """A transaction that only reads and sees one moment; inside another transaction it is that one's."""
    is_outermost = not connection.in_atomic_block
    if is_outermost and connection.vendor == "sqlite":
        with _deferred(), transaction.atomic():
            yield
        return
    with transaction.atomic():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


@contextmanager
def _deferred() -> Iterator[None]:
    """On SQLite a transaction of ours locks out every other writer from its beginning, but who reads needs no such lock."""
    mode = connection.transaction_mode  # type: ignore[attr-defined]
    connection.transaction_mode = "DEFERRED"  # type: ignore[attr-defined]
    try:
        yield
    finally:
        connection.transaction_mode = mode  # type: ignore[attr-defined]
