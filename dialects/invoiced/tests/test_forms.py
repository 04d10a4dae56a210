"""Bracketed names as nested values."""

from __future__ import annotations

from typing import Any

import pytest

from dialects.invoiced.forms import nest
from invoicing.lib.errors import Invalid


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([("name", "A")], {"name": "A"}),
        ([("metadata[a]", "1"), ("metadata[b]", "2")], {"metadata": {"a": "1", "b": "2"}}),
        ([("to[0][name]", "A"), ("to[0][email]", "B"), ("to[1][name]", "C")], {"to": [{"name": "A", "email": "B"}, {"name": "C"}]}),
        ([("attachments[]", "1"), ("attachments[]", "2")], {"attachments": ["1", "2"]}),
        ([("items[0][taxes][0][amount]", "3.85")], {"items": [{"taxes": [{"amount": "3.85"}]}]}),
        ([("a[1]", "x")], {"a": {"1": "x"}}),  # does not count from 0
        ([("a", "1"), ("a", "2")], {"a": "2"}),
    ],
)  # fmt: skip
def test_nest(pairs: list[tuple[str, str]], expected: dict[str, Any]) -> None:
    assert nest(pairs) == expected


@pytest.mark.parametrize(
    "pairs",
    [
        *([("[a]", "1")], [("a[b", "1")], [("a]b", "1")], [("a" + "[x]" * 9, "1")]),
        *([("a", "1"), ("a[b]", "2")], [("a[b]", "1"), ("a", "2")]),
    ],
)
def test_what_cannot_be(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(Invalid):
        nest(pairs)
