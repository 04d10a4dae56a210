"""The proof that a statement must pass before it leaves."""

from __future__ import annotations

from django.db.models import Q, Sum

from billing.models import Allocation, Entry
from billing.selectors.statements import BALANCE_FORWARD, balance_on
from customers.models import Customer, CustomerBalance
from einvoicing.document import Statement
from invoicing.lib.errors import DomainError


class StatementDoesNotProve(DomainError):
    """409: the books contradict themselves; the statement must not leave."""

    status = 409
    code = "statement_does_not_prove"


def prove(statement: Statement) -> None:
    """opening + Σ movements = closing = Σ open items + credit = Σ ageing = the ledger; else StatementDoesNotProve (409).

    The ledger's side is read anew, and its sums over all time are held against the balance that is kept beside it: a row
    that was changed, added or taken away behind our back shows there. Call it under the customer's lock.
    """
    customer = Customer.objects.get(uuid=statement.customer_id)
    ageing = statement.ageing
    sums = {
        "the ledger": balance_on(customer, statement.currency, statement.end, statement.known_at),
        "the ageing": ageing.balance_minor,
        **_own_sums(statement),
    }
    wrong = [f"{name} says {value}" for name, value in sums.items() if value != statement.closing_minor]
    if ageing.credit_minor > 0:
        wrong.append(f"credit is {ageing.credit_minor}")
    wrong += _against_kept_balance(customer, statement.currency)
    if wrong:
        message = f"The closing balance of {statement.closing_minor} does not prove: {'; '.join(wrong)}"
        raise StatementDoesNotProve(f"{message} (minor units of {statement.currency}).")


def _own_sums(statement: Statement) -> dict[str, int]:
    """The closing balance that the statement's own rows come to."""
    if statement.kind == BALANCE_FORWARD:
        return {"the movements": statement.opening_minor + sum(entry.amount_minor for entry in statement.entries)}
    unlisted = statement.ageing.current_minor if statement.only_past_due else 0
    listed = sum(item.due_minor for item in statement.items)
    return {"the open items": listed + unlisted + statement.ageing.credit_minor}


def _against_kept_balance(customer: Customer, currency: str) -> list[str]:
    own = {"customer": customer, "currency": currency}
    of_invoices = Sum("amount_minor", filter=Q(invoice__isnull=False))
    posted = Entry.objects.of(customer.business_id).filter(**own).aggregate(all=Sum("amount_minor"), owed=of_invoices)
    applied = Allocation.objects.of(customer.business_id).filter(**own).aggregate(sum=Sum("amount_minor"))["sum"]
    outstanding = int(posted["owed"] or 0) - int(applied or 0)
    credit = outstanding - int(posted["all"] or 0)
    kept = CustomerBalance.objects.of(customer.business_id).filter(**own).first()
    expected = (kept.outstanding_minor, kept.credit_minor) if kept else (0, 0)
    if (outstanding, credit) == expected:
        return []
    return [
        f"today's ledger has {outstanding} outstanding and {credit} credit, the kept balance {expected[0]} and {expected[1]}"
    ]
