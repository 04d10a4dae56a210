"""The schedule of OnlineInvoiceMaker: 1 + 5 attempts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from webhooks.retries import delay_after


@pytest.mark.parametrize(
    ("failures", "delay"),
    [
        (1, timedelta(minutes=1)),
        (2, timedelta(minutes=5)),
        (3, timedelta(minutes=30)),
        (4, timedelta(hours=2)),
        (5, timedelta(hours=24)),
        (6, None),
        (60, None),
    ],
)
def test_oim(failures: int, delay: timedelta | None) -> None:
    assert delay_after("oim", failures) == delay


def test_an_unknown_schedule_is_an_error() -> None:
    with pytest.raises(KeyError):
        delay_after("sometimes", 1)
