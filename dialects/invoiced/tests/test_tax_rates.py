"""Invoiced's tax rates."""

from __future__ import annotations

from typing import Any

import pytest

from billing.models import TaxRate
from dialects.invoiced.tax_rates import rates_by_code, shown_tax_rates
from dialects.invoiced.tests.conftest import Invoiced
from invoicing.lib.errors import Invalid

pytestmark = pytest.mark.django_db

# The page's object, but for its times.
PRINTED = {
    "currency": None,
    "id": "vat",
    "inclusive": False,
    "is_percent": True,
    "metadata": [],
    "name": "VAT",
    "object": "tax_rate",
    "value": 5,
}


@pytest.fixture
def vat(invoiced: Invoiced) -> dict[str, Any]:
    return dict(invoiced.post("/tax_rates", form={"id": "vat", "name": "VAT", "value": "5"}).json())


def without_times(shown: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in shown.items() if name not in ("created_at", "updated_at")}


def test_the_pages_object(invoiced: Invoiced, vat: dict[str, Any]) -> None:
    assert without_times(vat) == PRINTED
    assert isinstance(vat["created_at"], int)
    assert isinstance(vat["updated_at"], int)
    assert invoiced.get("/tax_rates/vat").json() == vat
    listed = invoiced.get("/tax_rates")
    assert listed.json() == [vat]
    assert listed["X-Total-Count"] == "1"
    changed = invoiced.patch("/tax_rates/vat", {"name": "Old", "metadata": {"a": "b"}}).json()
    assert without_times(changed) == {**PRINTED, "name": "Old", "metadata": {"a": "b"}}
    assert invoiced.call("DELETE", "/tax_rates/vat").status_code == 204
    assert invoiced.get("/tax_rates/vat").status_code == 404
    assert invoiced.get("/tax_rates").json() == []


def test_an_id_is_made_of_the_name(invoiced: Invoiced) -> None:
    assert invoiced.post("/tax_rates", {"name": "State Tax", "value": 7.25}).json()["id"] == "state-tax"


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"is_percent": False}, "is_percent"),
        ({"inclusive": True}, "inclusive"),
        ({"inclusive": "1"}, "inclusive"),
        ({"value": 101}, "value"),
        ({"value": -1}, "value"),
        ({"value": "1.23456"}, "value"),
        ({"value": None}, "value"),
        ({"id": "a b"}, "id"),
        ({"id": "."}, "id"),
        ({"id": "vat"}, "id"),
        ({"name": ""}, "name"),
        ({"metadata": {"a": 1}}, "metadata.a"),
    ],
)
def test_what_is_refused_is_named(invoiced: Invoiced, vat: dict[str, Any], change: dict[str, Any], param: str) -> None:
    answer = invoiced.post("/tax_rates", {"name": "Other", "value": 1, **change})
    assert (answer.status_code, answer.json()["param"]) == (400, param)
    assert TaxRate.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"value": 6}, "value"),
        ({"id": "x"}, "id"),
        ({"is_percent": "false"}, "is_percent"),
        ({"inclusive": 1}, "inclusive"),
    ],
)
def test_only_name_and_metadata_change(
    invoiced: Invoiced, vat: dict[str, Any], change: dict[str, Any], param: str
) -> None:
    answer = invoiced.patch("/tax_rates/vat", change)
    assert (answer.status_code, answer.json()["param"]) == (400, param)
    same = {"value": 5, "id": "vat", "is_percent": True, "inclusive": False, "currency": "usd"}
    assert invoiced.patch("/tax_rates/vat", same).json() == vat


def test_sort_filter_and_replay(invoiced: Invoiced, vat: dict[str, Any]) -> None:
    body = {"id": "city", "name": "City", "value": 1, "metadata": {"k": "v"}}
    first = invoiced.post("/tax_rates", body, **{"Idempotency-Key": "k"})
    assert invoiced.post("/tax_rates", body, **{"Idempotency-Key": "k"}).content == first.content
    ids = lambda query: [row["id"] for row in invoiced.get(f"/tax_rates?{query}").json()]  # noqa: E731
    assert ids("") == ["city", "vat"]
    assert ids("sort=name%20desc") == ["vat", "city"]
    assert ids("filter[name]=VAT") == ["vat"]
    assert ids("metadata[k]=v") == ["city"]
    assert ids("per_page=1&page=2") == ["vat"]
    assert invoiced.get("/tax_rates?sort=value").json()["param"] == "sort"


@pytest.mark.parametrize("code", ["vat", "nothing", "a%00b", "%E2%82%AC", "x" * 300])
def test_foreign_and_malformed_ids_are_404(bobs: Invoiced, vat: dict[str, Any], code: str) -> None:
    for method in ("GET", "PATCH", "DELETE"):
        assert bobs.call(method, f"/tax_rates/{code}", {} if method == "PATCH" else None).status_code == 404


def test_by_code(invoiced: Invoiced, bobs: Invoiced, alice: Any, bob: Any, vat: dict[str, Any]) -> None:
    assert rates_by_code(alice, ["vat", "vat"])["vat"].rate == 5
    assert rates_by_code(alice, []) == shown_tax_rates(alice, []) == shown_tax_rates(bob, ["vat"]) == {}
    with pytest.raises(Invalid, match="No such tax rate: city"):
        rates_by_code(alice, ["vat", "city", "county"])
    with pytest.raises(Invalid, match="No such tax rate: vat"):
        rates_by_code(bob, ["vat"])
    invoiced.call("DELETE", "/tax_rates/vat")
    assert shown_tax_rates(alice, {"vat", "x"})["vat"]["value"] == 5
    with pytest.raises(Invalid):
        rates_by_code(alice, ["vat"])
