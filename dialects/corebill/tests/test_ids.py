"""Twelve characters that spell a primary key, both ways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialects.corebill.ids import CUSTOMER, INVOICE, read, spell


@given(st.integers(1, 36**12 - 1))
def test_there_and_back(pk: int) -> None:
    text = spell(CUSTOMER, pk)
    assert len(text) == len("cus_") + 12
    assert read(CUSTOMER, text) == pk
    assert read(INVOICE, text) is None


def test_they_never_change() -> None:
    assert [spell(CUSTOMER, pk) for pk in (1, 2, 1_000_000)] == [
        "cus_lr1l8uska96n",
        "cus_7i36hpl4kida",
        "cus_qza6l1ogilkw",
    ]


@pytest.mark.parametrize(
    "text", ["", "cus_", "cus_abc123", "cus_A1B2C3D4E5F6", "cus_000000000000", "cus_lr1l8uska96n\n"]
)
def test_others_are_none(text: str) -> None:
    assert read(CUSTOMER, text) is None
