"""CoreBill's ids: a prefix and twelve characters that spell a primary key; the same for ever, and no count that one could read."""

from __future__ import annotations

import re
import string

_DIGITS = string.digits + string.ascii_lowercase
_LENGTH = 12
_SIZE = len(_DIGITS) ** _LENGTH
# Multiplying by a number without a common divisor with _SIZE goes once through all of them: neighbours look unlike.
_STEP = 2_862_933_555_777_941_759
_BACK = pow(_STEP, -1, _SIZE)
_SHAPE = re.compile(rf"[a-z]+_([{_DIGITS}]{{{_LENGTH}}})")

COMPANY, CUSTOMER, INVOICE, QUOTE, ITEM = "com", "cus", "inv", "quo", "itm"


def spell(prefix: str, pk: int) -> str:
    """`cus_a1b2c3d4e5f6`."""
    rest, text = pk * _STEP % _SIZE, ""
    for _ in range(_LENGTH):
        rest, digit = divmod(rest, len(_DIGITS))
        text = _DIGITS[digit] + text
    return f"{prefix}_{text}"


def read(prefix: str, text: str) -> int | None:
    """The primary key behind an id of this kind; None for anything else."""
    match = _SHAPE.fullmatch(text)
    if match is None or not text.startswith(f"{prefix}_"):
        return None
    pk = int(match[1], len(_DIGITS)) * _BACK % _SIZE
    return pk if 0 < pk < 2**63 else None
