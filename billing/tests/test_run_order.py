"""Which customers a statement run chooses by their tags, and how it rolls children up into their parent's statement."""

from __future__ import annotations

from typing import Any

import pytest

from billing.models import KeptStatement, StatementRun
from billing.selectors.statement_plans import RunOrder
from billing.services.statement_runs import plan_run, planned_outcomes, preview_run, send_outcome
from billing.services.statement_schedule import plan_due_run
from billing.tests.histories import clock, day, issue, make_customer, noon, pay
from businesses.audit import SYSTEM
from businesses.models import Business
from businesses.services import update_business
from conftest import Api
from customers.models import Customer
from customers.services import delete_customer, update_customer
from einvoicing.document import Statement, from_json
from messaging.models import Message

Table = dict[tuple[str, str], tuple[str, str, int | None]]


def order(**fields: Any) -> RunOrder:
    return RunOrder(**{"type": "open_item", "end": day(20), "roll_up": True, **fields})


def preview(business: Business, wanted: RunOrder) -> Table:
    with clock.at(noon(20)):
        _, outcomes, amounts = preview_run(business, wanted)
    pairs = zip(outcomes, amounts, strict=True)
    return {(row.customer.name, row.currency): (row.outcome, row.reason, due) for row, due in pairs}


@pytest.fixture
def group(alice: Business) -> dict[str, Customer]:
    """A holding that owes nothing itself, two levels below it, and one who belongs to nobody."""
    with clock.at(noon(0)):
        holding = make_customer(alice, "Holding", tags=["vip"])
        north = make_customer(alice, "North", parent=holding, tags=["late", "vip"])
        south = make_customer(alice, "South", parent=holding, email=None)
        shop = make_customer(alice, "Shop", parent=north)
        alone = make_customer(alice, "Alone", tags=["late"])
        issue(north, 200, due=day(5))
        issue(south, 700, due=day(50), currency="JPY")
        issue(shop, 30, due=day(50))
        issue(alone, 4, due=day(5))
        pay(issue(holding, 1), 1_00)
    return {"holding": holding, "north": north, "south": south, "shop": shop, "alone": alone}


ON_HOLDING = ("skipped", "On the statement of Holding.", None)


def test_a_parent_gets_one_statement_per_currency_and_its_children_none(alice: Business, group: Any) -> None:
    assert preview(alice, order()) == {
        ("Holding", "JPY"): ("planned", "", 700),
        ("Holding", "USD"): ("planned", "", 230_00),
        ("North", "USD"): ON_HOLDING,
        ("South", "JPY"): ON_HOLDING,
        ("Shop", "USD"): ON_HOLDING,
        ("Alone", "USD"): ("planned", "", 4_00),
    }
    assert preview(alice, order(roll_up=False)) == {
        ("Holding", "USD"): ("skipped", "Nothing is owed.", 0),
        ("North", "USD"): ("planned", "", 200_00),
        ("South", "JPY"): ("skipped", "No e-mail address.", 700),
        ("Shop", "USD"): ("planned", "", 30_00),
        ("Alone", "USD"): ("planned", "", 4_00),
    }


def test_reasons_are_those_of_the_whole_family(alice: Business, group: Any) -> None:
    strict = preview(alice, order(only_past_due=True, minimum_minor=5_00))
    assert strict["Holding", "USD"] == ("planned", "", 200_00)
    assert strict["Holding", "JPY"] == ("skipped", "Nothing is past due.", 0)
    assert strict["Alone", "USD"] == ("skipped", "Below the minimum balance.", 4_00)
    assert preview(alice, order(minimum_minor=231_00))["Holding", "USD"][1] == "Below the minimum balance."
    forward = preview(alice, order(type="balance_forward", start=day(1)))
    assert forward["Holding", "USD"] == ("planned", "", 230_00)
    update_customer(group["holding"], changes={"email": None}, actor=SYSTEM)
    assert preview(alice, order())["Holding", "USD"] == ("skipped", "No e-mail address.", 230_00)


def test_only_those_with_one_of_the_tags(alice: Business, bob: Business, group: Any) -> None:
    issue(make_customer(bob, tags=["vip", "late"]), 1)
    assert preview(alice, order(roll_up=False, tags=("late",))).keys() == {("North", "USD"), ("Alone", "USD")}
    both = preview(alice, order(roll_up=False, tags=("vip", "late")))
    assert both.keys() == {("Holding", "USD"), ("North", "USD"), ("Alone", "USD")}
    assert preview(alice, order(tags=("VIP",))) == {}
    named = order(roll_up=False, tags=("late",), customer_pks=(group["north"].pk, group["shop"].pk))
    assert preview(alice, named).keys() == {("North", "USD")}


