"""One Idempotency-Key, many at once: one object, and every answer is the first, its replay, or 409."""

from __future__ import annotations

from typing import Any

from conftest import make_api, make_business
from tests.scenarios.test_numbers_under_concurrency import THREADS, run_all


def test_one_object_a_round(transactional_db: None) -> None:
    api = make_api(make_business("Shop"))
    for turn in range(3):
        answers: list[Any] = []

        def work(index: int, turn: int = turn, answers: list[Any] = answers) -> None:
            answers.append(api.post("/customers", {"name": f"Round {turn}"}, Idempotency_Key=f"key-{turn}"))

        assert run_all(work) == []
        assert len(answers) == THREADS
        made = {answer.content for answer in answers if answer.status_code == 201}
        assert len(made) == 1
        assert {answer.status_code for answer in answers} <= {201, 409}
        firsts = [a for a in answers if a.status_code == 201 and "Idempotent-Replayed" not in a]
        assert len(firsts) == 1
    assert api.get("/customers").json()["pagination"]["total"] == 3
