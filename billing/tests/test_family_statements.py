"""Statements of a parent with everybody below it: whose each row is, and that the sum of many accounts proves itself."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from billing.models import KeptStatement
from billing.rendering import render_statement
from billing.selectors.statement_proof import StatementDoesNotProve, prove
from billing.selectors.statements import Wanted
from billing.services.adjustments import create_adjustment
from billing.services.statements import proved_statement, read_statement
from billing.tests.histories import cancel, clock, day, issue, make_customer, noon, pay
from businesses.audit import SYSTEM
from businesses.models import Business
from conftest import Api
from customers.models import Customer
from customers.services import delete_customer, update_customer
from einvoicing.document import Statement, canonical_json, from_json
from messaging.models import Message

Family = dict[str, Customer]


@pytest.fixture
def family(alice: Business) -> Family:
    """A holding, two daughters of which one bills in yen as well, and a granddaughter with credit."""
    with clock.at(noon(0)):
        holding = make_customer(alice, "Holding", email="ap@holding.test")
        north = make_customer(alice, "North", parent=holding)
        south = make_customer(alice, "South", parent=holding, currency="JPY")
        shop = make_customer(alice, "North Shop", parent=north)
        issue(make_customer(alice, "Stranger"), 1000)
        issue(holding, 10, due=day(5))
        paid = issue(shop, 8, due=day(5))
        issue(north, 200, due=day(40))
    with clock.at(noon(1)):
        issue(south, 700, due=day(10))
        issue(south, 30, due=day(2), currency="USD")
        pay(paid, 7_00)
    with clock.at(noon(3)):
        cancel(paid)
    return {"holding": holding, "north": north, "south": south, "shop": shop}


def of(customer: Customer, **wanted: Any) -> Statement:
    with clock.at(noon(9)):
        return proved_statement(customer, Wanted(include_children=True, **wanted))


def test_open_items_of_all_and_whose_each_is(family: Family) -> None:
    statement = of(family["holding"])
    assert [(item.customer_name, item.due_minor) for item in statement.items] == [
        ("Holding", 10_00),
        ("North", 200_00),
        ("South", 30_00),
    ]
    assert [(row.customer_name, row.balance_minor) for row in statement.accounts] == [
        ("Holding", 10_00),
        ("North", 200_00),
        ("South", 30_00),
        ("North Shop", -7_00),
    ]
    assert (statement.closing_minor, statement.total_due_minor) == (233_00, 240_00)
    assert (statement.ageing.current_minor, statement.ageing.days_1_30_minor) == (200_00, 40_00)
    assert statement.ageing.credit_minor == -7_00
    assert statement.buyer.name == "Holding"
    late = of(family["holding"], only_past_due=True)
    assert [item.customer_name for item in late.items] == ["Holding", "South"]
    assert (late.closing_minor, late.total_due_minor) == (233_00, 40_00)


def test_a_balance_is_carried_forward_over_all(family: Family) -> None:
    statement = of(family["holding"], type="balance_forward", start=day(1), end=day(9))
    assert (statement.opening_minor, statement.closing_minor) == (218_00, 233_00)
    assert [(row.customer_name, row.kind, row.amount_minor, row.balance_minor) for row in statement.entries] == [
        ("South", "invoice", 30_00, 248_00),
        ("North Shop", "payment", -7_00, 241_00),
        ("North Shop", "reversal", -8_00, 233_00),
    ]
    assert sum(row.balance_minor for row in statement.accounts) == 233_00


def test_only_what_is_below_and_one_currency_at_a_time(family: Family) -> None:
    assert {row.customer_name for row in of(family["north"]).accounts} == {"North", "North Shop"}
    yen = of(family["holding"], currency="JPY")
    assert [(item.customer_name, item.due_minor) for item in yen.items] == [("South", 700)]
    assert (yen.closing_minor, yen.currency) == (700, "JPY")
    own = of(family["south"])  # in its own currency; and with nobody below it, nothing has to be told apart
    assert (own.currency, own.closing_minor, own.accounts, own.items[0].customer_id) == ("JPY", 700, (), None)


def test_without_children_it_is_the_parent_alone(family: Family) -> None:
    with clock.at(noon(9)):
        statement = read_statement(family["holding"], Wanted())
    assert (statement.closing_minor, statement.accounts) == (10_00, ())


def test_a_deleted_child_still_owes_and_one_that_left_does_not(family: Family) -> None:
    delete_customer(family["north"], actor=SYSTEM)
    assert of(family["holding"]).closing_minor == 233_00
    update_customer(family["shop"], changes={"parent": None}, actor=SYSTEM)
    assert of(family["holding"]).closing_minor == 240_00


def test_what_was_known_before(family: Family) -> None:
    with clock.at(noon(20)):
        issue(family["shop"], 5, issue_date=day(0))
        create_adjustment(family["south"], amount_minor=3_00, currency="USD", actor=SYSTEM)
    assert of(family["holding"], end=day(9), known_at=noon(9)).closing_minor == 233_00
    with clock.at(noon(20)):
        wanted = Wanted(include_children=True)
        assert proved_statement(family["holding"], wanted).closing_minor == 235_00


@pytest.mark.parametrize("who", ["holding", "north", "south", "shop"])
@pytest.mark.parametrize("column", ["outstanding_minor", "credit_minor"])
def test_the_kept_balance_of_each_must_agree(family: Family, who: str, column: str) -> None:
    """Also where two that are wrong would cancel each other out."""
    change = (
        f"UPDATE customers_customerbalance SET {column} = {column} + %s WHERE customer_id = %s AND currency = 'USD'"  # noqa: S608
    )
    other = "north" if who == "holding" else "holding"
    with connection.cursor() as cursor:
        cursor.execute(change, [5, family[who].pk])
        cursor.execute(change, [-5, family[other].pk])
    with pytest.raises(StatementDoesNotProve, match=f"ledger of {family[who].name} has"):
        of(family["holding"])


def test_a_statement_that_lost_an_account_does_not_prove(family: Family) -> None:
    statement = of(family["holding"])
    for broken in (
        replace(statement, accounts=statement.accounts[1:]),
        replace(statement, items=statement.items[1:]),
        replace(statement, closing_minor=statement.closing_minor - 7_00),
    ):
        with pytest.raises(StatementDoesNotProve):
            prove(broken)


def test_as_many_queries_for_many_children_as_for_few(family: Family, django_assert_max_num_queries: Any) -> None:
    with clock.at(noon(9)):
        with django_assert_max_num_queries(20) as few:
            proved_statement(family["holding"], Wanted(include_children=True))
        for index in range(10):
            issue(make_customer(family["north"].business, f"Shop {index}", parent=family["north"]), 1)
        with django_assert_max_num_queries(len(few)):
            assert len(proved_statement(family["holding"], Wanted(include_children=True)).accounts) == 14


def test_the_frozen_view_keeps_whose_and_one_of_before_still_loads(family: Family) -> None:
    statement = of(family["holding"])
    assert from_json(Statement, canonical_json(statement)) == statement
    view = json.loads(canonical_json(statement))
    del view["accounts"]
    for item in view["items"]:
        del item["customer_id"], item["customer_name"]
    old = from_json(Statement, json.dumps(view).encode())
    assert (old.accounts, old.items[0].customer_name, old.items[0].due_minor) == ((), None, 10_00)


# HTTP ----------------------------------------------------------------------------------------------------------------
def path(customer: Customer, query: str) -> str:
    return f"/customers/{customer.uuid}/statement{query}"


def test_over_http(api: Api, bob_api: Api, family: Family) -> None:
    holding, north = family["holding"], family["north"]
    body = api.get(path(holding, f"?include_children=true&on={day(9)}")).json()
    assert (body["customer_id"], body["closing_balance"], body["total_due"]) == (str(holding.uuid), 233, 240)
    assert (body["items"][1]["customer_id"], body["items"][1]["customer_name"]) == (str(north.uuid), "North")
    assert body["accounts"][3] == {
        "customer_id": str(family["shop"].uuid), "customer_name": "North Shop", "balance": -7
    }  # fmt: skip
    forward = f"?include_children=true&type=balance_forward&start={day(1)}&end={day(9)}"
    entries = api.get(path(holding, forward)).json()["entries"]
    assert [row["customer_name"] for row in entries] == ["South", "North Shop", "North Shop"]
    alone = api.get(path(holding, f"?include_children=false&on={day(9)}")).json()
    assert "accounts" not in alone
    assert "customer_id" not in alone["items"][0]
    for query in ("?include_children=1", "?include_children=", "?include_children=True"):
        refused = api.get(path(holding, query))
        assert (refused.status_code, refused.json()["details"][0]["field"]) == (400, "include_children")
    assert bob_api.get(path(holding, "?include_children=true")).status_code == 404


@pytest.mark.parametrize("query", ["", f"&type=balance_forward&start={day(0)}"])
def test_the_pdf_has_a_column_for_whose(api: Api, family: Family, query: str) -> None:
    answer = api.get(path(family["holding"], f".pdf?include_children=true{query}"))
    assert answer.status_code == 200
    assert answer.content.startswith(b"%PDF")


@pytest.mark.parametrize("language", ["en", "de", "fr", "es"])
def test_names_and_amounts_of_any_length_fit(family: Family, language: str) -> None:
    items = tuple(
        replace(item, customer_name=f"{'Gesellschaft ' * 12}{index}", total_minor=999_999_999_999_999)
        for index, item in enumerate(of(family["holding"]).items)
    )
    assert render_statement(replace(of(family["holding"]), items=items, language=language)).startswith(b"%PDF")


def test_it_is_sent_frozen_with_all(api: Api, family: Family) -> None:
    answer = api.post(path(family["holding"], "/send"), {"include_children": True})
    assert (answer.status_code, answer.json()["to"]) == (202, ["ap@holding.test"])
    view = from_json(Statement, KeptStatement.objects.get().view.encode())
    assert len(view.accounts) == 4
    assert api.post(path(family["holding"], "/send"), {"include_children": "true"}).status_code == 400
    assert Message.objects.count() == 1


def test_a_deleted_parent_has_none(api: Api, family: Family) -> None:
    delete_customer(family["holding"], actor=SYSTEM)
    assert api.get(path(family["holding"], "?include_children=true")).status_code == 404
