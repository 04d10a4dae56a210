"""The `{names}` that a text may hold: known per kind, filled by plain replacement, never by `str.format`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from invoicing.lib.api import unknown_name
from invoicing.lib.errors import Detail
from messaging.models import Kind

PLACEHOLDERS: dict[str, tuple[str, ...]] = {
    Kind.INVOICE: ("business_name", "customer_name", "number", "issue_date", "due_date", "total", "amount_due"),
    Kind.QUOTATION: ("business_name", "customer_name", "number", "issue_date", "expiry_date", "total"),
    Kind.CREDIT_NOTE: ("business_name", "customer_name", "number", "issue_date", "invoice_number", "total"),
    Kind.RECEIPT: ("business_name", "customer_name", "number", "payment_date", "amount", "total", "amount_due"),
    Kind.STATEMENT: ("business_name", "customer_name", "statement_date", "total"),
    Kind.INVITATION: ("business_name",),
    Kind.PASSWORD_RESET: ("business_name",),
    Kind.WEBHOOK_DISABLED: ("business_name", "url", "reason"),
}
EDITABLE = (Kind.INVOICE, Kind.QUOTATION, Kind.CREDIT_NOTE, Kind.RECEIPT, Kind.STATEMENT, Kind.INVITATION)

_NAME = re.compile(r"\{([a-z_]+)\}")
_ANYTHING = re.compile(r"\{([^{}\n]{1,100})\}")


def fill(text: str, kind: str, values: Mapping[str, str], also: tuple[str, ...] = ()) -> str:
    """`text` with its placeholders replaced, once; unknown ones stay as typed, a line of nothing but empty ones goes.

    `also` are names that are known besides those of the kind.
    """
    known = (*PLACEHOLDERS[kind], *also)
    lines = []
    for line in text.splitlines():
        names = [name for name in _NAME.findall(line) if name in known]
        if names and not any(values.get(name) for name in names):
            continue
        lines.append(_NAME.sub(lambda m: values.get(m[1], "") if m[1] in known else m[0], line))
    return "\n".join(lines)


def one_line(text: str) -> str:
    """The text without line breaks and control characters, fit for a header."""
    return " ".join("".join(" " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c for c in text).split())


def validate_text(kind: str, subject: str, body: str) -> list[Detail]:
    """What is wrong with an edited text: every unknown placeholder, and what is empty or too long; [] when all is well."""
    details = []
    for field, text, limit in (("subject", subject, 255), ("body", body, 10_000)):
        if not text.strip():
            details.append(Detail(field, "This may not be empty."))
        if len(text) > limit:
            details.append(Detail(field, f"At most {limit} characters."))
        details += [
            Detail(field, f"{{{name}}}: {unknown_name(name, PLACEHOLDERS[kind])}")
            for name in dict.fromkeys(_ANYTHING.findall(text))
            if name not in PLACEHOLDERS[kind]
        ]
    return details