def test_a_parent_that_is_chosen_takes_its_children_chosen_or_not(alice: Business, group: Any) -> None:
    assert preview(alice, order(tags=("vip",))) == {
        ("Holding", "JPY"): ("planned", "", 700),
        ("Holding", "USD"): ("planned", "", 230_00),
        ("North", "USD"): ON_HOLDING,
    }
    # Where the holding is not chosen, the highest who is gets the statement of what is below it.
    assert preview(alice, order(tags=("late",))) == {
        ("North", "USD"): ("planned", "", 230_00),
        ("Alone", "USD"): ("planned", "", 4_00),
    }
    named = order(customer_pks=(group["south"].pk, group["shop"].pk))
    assert preview(alice, named).keys() == {("South", "JPY"), ("Shop", "USD")}


def test_a_deleted_parent_in_between_stands_in_nobodys_way(alice: Business, group: Any) -> None:
    delete_customer(group["north"], actor=SYSTEM)
    found = preview(alice, order())
    assert found["Holding", "USD"] == ("planned", "", 230_00)
    assert found["Shop", "USD"] == ON_HOLDING
    assert ("North", "USD") not in found
    delete_customer(group["holding"], actor=SYSTEM)
    assert preview(alice, order())["Shop", "USD"] == ("planned", "", 30_00)


def test_what_was_planned_is_what_is_sent(alice: Business, group: Any) -> None:
    with clock.at(noon(20)):
        run = plan_run(alice, order(tags=("vip",)), schedule="manual:1", period="x", actor=SYSTEM)
        assert [send_outcome(pk) for pk in planned_outcomes(run)] == [True, True]
    assert (run.tags, run.roll_up) == (["vip"], True)
    views = [from_json(Statement, kept.view.encode()) for kept in KeptStatement.objects.order_by("id")]
    assert [(view.currency, view.total_due_minor, len(view.accounts)) for view in views] == [
        ("JPY", 700, 4),
        ("USD", 230_00, 4),
    ]
    assert set(run.outcomes.values_list("customer__name", "outcome")) == {("Holding", "queued"), ("North", "skipped")}


def test_many_levels_take_no_more_queries(alice: Business, group: Any, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(20) as few:
        preview(alice, order())
    with clock.at(noon(0)):
        parent = group["shop"]
        for index in range(8):
            parent = make_customer(alice, f"Level {index}", parent=parent)
            issue(parent, 1)
    with django_assert_max_num_queries(len(few)):
        assert preview(alice, order())["Holding", "USD"] == ("planned", "", 238_00)


def test_the_schedule_takes_tags_and_roll_up_from_the_settings(alice: Business, group: Any) -> None:
    changes = {"statement_frequency": "monthly", "statement_tags": ["vip"], "statement_roll_up": True}
    with clock.at(noon(1)):
        alice = update_business(alice, changes=changes, actor=SYSTEM)
    with clock.at(noon(31)):
        run = plan_due_run(alice)
    assert run is not None
    assert (run.tags, run.roll_up) == (["vip"], True)
    assert set(run.outcomes.values_list("customer__name", flat=True)) == {"Holding", "North"}


# HTTP ----------------------------------------------------------------------------------------------------------------
def test_over_http(api: Api, bob_api: Api, group: Any) -> None:
    body = {"tags": ["vip"], "roll_up": True, "on": day(20).isoformat()}
    dry = api.post("/statement-runs?dry_run=true", body).json()
    assert (dry["tags"], dry["roll_up"], dry["total"], dry["done"], dry["outcomes_total"]) == (["vip"], True, 3, 1, 3)
    assert dry["counts"] == {"planned": 2, "queued": 0, "sent": 0, "failed": 0, "skipped": 1}
    assert [(row["currency"], row["amount"], row["reason"]) for row in dry["outcomes"]] == [
        ("JPY", 700, None),
        ("USD", 230, None),
        ("USD", None, "On the statement of Holding."),
    ]
    assert not StatementRun.objects.exists()
    made = api.post("/statement-runs", body, Idempotency_Key="once")
    again = api.post("/statement-runs", body, Idempotency_Key="once")
    assert (made.status_code, made.content) == (201, again.content)
    assert (made.json()["tags"], made.json()["roll_up"]) == (["vip"], True)
    assert StatementRun.objects.count() == 1
    assert bob_api.post("/statement-runs?dry_run=true", body).json()["outcomes"] == []
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"tags": "vip"}, "tags"),
        ({"tags": ["a,b"]}, "tags"),
        ({"tags": [""]}, "tags.0"),
        ({"tags": [1]}, "tags.0"),
        ({"tags": ["x"] * 21}, "tags"),
        ({"roll_up": "yes"}, "roll_up"),
        ({"rollup": True}, "rollup"),
    ],
)
def test_what_is_wrong_is_named(api: Api, body: dict[str, Any], field: str) -> None:
    answer = api.post("/statement-runs", body)
    assert (answer.status_code, answer.json()["details"][0]["field"]) == (400, field)
