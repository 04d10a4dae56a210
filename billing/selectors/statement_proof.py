"""The proof that a statement must pass before it leaves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from django.db.models import Q, Sum

from billing.models import Allocation, Entry
from billing.selectors.statements import BALANCE_FORWARD, balances_on
from customers.models import Customer, CustomerBalance
from einvoicing.document import Statement
from invoicing.lib.errors import DomainError


class StatementDoesNotProve(DomainError):
    """409: the books contradict themselves; the statement must not leave."""

    status = 409
    code = "statement_does_not_prove"


def prove(statement: Statement) -> None:
    """opening + Σ movements = closing = Σ open items + credit = Σ ageing = the ledger; else StatementDoesNotProve (409).

    The ledger's side is read anew, and its sums over all time are held against the balance that is kept beside it, customer
    by customer: a row that was changed, added or taken away behind our back shows there. Call it under the customers' lock.
    """
    customers = _customers(statement)
    ageing = statement.ageing
    business_id = next(iter(customers.values())).business_id
    ledger = balances_on(business_id, [*customers], statement.currency, statement.end, statement.known_at)
    sums = {
        "the ledger": sum(ledger.values()),
        "the ageing": ageing.balance_minor,
        **_own_sums(statement),
    }
    wrong = [f"{name} says {value}" for name, value in sums.items() if value != statement.closing_minor]
    if ageing.credit_minor > 0:
        wrong.append(f"credit is {ageing.credit_minor}")
    wrong += _against_kept_balances(business_id, customers, statement.currency)
    if wrong:
        message = f"The closing balance of {statement.closing_minor} does not prove: {'; '.join(wrong)}"
        raise StatementDoesNotProve(f"{message} (minor units of {statement.currency}).")


def _customers(statement: Statement) -> dict[int, Customer]:
    uuids = {statement.customer_id, *(account.customer_id for account in statement.accounts)}
    return {row.pk: row for row in Customer.objects.filter(uuid__in=uuids).only("business_id", "name").order_by("pk")}


def _own_sums(statement: Statement) -> dict[str, int]:
    """The closing balance that the statement's own rows come to."""
    sums = {"the accounts": sum(account.balance_minor for account in statement.accounts)} if statement.accounts else {}
    if statement.kind == BALANCE_FORWARD:
        return {**sums, "the movements": statement.opening_minor + sum(row.amount_minor for row in statement.entries)}
    unlisted = statement.ageing.current_minor if statement.only_past_due else 0
    listed = sum(item.due_minor for item in statement.items)
    return {**sums, "the open items": listed + unlisted + statement.ageing.credit_minor}


def _against_kept_balances(business_id: int, customers: dict[int, Customer], currency: str) -> list[str]:
    """What today's ledger and the kept balances say differently, of each customer."""
    own = {"customer__in": [*customers], "currency": currency}
    posted = Entry.objects.of(business_id).filter(**own).order_by().values_list("customer_id")
    of_invoices = Sum("amount_minor", filter=Q(invoice__isnull=False))
    applied = Allocation.objects.of(business_id).filter(**own).order_by().values_list("customer_id")
    outstanding, total = Counter[int](), Counter[int]()
    for pk, everything, owed in posted.annotate(all=Sum("amount_minor"), owed=of_invoices):
        total[pk], outstanding[pk] = int(everything), int(owed or 0)
    for pk, amount in applied.annotate(sum=Sum("amount_minor")):
        outstanding[pk] -= int(amount)
    kept = {
        pk: amounts
        for pk, *amounts in CustomerBalance.objects.of(business_id)
        .filter(**own)
        .values_list("customer_id", "outstanding_minor", "credit_minor")
    }
    pairs = ((pk, [outstanding[pk], outstanding[pk] - total[pk]], kept.get(pk, [0, 0])) for pk in customers)
    return [_contradiction(customers, pk, ledger, beside) for pk, ledger, beside in pairs if ledger != beside]


def _contradiction(customers: dict[int, Customer], pk: int, ledger: Iterable[int], kept: Iterable[int]) -> str:
    whose = f" of {customers[pk].name}" if len(customers) > 1 else ""
    owed, credit = ledger
    kept_owed, kept_credit = kept
    return (
        f"today's ledger{whose} has {owed} outstanding and {credit} credit, "
        f"the kept balance {kept_owed} and {kept_credit}"
    )
