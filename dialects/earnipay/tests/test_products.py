"""/earnipay/v1/products: five tax categories over ours, and unique names."""

from __future__ import annotations

from typing import Any

import pytest

from businesses.models import Business
from conftest import Api
from dialects.earnipay.tests.conftest import Earnipay, refusal


def make(program: Earnipay, business: str, name: str = "Hosting", **fields: Any) -> dict[str, Any]:
    body = {"businessId": business, "name": name, "unitPrice": 75000, **fields}
    answer = program.post("/products", body)
    assert answer.status_code == 201, answer.content
    data: dict[str, Any] = answer.json()["data"]
    return data


def test_is_made_shown_changed_and_deleted(program: Earnipay, api: Api, business: str) -> None:
    made = make(program, business, description="50 GB", taxCategory="STANDARD", unit="month")
    assert {name: value for name, value in made.items() if name not in {"id", "createdAt", "updatedAt"}} == {
        "businessId": business,
        "name": "Hosting",
        "description": "50 GB",
        "unitPrice": 75000,
        "taxCategory": "STANDARD",
        "taxPercent": 7.5,
        "unit": "month",
        "isActive": True,
    }
    path = f"/products/{made['id']}"
    assert program.data(path) == made == program.data(f"/products/prd_{made['id']}")
    native = api.get(path).json()
    assert (native["unit_price"], native["tax_rate"], native["tax_category"]) == (75000, 7.5, "S")
    changed = program.patch(path, {"unitPrice": "80000.5", "isActive": False, "unit": None}).json()
    assert (changed["statusCode"], changed["message"]) == (200, "Product updated successfully.")
    shown = changed["data"]
    assert (shown["unitPrice"], shown["isActive"], shown["unit"]) == (80000.5, False, "unit")
    gone = program.delete(path).json()
    assert gone == {"statusCode": 200, "message": "Product deleted successfully."}
    for answer in (program.get(path), program.patch(path, {}), program.delete(path)):
        assert refusal(answer) == (404, "Product not found")


@pytest.mark.parametrize(
    ("given", "shown", "native"),
    [
        ({}, ("STANDARD", 7.5), ("S", 7.5)),
        ({"taxPercent": 5}, ("STANDARD", 5), ("S", 5)),
        ({"taxCategory": "ZERO_RATED"}, ("ZERO_RATED", 0), ("Z", 0)),
        ({"taxCategory": "ZERO_RATED", "taxPercent": 0}, ("ZERO_RATED", 0), ("Z", 0)),
        ({"taxCategory": "EXEMPT"}, ("EXEMPT", 0), ("E", 0)),
        ({"taxCategory": "REDUCED", "taxPercent": 2.5}, ("REDUCED", 2.5), ("S", 2.5)),
        ({"taxCategory": "CUSTOM", "taxPercent": 12}, ("CUSTOM", 12), ("S", 12)),
    ],
)
def test_categories(
    program: Earnipay, api: Api, business: str, given: Any, shown: tuple[str, float], native: tuple[str, float]
) -> None:
    made = make(program, business, **given)
    assert (made["taxCategory"], made["taxPercent"]) == shown
    kept = api.get(f"/products/{made['id']}").json()
    assert (kept["tax_category"], kept["tax_rate"]) == native
    listed = program.data(f"/products?businessId={business}&taxCategory={shown[0]}")["items"]
    assert listed == [made]
    others = {"STANDARD", "ZERO_RATED", "EXEMPT", "REDUCED", "CUSTOM"} - {shown[0]}
    for other in others:
        assert program.data(f"/products?businessId={business}&taxCategory={other}")["items"] == []


