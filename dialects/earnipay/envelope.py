"""The envelope of every answer: `{statusCode, message, data}`, and `{statusCode, message, error}` for a refusal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from dialects.door import Refusal
from invoicing.lib.errors import DomainError

# Our names of fields, as a refusal says them → Earnipay's, where they are not the same word in camelCase.
_THEIRS = {
    "tax_id": "TIN",
    "legal_name": "businessName",
    "tax_rate": "taxPercent",
    "discount_amount": "discount",
    "terms": "paymentTerms",
    "active": "isActive",
}


class NotBuilt(DomainError):
    """501: Earnipay has this call, and this server does not have it yet."""

    status = 501
    code = "not_built"

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is not built yet on this server.")


def answer(status: int, message: str, data: Any = None) -> dict[str, Any]:
    """What a call answers; without `data` there is no such key, as after a deletion."""
    return {"statusCode": status, "message": message, **({} if data is None else {"data": data})}


def page(items: list[dict[str, Any]], pagination: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a list."""
    meta = {
        "totalItems": pagination["total"],
        "itemCount": len(items),
        "itemsPerPage": pagination["limit"],
        "totalPages": pagination["total_pages"],
        "currentPage": pagination["page"],
    }
    return {"items": items, "meta": meta}


def refused(refusal: Refusal) -> dict[str, Any]:
    """A refusal: one sentence, which names a field as Earnipay does."""
    message = refusal.message
    for field, _ in refusal.fields:
        if message.startswith(f"{field}: "):
            message = f"{_their_name(field)}: {message.removeprefix(f'{field}: ')}"
    return {"statusCode": refusal.status, "message": message, "error": HTTPStatus(refusal.status).phrase}


def _their_name(field: str) -> str:
    return ".".join(_THEIRS.get(part) or _camel(part) for part in field.split("."))


def _camel(word: str) -> str:
    return re.sub(r"_(\w)", lambda found: found[1].upper(), word)
