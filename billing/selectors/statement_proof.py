"""The proof that a statement must pass before it leaves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.db.models import Q, Sum

from billing.models import Allocation, Entry
from billing.selectors.posted import Account
from billing.selectors.statements import BALANCE_FORWARD
from customers.models import Customer, CustomerBalance
from einvoicing.document import Statement
from invoicing.lib.errors import DomainError


class StatementDoesNotProve(DomainError):
    """409: the books contradict themselves; the statement must not leave."""

    status = 409
    code = "statement_does_not_prove"


_KEPT = ("outstanding_minor", "credit_minor")
_NOTHING = (0, 0)


class Ledger:
    """The ledger's side of the statements of these customers: their sums on a day, and those of today beside the kept ones."""

    def __init__(self, customers: Sequence[Customer], end: date, known_at: datetime) -> None:
        self.customers = {str(customer.uuid): customer for customer in customers}
        self.own = {"business": customers[0].business_id, "customer__in": [customer.pk for customer in customers]}
        self.on_day: dict[Account, int] = {}
        self.today = self._today(Q(effective_on__lte=end, recorded_at__lte=known_at))
        kept = CustomerBalance.objects.filter(**self.own).values_list("customer_id", "currency", *_KEPT)
        self.kept = {(pk, currency): (owed, credit) for pk, currency, owed, credit in kept}

    def _today(self, on_day: Q) -> dict[Account, tuple[int, int]]:
        """What is outstanding and what is credit, summed over all time."""
        accounts = ("customer_id", "currency")
        posted = Entry.objects.filter(**self.own).order_by().values_list(*accounts)
        sums = {"day": Sum("amount_minor", filter=on_day), "all": Sum("amount_minor")}
        sums["owed"] = Sum("amount_minor", filter=Q(invoice__isnull=False))
        outstanding, total = Counter[Account](), Counter[Account]()
        for pk, currency, day, everything, owed in posted.annotate(**sums):
            self.on_day[pk, currency] = int(day or 0)
            total[pk, currency], outstanding[pk, currency] = int(everything), int(owed or 0)
        applied = Allocation.objects.filter(**self.own).order_by().values_list(*accounts)
        for pk, currency, amount in applied.annotate(sum=Sum("amount_minor")):
            outstanding[pk, currency] -= int(amount)
        return {each: (outstanding[each], outstanding[each] - total[each]) for each in {*total, *outstanding}}

    @classmethod
    def of(cls, statement: Statement) -> Ledger:
        """That of one statement."""
        uuids = {statement.customer_id, *(account.customer_id for account in statement.accounts)}
        rows = Customer.objects.filter(uuid__in=uuids).only("uuid", "business_id", "name").order_by("pk")
        return cls([*rows], statement.end, statement.known_at)


def prove(statement: Statement, ledger: Ledger | None = None) -> None:
    """opening + Σ movements = closing = Σ open items + credit = Σ ageing = the ledger; else StatementDoesNotProve (409).

    The ledger's side is read anew (for several statements at once where it is given), and its sums over all time are held
    against the balance that is kept beside it, customer by customer: a row that was changed, added or taken away behind our
    back shows there. Call it under the customers' lock.
    """
    ledger = ledger or Ledger.of(statement)
    customers = _customers(statement, ledger)
    ageing = statement.ageing
    sums = {
        "the ledger": sum(ledger.on_day.get((pk, statement.currency), 0) for pk in customers),
        "the ageing": ageing.balance_minor,
        **_own_sums(statement),
    }
    wrong = [f"{name} says {value}" for name, value in sums.items() if value != statement.closing_minor]
    if ageing.credit_minor > 0:
        wrong.append(f"credit is {ageing.credit_minor}")
    wrong += _against_kept_balances(ledger, customers, statement.currency)
    if wrong:
        message = f"The closing balance of {statement.closing_minor} does not prove: {'; '.join(wrong)}"
        raise StatementDoesNotProve(f"{message} (minor units of {statement.currency}).")


def _customers(statement: Statement, ledger: Ledger) -> dict[int, Customer]:
    uuids = {statement.customer_id, *(account.customer_id for account in statement.accounts)}
    found = (customer for uuid in uuids if (customer := ledger.customers.get(uuid)))
    return {customer.pk: customer for customer in sorted(found, key=lambda customer: customer.pk)}


def _own_sums(statement: Statement) -> dict[str, int]:
    """The closing balance that the statement's own rows come to."""
    sums = {"the accounts": sum(account.balance_minor for account in statement.accounts)} if statement.accounts else {}
    if statement.kind == BALANCE_FORWARD:
        return {**sums, "the movements": statement.opening_minor + sum(row.amount_minor for row in statement.entries)}
    unlisted = statement.ageing.current_minor if statement.only_past_due else 0
    listed = sum(item.due_minor for item in statement.items)
    return {**sums, "the open items": listed + unlisted + statement.ageing.credit_minor}


def _against_kept_balances(ledger: Ledger, customers: dict[int, Customer], currency: str) -> list[str]:
    """What today's ledger and the kept balances say differently, of each customer."""
    pairs = (
        (pk, ledger.today.get((pk, currency), _NOTHING), ledger.kept.get((pk, currency), _NOTHING)) for pk in customers
    )
    return [_contradiction(customers, pk, today, kept) for pk, today, kept in pairs if today != kept]


def _contradiction(customers: dict[int, Customer], pk: int, ledger: Iterable[int], kept: Iterable[int]) -> str:
    whose = f" of {customers[pk].name}" if len(customers) > 1 else ""
    owed, credit = ledger
    kept_owed, kept_credit = kept
    return (
        f"today's ledger{whose} has {owed} outstanding and {credit} credit, "
        f"the kept balance {kept_owed} and {kept_credit}"
    )
