"""The schedules: OnlineInvoiceMaker's 1 + 5 attempts, the standard 1 + 9; jitter only ever adds."""

from __future__ import annotations

from datetime import timedelta

import pytest

from webhooks.retries import delay_after, with_jitter


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


def test_standard() -> None:
    delays = [delay_after("standard", failures) for failures in range(1, 11)]
    seconds = [delay.total_seconds() for delay in delays if delay]
    assert seconds == [5, 300, 1800, *(hours * 3600 for hours in (2, 5, 10, 14, 20, 24))]
    assert delays[-1] is None


def test_in_order_never_gives_up() -> None:
    assert delay_after("oim", 60, endless=True) == timedelta(hours=24)


@pytest.mark.parametrize("chance", [0, 0.5, 0.999])
@pytest.mark.parametrize(
    ("delay", "asked", "least", "most"),
    [
        (timedelta(minutes=1), None, 60, 66),
        (timedelta(hours=24), None, 86_400, 86_460),
        (timedelta(minutes=1), 300, 300, 330),  # Retry-After is longer
        (timedelta(minutes=5), 10, 300, 330),  # and shorter
    ],
)
def test_jitter(delay: timedelta, asked: float | None, least: float, most: float, chance: float) -> None:
    wait = with_jitter(delay, chance, retry_after=asked).total_seconds()
    assert least <= wait <= most
    assert (wait == least) == (chance == 0)
