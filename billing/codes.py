"""The codes by which programs name a product or a tax rate: what they may look like, and one made from a name. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import UUID

from django.core.validators import RegexValidator
from django.utils.text import slugify

CODE_LENGTH = 50
# Not a dot at first: "." and ".." are no folders of a URL.
_CODE = r"\A[A-Za-z0-9_-][A-Za-z0-9._-]{0,49}\Z"
validate_code = RegexValidator(
    _CODE,
    "Expected at most 50 letters, digits, hyphens, underscores and dots, not a dot at first.",
)


def is_code(text: str) -> bool:
    """Whether a row could have this code: what is none need not be looked for."""
    return re.match(_CODE, text) is not None


def free_code(name: str, fallback: str, uuid: UUID, *, taken: Callable[[str], bool]) -> str:
    """The name as a word of a URL; where another row has that, with the end of its own row's UUID behind it."""
    word = slugify(name)[:30].strip("-_") or fallback
    return next((code for code in (word, f"{word}-{uuid.hex[-12:]}") if not taken(code)), uuid.hex)
