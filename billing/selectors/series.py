"""Series of numbers: which rows they number, and which values became none."""

from __future__ import annotations

import re
from typing import Any

from django.db.models import Count

from billing.models import Adjustment, CreditNote, Invoice, Payment, Quotation

SERIES: dict[str, Any] = {model.noun: model for model in (Invoice, Quotation, CreditNote, Payment, Adjustment)}


def missing_values(rows: Any, period: str, last: int) -> list[int]:
    """The values up to a counter's `last` that are no row's, and were not passed over for a number given by hand.

    `rows` are a business's of one of SERIES. Counting comes first: where as many are given as should be, none is missing.
    """
    given = rows.order_by().filter(period=period, sequence__range=(1, last))
    if given.aggregate(count=Count("sequence", distinct=True))["count"] == last:
        return []
    lost = set(range(1, last + 1)) - set(given.values_list("sequence", flat=True))
    # By the value, not by its spelling: the pattern may have been another when the counter passed over it.
    by_hand = rows.filter(sequence=None).values_list("number", flat=True)
    passed = {int(run) for number in by_hand for run in re.findall(r"[0-9]{1,18}", number)}
    return sorted(lost - passed)
