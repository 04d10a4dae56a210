"""Every curl of Earnipay's page about customers, and what it prints: only host, key, ids, times and e-mail addresses differ."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from businesses.models import Business
from conftest import Api
from dialects.earnipay.tests.conftest import Earnipay
from invoicing.lib import clock

CREATE = """{
"businessId": "biz_xyz789",
"name": "Zenith Enterprises",
"email": "accounts@zenith.test",
"phone": "+2348055551234",
"TIN": "98765432-0001",
"address": "8 Broad Street",
"city": "Lagos",
"state": "Lagos",
"country": "Nigeria"
}"""
PINNACLE = {
    "name": "Pinnacle Solutions",
    "email": "hello@pinnacle.test",
    "phone": "+2349088887777",
    "TIN": "11223344-0002",
    "city": "Abuja",
    "state": "FCT",
    "country": "Nigeria",
}
CREATED = """{
"statusCode": 201,
"message": "Customer created successfully.",
"data": {
"id": "cus_def456",
"businessId": "biz_xyz789",
"name": "Zenith Enterprises",
"email": "accounts@zenith.test",
"phone": "+2348055551234",
"TIN": "98765432-0001",
"address": "8 Broad Street",
"city": "Lagos",
"state": "Lagos",
"country": "Nigeria",
"createdAt": "2026-03-13T11:00:00.000Z",
"updatedAt": "2026-03-13T11:00:00.000Z"
}
}"""
LISTED = """{
"statusCode": 200,
"message": "Customers retrieved successfully.",
"data": {
"items": [
{
"id": "cus_def456",
"businessId": "biz_xyz789",
"name": "Zenith Enterprises",
"email": "accounts@zenith.test",
"phone": "+2348055551234",
"TIN": "98765432-0001",
"city": "Lagos",
"state": "Lagos",
"country": "Nigeria",
"createdAt": "2026-03-13T11:00:00.000Z"
},
{
"id": "cus_ghi012",
"businessId": "biz_xyz789",
"name": "Pinnacle Solutions",
"email": "hello@pinnacle.test",
"phone": "+2349088887777",
"TIN": "11223344-0002",
"city": "Abuja",
"state": "FCT",
"country": "Nigeria",
"createdAt": "2026-03-10T08:15:00.000Z"
}
],
"meta": {
"totalItems": 2,
"itemCount": 2,
"itemsPerPage": 10,
"totalPages": 1,
"currentPage": 1
}
}
}"""
CONFLICT = """{
"statusCode": 409,
"message": "A customer with the name 'Zenith Enterprises' already exists in this business.",
"error": "Conflict"
}"""


def at(text: str) -> Any:
    return clock.at(datetime.fromisoformat(text))


def printed(expected: str, answer: Any, **names: str) -> None:
    """Every printed key is there with the printed value; `names` are ids of the page and ours."""
    for theirs, ours in names.items():
        expected = expected.replace(theirs, ours)
    wanted, found = json.loads(expected), answer.json()
    assert answer.status_code == wanted["statusCode"]
    covers(wanted, found, "")


def covers(wanted: Any, found: Any, path: str) -> None:
    if isinstance(wanted, dict):
        for name, value in wanted.items():
            assert name in found, f"{path}.{name}"
            covers(value, found[name], f"{path}.{name}")
    elif isinstance(wanted, list):
        assert len(wanted) == len(found), path
        for index, (one, other) in enumerate(zip(wanted, found, strict=True)):
            covers(one, other, f"{path}.{index}")
    else:
        assert wanted == found, path


@pytest.mark.parametrize("by", ["X-API-Key", "Authorization"])
@pytest.mark.parametrize("prefix", ["", "biz_"])
def test_the_page(api: Api, alice: Business, by: str, prefix: str) -> None:
    program, business = Earnipay(api, by), str(alice.uuid)
    with at("2026-03-10T08:15:00+00:00"):
        pinnacle = program.post("/customers", {"businessId": business, **PINNACLE}).json()["data"]["id"]
    with at("2026-03-13T11:00:00+00:00"):
        made = program.post("/customers", CREATE.replace("biz_xyz789", prefix + business).encode())
    zenith = made.json()["data"]["id"]
    ids = {"cus_def456": zenith, "cus_ghi012": pinnacle, "biz_xyz789": business}
    printed(CREATED, made, **ids)
    named = f"businessId={prefix}{business}"
    printed(LISTED, program.get(f"/customers?{named}&page=1&limit=10"), **ids)
    found = program.get(f"/customers?{named}&page=1&limit=10&search=zenith").json()["data"]
    assert [one["id"] for one in found["items"]] == [zenith]
    february = f"/customers?{named}&startDate=2026-02-01T00:00:00.000Z&endDate=2026-02-28T23:59:59.000Z"
    assert program.data(february)["items"] == []
    spelt = "cus_" + zenith if prefix else zenith
    one = CREATED.replace("201", "200").replace("created successfully", "retrieved successfully")
    printed(one, program.get(f"/customers/{spelt}"), **ids)
    with at("2026-03-13T15:30:00+00:00"):
        changed = program.patch(
            f"/customers/{spelt}", {"email": "new@zenith.test", "address": "25 Adeola Odeku Street"}
        )
    after = one.replace("retrieved", "updated").replace("8 Broad Street", "25 Adeola Odeku Street")
    after = after.replace("accounts@", "new@").replace(
        '"updatedAt": "2026-03-13T11:00', '"updatedAt": "2026-03-13T15:30'
    )
    printed(after, changed, **ids)
    again = program.post("/customers", CREATE.replace("biz_xyz789", business).encode())
    assert again.json() == json.loads(CONFLICT)
    assert again.status_code == 409
    gone = program.delete(f"/customers/{spelt}")
    assert (gone.status_code, gone.json()) == (200, {"statusCode": 200, "message": "Customer deleted successfully."})
    assert program.get(f"/customers/{spelt}").status_code == 404


def test_the_errors_of_the_page(program: Earnipay, alice: Business) -> None:
    business = str(alice.uuid)
    none, nothing = Earnipay(Api(None)), "0199b2f0-0000-7000-8000-000000000000"
    answers = {
        "Bad Request": program.post("/customers", {"businessId": business}),
        "Unauthorized": none.get(f"/customers?businessId={business}"),
        "Forbidden": program.get(f"/customers?businessId={nothing}"),
        "Not Found": program.get(f"/customers/{nothing}"),
    }
    for (name, answer), status in zip(answers.items(), (400, 401, 403, 404), strict=True):
        body = answer.json()
        assert (answer.status_code, body["statusCode"], body["error"]) == (status, status, name)
    assert answers["Unauthorized"]["WWW-Authenticate"] == "Bearer"
