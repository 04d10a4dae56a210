"""What items and tax rates have in common: ids that are text, chosen by the client or made from the name."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Model

from billing.codes import CODE_LENGTH, is_code, validate_code
from businesses.models import OwnedQuerySet
from dialects.door import Refusal
from dialects.invoiced.door import InvoicedView
from invoicing.lib.errors import NotFound
from invoicing.lib.fields import Text

Row = TypeVar("Row", bound=Model)


class Code(Text):
    """An id that the client chooses."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": CODE_LENGTH, "validators": [validate_code], **kwargs})


class CodedView(InvoicedView):
    """A view of rows with such an id."""

    def find_coded(self, rows: OwnedQuerySet[Row], column: str, text: str, noun: str) -> Row:
        """The business's row with this id; NotFound, the same for unknown, foreign, malformed and deleted."""
        row = rows.of(self.business).filter(**{column: text}).first() if is_code(text) else None
        if row is None:
            raise NotFound(f"{noun} not found: {text[:50]}")
        return row

    @staticmethod
    def refuse(refusal: Refusal) -> dict[str, str]:
        """The services call an id what it is natively."""
        fields = [("id" if field in ("code", "slug") else field, message) for field, message in refusal.fields]
        return InvoicedView.refuse(Refusal(refusal.status, refusal.message, fields, refusal.code))
