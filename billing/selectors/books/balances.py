"""What each customer owes per currency: the ledger, the documents and the kept balance say the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from django.db.models import Model, Sum

from billing.models import Adjustment, CreditNote, Entry, Invoice, Payment
from billing.selectors.books.names import account
from businesses.models import Business
from customers.models import CustomerBalance

_SOURCES: tuple[tuple[str, type[Model], str], ...] = (
    ("entries", Entry, "amount_minor"),
    ("due", Invoice, "due_minor"),
    ("credit", Payment, "unallocated_minor"),
    ("credit", CreditNote, "unallocated_minor"),
    ("credit", Adjustment, "unallocated_minor"),
)
Account = tuple[int, str]


def check_balances(business: Business) -> Iterator[str]:
    """Per customer and currency: Σ entries = Σ amount due of open invoices − unapplied credit = the stored balance."""
    sums = _sums(business)
    stored = {(row.customer_id, row.currency): row for row in CustomerBalance.objects.of(business)}
    for (customer, currency), found in sorted(sums.items()):
        if found["entries"] != found["due"] - found["credit"]:
            said = f"entries sum to {found['entries']}, due less credit to {found['due'] - found['credit']}"
            yield f"{account(customer, currency)}: {said}"
        balance = stored.get((customer, currency))
        kept = (balance.outstanding_minor, balance.credit_minor) if balance else (0, 0)
        if kept != (found["due"], found["credit"]):
            yield f"{account(customer, currency)}: stored balance {kept}, recomputed {(found['due'], found['credit'])}"
    for key in sorted(stored.keys() - sums.keys()):
        if stored[key].outstanding_minor or stored[key].credit_minor:
            yield f"{account(*key)}: a stored balance without anything behind it"


def _sums(business: Business) -> dict[Account, dict[str, int]]:
    sums: dict[Account, dict[str, int]] = defaultdict(lambda: dict.fromkeys(("entries", "due", "credit"), 0))
    for name, model, column in _SOURCES:
        rows = model._default_manager.filter(business=business).order_by()
        for row in rows.values("customer_id", "currency").annotate(sum=Sum(column)):
            sums[row["customer_id"], row["currency"]][name] += row["sum"]
    return sums
