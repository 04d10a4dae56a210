"""Random histories through Invoiced's door: no answer is an error of ours, answers add up, and the books agree with themselves."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.http import HttpResponse

from billing.selectors.books import find_contradictions
from businesses.models import Business
from dialects.invoiced.tests.conftest import Invoiced
from invoicing.lib import json

pytestmark = pytest.mark.django_db
KINDS = ("invoices", "estimates", "credit_notes")
PRICES = (0, 1, 9.99, 33.33, 0.01, 10, 1234.5, 0.005, 7.775)


class History:
    """One program that does many things, most of them sensible."""

    def __init__(self, invoiced: Invoiced, seed: int) -> None:
        self.door, self.dice = invoiced, Random(seed)  # noqa: S311 - of a test
        self.ids: dict[str, list[int]] = {}
        for code, value in (("vat", 7), ("city", 1.5), ("odd", 7.775), ("none", 0)):
            self.write("tax_rates", {"id": code, "name": code, "value": value})
        self.write("items", {"id": "hour", "name": "Hour", "unit_cost": 99.99, "taxes": ["vat", "city"]})
        self.write("items", {"id": "book", "name": "Book", "unit_cost": 12.34, "taxable": False, "description": "New"})
        for body in ({}, {"taxes": ["vat"]}, {"taxable": False, "payment_terms": "NET 30"}):
            self.write("customers", {"name": f"C{len(self.ids)}", **body})

    # Bodies -----------------------------------------------------------------------------------------------------------
    def some(self, *ways: Any) -> Any:
        return self.dice.choice(ways)

    def taxes(self) -> list[Any]:
        amount = {"amount": self.some(0, 0.07, 1, 3.85)}
        ways = ("vat", "city", "odd", "none", {"tax_rate": "vat"}, amount)
        return [self.some(*ways) for _ in range(self.some(0, 0, 1, 1, 2))]

    def line(self) -> dict[str, Any]:
        line: dict[str, Any] = {"quantity": self.some(1, 2, 3, 0.5, 1.333, -1)}
        line |= self.some({"catalog_item": "hour"}, {"catalog_item": "book"}, {"name": "A"}, {"name": "B", "type": "x"})
        if "name" in line or self.dice.random() < 0.3:
            line["unit_cost"] = self.some(*PRICES)
        return line | self.some({}, {}, {"taxes": self.taxes()}, {"taxable": False}, {"discounts": [{"amount": 0.5}]})

    def items(self, old: list[dict[str, Any]] = ()) -> list[dict[str, Any]]:  # type: ignore[assignment]
        items = [
            self.some(row, {"id": row["id"]}, {"id": row["id"], **self.line()})
            for row in old
            if self.dice.random() < 0.8
        ]
        return items + [self.line() for _ in range(self.dice.randint(0 if items else 1, 3))]

    def changes(self, old: list[dict[str, Any]] = ()) -> dict[str, Any]:  # type: ignore[assignment]
        ways = {
            "items": lambda: self.items(old),
            "taxes": self.taxes,
            "discounts": lambda: self.some([], [{"amount": 0.5}], [{"amount": 1}, {"amount": 0.01}]),
            "currency": lambda: self.some("usd", "usd", "eur", "jpy"),
            "customer": lambda: self.any("customers"),
            "name": lambda: self.some("N", None),
            "notes": lambda: self.some("x", ""),
            "payment_terms": lambda: self.some("NET 14", None),
            "draft": lambda: self.some(True, False),
            "closed": lambda: self.some(True, False),
            "metadata": lambda: self.some({}, [], {"k": "v"}),
            "date": lambda: 1_700_000_000 + self.dice.randint(0, 10) * 43_200,
        }
        return {name: ways[name]() for name in self.dice.sample(sorted(ways), self.dice.randint(1, 4))}

    def any(self, kind: str) -> int:
        return self.dice.choice(self.ids.get(kind) or [0])

    # Calls ------------------------------------------------------------------------------------------------------------
    def write(self, kind: str, body: Any, path: str = "", method: str = "POST") -> Any:
        answer: HttpResponse = self.door.call(method, path or f"/{kind}", body)
        assert answer.status_code in (200, 201, 204, 400, 404), (method, path or kind, body, answer.content)
        if answer.status_code >= 400:
            assert answer.json()["message"], answer.content
            return None
        if answer.status_code == 204:
            return None
        shown = json.decode(answer.content)
        if shown.get("id") not in self.ids.setdefault(kind, []):
            self.ids[kind].append(shown["id"])
        if "/line_items" not in path:
            again = self.door.get(f"/{kind}/{shown['id']}")
            assert json.decode(again.content) == shown, (method, path or kind, body)
        if kind in KINDS:
            adds_up(shown)
        return shown

    def get(self, kind: str) -> Any:
        pk = self.any(kind)
        answer = self.door.get(f"/{kind}/{pk}")
        return json.decode(answer.content) if answer.status_code == 200 else None

    # Steps ------------------------------------------------------------------------------------------------------------
    def step(self) -> None:
        kind = self.some(*KINDS, "invoices")
        steps = (
            self.create,
            self.create,
            self.change,
            self.change,
            self.same,
            self.act,
            self.pay,
            self.repay,
            self.pile,
        )
        self.some(*steps)(kind)

    def create(self, kind: str) -> None:
        body = {"customer": self.any("customers"), "items": self.items(), **self.changes()}
        if kind == "credit_notes" and self.ids.get("invoices") and self.dice.random() < 0.5:
            body["invoice"] = self.any("invoices")
        self.write(kind, body)

    def change(self, kind: str) -> None:
        if shown := self.get(kind):
            self.write(kind, self.changes(shown["items"]), f"/{kind}/{shown['id']}", "PATCH")

    def same(self, kind: str) -> None:
        if shown := self.get(kind):
            answer = self.door.patch(f"/{kind}/{shown['id']}", shown)
            assert (answer.status_code, json.decode(answer.content)) == (200, shown), answer.content

    def act(self, kind: str) -> None:
        path = f"/{kind}/{self.any(kind)}"
        way = self.some("/void", "/invoice" if kind == "estimates" else "", "", "DELETE")
        if way == "DELETE":
            self.write(kind, None, path, "DELETE")
        elif way:
            self.write("invoices" if way == "/invoice" else kind, {}, path + way)

    def pay(self, kind: str) -> None:
        one = self.get("invoices")
        if one is None:
            return
        part = {"type": "invoice", "invoice": one["id"], **self.some({}, {"amount": 1}, {"amount": one["balance"]})}
        applied = self.some(
            {}, {"applied_to": []}, {"applied_to": [part]}, {"applied_to": [part, {"type": "credit", "amount": 1}]}
        )
        amount = self.some(1, 5, 100, one["balance"])
        self.write("payments", {"customer": one["customer"], "amount": amount, "currency": one["currency"], **applied})
        if self.dice.random() < 0.3:
            self.write("credit_balance_adjustments", {"customer": one["customer"], "amount": self.some(1, 50)})

    def repay(self, kind: str) -> None:
        if shown := self.get("payments"):
            path = f"/payments/{shown['id']}"
            if self.dice.random() < 0.3:
                self.write("payments", None, path, "DELETE")
            elif self.dice.random() < 0.5:
                answer = self.door.patch(path, shown)
                assert shown["voided"] or answer.status_code == 200, answer.content
                assert shown["voided"] or json.decode(answer.content) == shown
            else:
                part = {"type": "invoice", "invoice": self.any("invoices"), "amount": 1}
                self.write("payments", {"applied_to": self.some([], [part])}, path, "PATCH")

    def pile(self, kind: str) -> None:
        path = f"/customers/{self.any('customers')}"
        if self.dice.random() < 0.5:
            line = self.write("line_items", self.line(), f"{path}/line_items")
            if line and self.dice.random() < 0.5:
                answer = self.door.patch(f"{path}/line_items/{line['id']}", line)
                assert json.decode(answer.content) == line, answer.content
                self.write("line_items", self.line(), f"{path}/line_items/{line['id']}", "PATCH")
        elif self.dice.random() < 0.7:
            body = {name: value for name, value in self.changes().items() if name not in ("items", "customer")}
            self.write("invoices", body, f"{path}/invoices")
        else:
            self.write("invoices", {}, f"{path}/consolidate_invoices")


def adds_up(shown: dict[str, Any]) -> None:
    """Lines, discounts and taxes are what the total says."""

    def number(rows: list[dict[str, Any]]) -> Decimal:
        return sum((Decimal(row["amount"]) for row in rows), Decimal(0))

    assert number(shown["items"]) == shown["subtotal"]
    discounts = number(shown["discounts"]) + sum(number(line["discounts"]) for line in shown["items"])
    taxes = number(shown["taxes"]) + sum(number(line["taxes"]) for line in shown["items"])
    assert shown["subtotal"] - discounts + taxes == shown["total"], shown


@pytest.mark.parametrize("seed", range(2))
def test_many_things(invoiced: Invoiced, alice: Business, seed: int) -> None:
    history = History(invoiced, seed)
    for _ in range(15):
        history.step()
    assert find_contradictions(alice) == []
