"""Tags of a customer: kept, refused, found by the whole word."""

from __future__ import annotations

import pytest

from customers.models import Customer


@pytest.fixture
def tagged(api):
    given = {
        "Ann": ["vip", "north"],
        "Ben": ["VIP"],
        "Cem": ["vip-2", "no vip"],
        "Dan": [],
        "Eve": ['say "hi" \\ 100%', "é"],
    }
    for name, tags in given.items():
        assert api.post("/customers", {"name": name, "tags": tags}).json()["tags"] == tags
    return given


def found(api, tag):
    answer = api.get(f"/customers?tag={tag}")
    assert answer.status_code == 200, answer.content
    return sorted(row["name"] for row in answer.json()["data"])


@pytest.mark.parametrize(
    ("tag", "names"),
    [
        ("vip", ["Ann"]),
        ("VIP", ["Ben"]),
        ("vi", []),
        ("vip-", []),
        ("no%20vip", ["Cem"]),
        ("%5B%22vip%22%5D", []),
        ("say%20%22hi%22%20%5C%20100%25", ["Eve"]),
        ("%C3%A9", ["Eve"]),
        ("%25", []),
        ("vip,north", []),
    ],
)
def test_the_whole_word_is_found_and_nothing_else(api, bob_api, tagged, tag, names):
    bob_api.post("/customers", {"name": "Foreign", "tags": ["vip"]})
    assert found(api, tag) == names


def test_with_other_filters_and_pages(api, tagged):
    assert found(api, "vip&name=ann") == ["Ann"]
    assert found(api, "vip&name=ben") == []
    page = api.get("/customers?tag=vip&limit=1").json()
    assert page["pagination"]["total"] == 1
    assert api.get(f"/customers?tag={'x' * 41}").status_code == 400


def test_they_are_replaced_whole_and_told(api):
    created = api.post("/customers", {"name": "Ann"}).json()
    assert created["tags"] == []
    changed = api.patch(f"/customers/{created['id']}", {"tags": [" vip ", "late"]}).json()
    assert changed["tags"] == ["vip", "late"]
    assert api.get(f"/customers/{created['id']}").json()["tags"] == ["vip", "late"]
    event = api.get("/events?limit=1").json()["data"][0]
    assert (event["type"], event["previous"]) == ("customer.updated", {"tags": []})
    assert api.patch(f"/customers/{created['id']}", {"phone": "1"}).json()["tags"] == ["vip", "late"]
    assert api.patch(f"/customers/{created['id']}", {"tags": []}).json()["tags"] == []


@pytest.mark.parametrize(
    "tags",
    [
        "vip",
        {"vip": True},
        None,
        [1],
        [None],
        [["vip"]],
        [""],
        ["  "],
        ["a,b"],
        ["a\nb"],
        ["x" * 41],
        ["vip", "vip"],
        ["vip", " vip"],
        [str(n) for n in range(21)],
    ],
)
def test_what_is_no_list_of_words_is_refused(api, alice, tags):
    answer = api.post("/customers", {"name": "Ann", "tags": tags})
    assert answer.status_code == 400, answer.content
    assert answer.json()["details"][0]["field"].split(".")[0] == "tags"
    assert not Customer.objects.exists()


def test_twenty_words_of_forty_characters_fit(api, alice):
    tags = [f"{n:02}" + "ü" * 38 for n in range(20)]
    assert api.post("/customers", {"name": "Ann", "tags": tags}).json()["tags"] == tags
