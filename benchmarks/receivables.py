"""Statements, ageing and statement runs: what this system is for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

from benchmarks.measure import Bar, Result, compare
from benchmarks.rows import copy_row, execute
from billing.models import Allocation, DueDate, Entry, Invoice, KeptStatement, Payment
from billing.rendering import render_statement
from billing.selectors.documents import logo_bytes
from billing.selectors.reports.ageing import AgeingWanted, ageing
from billing.selectors.statement_plans import RunOrder
from billing.selectors.statements import BALANCE_FORWARD, OPEN_ITEM, Wanted, statement_of
from billing.services.invoices import create_invoice
from billing.services.lines import LineDraft
from billing.services.payments import record_payment
from billing.services.statement_runs import plan_manual_run
from billing.tasks import drive_run
from businesses.audit import SYSTEM
from businesses.models import Business
from businesses.services import create_business
from customers.models import Customer
from customers.services import create_customer
from einvoicing.document import Statement, from_json
from invoicing.lib import clock


def run(*, full: bool) -> Iterator[Result]:
    """Each work in turn."""
    yield from month_of_a_long_account()
    yield ageing_of_everybody(1_000_000 if full else 100_000)
    yield statement_run(2_000 if full else 200)


def _business(name: str) -> Business:
    return create_business(name=name, actor=SYSTEM)


def _invoice(customer: Customer, day: date) -> Invoice:
    lines = [LineDraft(description="Work", quantity=Decimal(1), unit_price=Decimal(100))]
    details = {"issue_date": day, "due_date": day + timedelta(days=30)}
    make = {"lines": lines, "status": "sent", "details": details, "actor": SYSTEM}
    return create_invoice(customer.business, customer=customer, **make)  # type: ignore[arg-type]


def _analyze() -> None:
    execute("VACUUM ANALYZE")


# A month out of 10,000 entries ---------------------------------------------------------------------------------------
def month_of_a_long_account() -> Iterator[Result]:
    """5,000 invoices and as many payments of them over three years: the statement of one month, and of all.

    Of a customer who pays, all but the last two months' in full; and of one who has paid none of them in full.
    """
    business, today = _business("Long accounts"), clock.today("UTC")
    first = today - timedelta(days=1_095)
    pictures = {
        "statement of one month": today - timedelta(days=60),
        "the same, every invoice still open in part": first,
    }
    customers = {work: _long_account(business, work, first, until) for work, until in pictures.items()}
    _analyze()
    end = today - timedelta(days=400)
    month = Wanted(type=BALANCE_FORWARD, start=end - timedelta(days=30), end=end, currency="USD")
    whole = Wanted(type=BALANCE_FORWARD, start=first, end=today, currency="USD")
    for work, customer in customers.items():
        yield compare(
            work,
            partial(statement_of, customer, month),
            partial(statement_of, customer, whole),
            limit_is="the statement of the whole history",
            bar=Bar(floor=0.25, goal=0.12, better="lower"),
            facts={"entries": 10_000, "entries_of_the_month": len(statement_of(customer, month).entries)},
        )


def _long_account(business: Business, name: str, first: date, until: date) -> Customer:
    """A customer of whom what was issued before `until` is paid in full, the rest by nine tenths."""
    customer = create_customer(business, name=name, email="old@friend.test", actor=SYSTEM)
    invoice = _invoice(customer, first)
    payment = record_payment(invoice, amount_minor=9_000, details={"payment_date": first}, actor=SYSTEM)
    _lengthen(invoice, payment, 4_999, first, until)
    return customer


def _lengthen(invoice: Invoice, payment: Payment, count: int, first: date, until: date) -> None:
    """Copies of an invoice and its payment, spread over three years; `until` as in `_long_account`."""
    day = f"DATE '{first}' + (n * 1095 / {count + 1})::int"
    paid = f"{day} < DATE '{until}'"
    amount = f"CASE WHEN {paid} THEN 10000 ELSE 9000 END"
    last_invoice, last_payment = invoice.pk, payment.pk
    copy_row(invoice, count, uuid="gen_random_uuid()", number=f"'L-{last_invoice}-' || n", sequence="NULL", issue_date=day,
             due_date=f"{day} + 30", paid_minor=amount, due_minor=f"10000 - {amount}",
             status=f"CASE WHEN {paid} THEN 'paid' ELSE t.status END")  # fmt: skip
    copy_row(payment, count, uuid="gen_random_uuid()", number=f"'R-{last_payment}-' || n", sequence="NULL", payment_date=day,
             amount_minor=amount)  # fmt: skip
    owed, by = f"{last_invoice} + n", f"{last_payment} + n"
    copy_row(Entry.objects.get(invoice=invoice), count, invoice_id=owed, effective_on=day)
    copy_row(Entry.objects.get(payment=payment), count, payment_id=by, effective_on=day, amount_minor=f"-({amount})")
    applied = Allocation.objects.get(payment=payment)
    copy_row(applied, count, invoice_id=owed, payment_id=by, effective_on=day, amount_minor=amount)
    due = DueDate.objects.get(invoice=invoice)
    copy_row(due, count, invoice_id=owed, due_date=f"{day} + 30", effective_on=day)


# Ageing of everybody -------------------------------------------------------------------------------------------------
_BARE = """
SELECT bucket, SUM(due) FROM (
  SELECT CASE WHEN i.due_date >= %s THEN 0 WHEN i.due_date >= %s THEN 1 WHEN i.due_date >= %s THEN 2 ELSE 3 END AS bucket, m.due
  FROM (
    SELECT invoice_id, amount_minor AS due FROM billing_entry WHERE business_id = %s AND effective_on <= %s
    UNION ALL
    SELECT invoice_id, -amount_minor FROM billing_allocation WHERE business_id = %s AND effective_on <= %s
  ) m JOIN billing_invoice i ON i.id = m.invoice_id
) aged GROUP BY bucket
"""


def ageing_of_everybody(count: int) -> Result:
    """Open invoices of 1,000 customers, a fifth of them paid in part; as of a day within their year."""
    business, today = _business("Many debtors"), clock.today("UTC")
    customers = 1_000
    customer = create_customer(business, name="Debtor", email="d@debtor.test", actor=SYSTEM)
    first = today - timedelta(days=365)
    invoice = _invoice(customer, first)
    payment = record_payment(invoice, amount_minor=1_000, details={"payment_date": first}, actor=SYSTEM)
    columns = {"uuid": "gen_random_uuid()", "number": "'D-' || n"}
    copy_row(customer, customers, **columns, slug="NULL", name="'Debtor ' || n", name_folded="'debtor ' || n")
    _indebt(invoice, payment, count - 1, first, customer.pk, customers)
    _analyze()
    on = today - timedelta(days=60)
    wanted = AgeingWanted(on=on, known_at=clock.now(), buckets=(30, 60, 90), limit=25)
    edges = [on, on - timedelta(days=30), on - timedelta(days=60)]
    return compare(
        f"ageing of {count:,} open invoices",
        lambda: ageing(business, wanted),
        lambda: execute(_BARE, *edges, business.pk, on, business.pk, on),
        limit_is="one bare SQL aggregate of the same rows",
        bar=Bar(floor=2, goal=1.3, better="lower"),
        facts={"invoices": count, "customers": customers + 1},
    )


def _indebt(invoice: Invoice, payment: Payment, count: int, first: date, base: int, customers: int) -> None:
    """Copies of an invoice over a year and over the customers; every fifth is paid in part by one payment of its own."""
    day, owner, owed = f"DATE '{first}' + mod(n, 365)::int", f"{base} + mod(n, {customers})", f"{invoice.pk} + n"
    copy_row(invoice, count, uuid="gen_random_uuid()", number="'L-' || n", sequence="NULL", issue_date=day,
             due_date=f"{day} + 30", customer_id=owner)  # fmt: skip
    copy_row(Entry.objects.get(invoice=invoice), count, invoice_id=owed, effective_on=day, customer_id=owner)
    copy_row(DueDate.objects.get(invoice=invoice), count, invoice_id=owed, due_date=f"{day} + 30", effective_on=day)
    some, paid = count // 5, f"{payment.pk} + n"
    owner, owed, day = (
        f"{base} + mod(5 * n, {customers})",
        f"{invoice.pk} + 5 * n",
        f"DATE '{first}' + mod(5 * n, 365)::int",
    )
    copy_row(payment, some, uuid="gen_random_uuid()", number="'R-' || n", sequence="NULL", customer_id=owner)
    copy_row(Entry.objects.get(payment=payment), some, payment_id=paid, effective_on=day, customer_id=owner)
    applied = Allocation.objects.get(payment=payment)
    copy_row(applied, some, invoice_id=owed, payment_id=paid, effective_on=day, customer_id=owner)


# A run ---------------------------------------------------------------------------------------------------------------
def statement_run(count: int) -> Result:
    """So many customers with five open invoices each: everything a worker does until the mails can leave, and the PDFs alone."""
    business, today = _business("Monthly statements"), clock.today("UTC")
    for number in range(count):
        customer = create_customer(business, name=f"C{number}", email=f"c{number}@c.test", actor=SYSTEM)
        for weeks in range(5):
            _invoice(customer, today - timedelta(weeks=5 * weeks))
    _analyze()
    made: list[str] = []

    def send() -> None:
        order = RunOrder(type=OPEN_ITEM, end=today)
        drive_run(plan_manual_run(business, order, actor=SYSTEM), until=clock.later(hours=1))
        made[:] = KeptStatement.objects.of(business).order_by("-id").values_list("view", flat=True)[:count]

    def render() -> None:
        for view in made:
            statement = from_json(Statement, view.encode())
            render_statement(statement, logo=logo_bytes(business, statement.brand.logo_sha256))

    send()
    result = compare(
        f"statement run of {count:,} customers, with PDFs",
        send,
        render,
        limit_is="the PDFs alone",
        bar=Bar(floor=0.5, goal=0.7, better="higher"),
        facts={"customers": count},
    )
    result.facts["statements_per_minute_and_core"] = round(60 * count / result.ours)
    return result


__all__: list[str] = ["run"]
