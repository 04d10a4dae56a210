"""When an invoice is due: what is written as payment terms, read as days."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta

_DAYS = re.compile(r"^(?:net|n|due in)?\s*(\d{1,3})\s*(?:days?|d|tage|jours|días)?(?:\s*net)?$", re.IGNORECASE)
_AT_ONCE = {"due on receipt", "on receipt", "immediate", "immediately", "cod", "due now", "cash on delivery"}
_END_OF_MONTH = re.compile(r"^(?:net\s*)?(\d{1,3})?\s*(?:days?)?\s*(?:eom|end of month)$", re.IGNORECASE)


def due_date(terms: str | None, issue_date: date) -> date | None:
    """The day on which an invoice with these terms is due; None where they name no day ("NET 30", "Due on receipt", "EOM")."""
    text = " ".join((terms or "").split()).casefold()
    if text in _AT_ONCE:
        return issue_date
    if found := _DAYS.match(text):
        return issue_date + timedelta(days=int(found.group(1)))
    if found := _END_OF_MONTH.match(text):
        day = issue_date + timedelta(days=int(found.group(1) or 0))
        return day.replace(day=monthrange(day.year, day.month)[1])
    return None
