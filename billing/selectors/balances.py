"""What a customer, or a family of customers, owes and has in credit at the end of any past day, from append-only rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Sum

from billing.models import Allocation, Entry
from billing.selectors.ageing import age, open_items
from businesses.models import Business
from customers.models import Customer
from einvoicing.document import Ageing

HISTORY = 100  # days


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceAsked:
    """Which balance is asked for; without currency the customer's, without `on` today, both as of now."""

    currency: str | None = None
    on: date | None = None
    known_at: datetime | None = None
    include_children: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What is owed and what is there in credit (≥ 0), in minor units; `history` is the credit, the newest day first."""

    customer: Customer
    currency: str
    on: date
    known_at: datetime
    outstanding_minor: int
    past_due_minor: int
    due_now_minor: int
    credit_minor: int
    ageing: Ageing
    history: tuple[tuple[date, int], ...]

    @property
    def balance_minor(self) -> int:
        """The ledger's balance: what is owed less what is there in credit."""
        return self.outstanding_minor - self.credit_minor


def balance_of(
    customer: Customer, customer_pks: Sequence[int], *, currency: str, on: date, known_at: datetime
) -> Balance:
    """The balance of `customer_pks` together, of whom `customer` is the head.

    Past due is what fell due before the day, due now what fell due on it too; an invoice without a due date is neither.
    Call it under the customers' locks, as `statement_of`.
    """
    rows = open_items(customer.business, on=on, known_at=known_at, customer_pks=customer_pks, currency=currency)
    owed = [row for row in rows if row.number is not None]
    dated = [(row.due_date, row.due_minor) for row in owed if row.due_date is not None]
    return Balance(
        customer=customer,
        currency=currency,
        on=on,
        known_at=known_at,
        outstanding_minor=sum(row.due_minor for row in owed),
        past_due_minor=sum(due for day, due in dated if day < on),
        due_now_minor=sum(due for day, due in dated if day <= on),
        credit_minor=-sum(row.due_minor for row in rows if row.number is None),
        ageing=age(rows, on),
        history=credit_history(customer.business, customer_pks, currency=currency, on=on, known_at=known_at),
    )


def credit_history(
    business: Business, customer_pks: Sequence[int], *, currency: str, on: date, known_at: datetime
) -> tuple[tuple[date, int], ...]:
    """Each day on which the credit changed, with what it was at its end, in minor units: the newest first, at most HISTORY."""
    changes: dict[date, int] = defaultdict(int)
    asked = {
        "customer_id__in": customer_pks,
        "currency": currency,
        "effective_on__lte": on,
        "recorded_at__lte": known_at,
    }
    # What is posted without an invoice lowers the balance and raises the credit; what is applied takes from it.
    for rows in (Entry.objects.filter(invoice=None), Allocation.objects.all()):
        own = rows.of(business).filter(**asked).values_list("effective_on")
        for day, amount in own.annotate(sum=Sum("amount_minor")).order_by():
            changes[day] -= amount
    credit, history = 0, []
    for day in sorted(changes):
        credit += changes[day]
        if changes[day]:
            history.append((day, credit))
    return tuple(history[: -HISTORY - 1 : -1])
