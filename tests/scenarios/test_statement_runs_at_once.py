"""Any number of workers on one statement run: each customer gets one message, and no worker fails."""

from __future__ import annotations

from collections import Counter

from billing import tasks
from billing.models import KeptStatement, StatementRun
from billing.selectors.books import find_all_damage
from billing.selectors.statement_plans import RunOrder
from billing.services.statement_runs import plan_run
from billing.tests.histories import day, issue, make_customer
from businesses.audit import SYSTEM
from conftest import make_business
from messaging.models import Message
from tests.scenarios.test_numbers_under_concurrency import run_all

CUSTOMERS = 30


def test_each_statement_is_sent_once(transactional_db: None) -> None:
    business = make_business("Shop")
    for number in range(CUSTOMERS):
        issue(make_customer(business, f"Customer {number}", email=f"c{number}@customer.test"), 10)
    order = RunOrder(type="open_item", end=day(400), roll_up=True)
    run = plan_run(business, order, schedule="manual:1", period="x", actor=SYSTEM)
    assert run_all(lambda _: tasks.run_statements(run.pk)) == []
    sent = Counter(message.to[0] for message in Message.objects.all())
    assert sent == {f"c{number}@customer.test": 1 for number in range(CUSTOMERS)}
    assert set(run.outcomes.values_list("outcome", flat=True)) == {"queued"}
    assert StatementRun.objects.get().state == StatementRun.State.DONE
    assert KeptStatement.objects.count() == CUSTOMERS
    assert find_all_damage() == []