@pytest.mark.parametrize(
    ("native", "shown"),
    [
        (("S", 7.5), "STANDARD"),
        (("S", 20), "CUSTOM"),
        (("Z", 0), "ZERO_RATED"),
        (("O", 0), "EXEMPT"),
        (("G", 0), "ZERO_RATED"),
    ],
)
def test_a_native_product(program: Earnipay, api: Api, business: str, native: tuple[str, float], shown: str) -> None:
    body = {"name": "Native", "unit_price": 1, "tax_category": native[0], "tax_rate": native[1]}
    made = api.post("/products", body).json()["id"]
    assert program.data(f"/products/{made}")["taxCategory"] == shown
    assert len(program.data(f"/products?businessId={business}&taxCategory={shown}")["items"]) == 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"taxCategory": "CUSTOM"}, "taxPercent: This field is required for CUSTOM."),
        ({"taxCategory": "REDUCED"}, "taxPercent: This field is required for REDUCED."),
        ({"taxCategory": "EXEMPT", "taxPercent": 7.5}, "taxPercent: Must be 0, or left out, for EXEMPT."),
        ({"taxCategory": "NONE"}, "taxCategory: Expected one of STANDARD, ZERO_RATED, EXEMPT, REDUCED, CUSTOM."),
        ({"taxPercent": 101}, "taxPercent: At most 100."),
        ({"unitPrice": -1}, "unitPrice: Must not be less than 0."),
        ({"unitPrice": None}, "unitPrice: This field may not be null."),
        ({"isActive": "yes"}, "isActive: Expected true or false."),
    ],
)
def test_what_is_wrong(program: Earnipay, business: str, fields: Any, message: str) -> None:
    body = {"businessId": business, "name": "Hosting", "unitPrice": 1, **fields}
    assert refusal(program.post("/products", body)) == (400, message)


def test_category_and_rate_change_together_or_not(program: Earnipay, business: str) -> None:
    path = f"/products/{make(program, business)['id']}"

    def after(body: Any) -> tuple[str, float]:
        data = program.patch(path, body).json()["data"]
        return data["taxCategory"], data["taxPercent"]

    assert after({"taxCategory": "CUSTOM", "taxPercent": 7.5}) == ("CUSTOM", 7.5)  # nothing but the kept word changes
    assert after({"taxPercent": 9}) == ("CUSTOM", 9)
    assert after({"taxCategory": "STANDARD"}) == ("STANDARD", 7.5)
    assert after({"taxCategory": "EXEMPT"}) == ("EXEMPT", 0)
    assert refusal(program.patch(path, {"taxPercent": 3})) == (400, "taxPercent: Must be 0, or left out, for EXEMPT.")
    assert after({"name": "Hosting"}) == ("EXEMPT", 0)


def test_names_are_unique(program: Earnipay, api: Api, business: str, bob: Business, bobs: Earnipay) -> None:
    first = make(program, business)
    taken = (409, "A product with the name 'HOSTING' already exists in this business.")
    assert refusal(program.post("/products", {"businessId": business, "name": "HOSTING", "unitPrice": 1})) == taken
    other = make(program, business, "Other")
    assert refusal(program.patch(f"/products/{other['id']}", {"name": "HOSTING"})) == taken
    assert program.patch(f"/products/{first['id']}", {"name": "hosting"}).status_code == 200
    assert api.post("/products", {"name": "Hosting", "unit_price": 1}).status_code == 201
    make(bobs, str(bob.uuid))
    program.delete(f"/products/{other['id']}")
    make(program, business, "Other")


def test_lists(program: Earnipay, business: str) -> None:
    make(program, business, "A", unitPrice=3)
    make(program, business, "B", unitPrice=1, isActive=False, description="Nightly")
    make(program, business, "C", unitPrice=2)

    def listed(query: str) -> list[str]:
        return [one["name"] for one in program.data(f"/products?businessId={business}&{query}")["items"]]

    assert listed("") == ["C", "B", "A"]
    assert listed("sortBy=unitPrice") == ["A", "C", "B"]
    assert listed("sortBy=name&sortOrder=asc&limit=2") == ["A", "B"]
    assert listed("isActive=false") == ["B"]
    assert listed("search=NIGHT") == ["B"]
    assert listed("dateTo=2020-01-01") == []
    for query in ("taxCategory=x", "isActive=1", "sortBy=unit"):
        assert refusal(program.get(f"/products?businessId={business}&{query}"))[0] == 400


def test_a_dry_run(program: Earnipay, business: str) -> None:
    answer = program.post("/products?dry_run=true", {"businessId": business, "name": "A", "unitPrice": 1})
    assert (answer.status_code, answer.json()["data"]["id"]) == (201, None)
    assert program.data(f"/products?businessId={business}")["items"] == []
