"""`/companies`: the business of the key, which is the only one it opens."""

from __future__ import annotations

import re
from typing import Any

from django.utils.text import slugify
from rest_framework.request import Request
from rest_framework.response import Response

from businesses.models import Business
from dialects.corebill import ids
from dialects.corebill.door import CoreBillView

_PREFIX = re.compile(r"^[^\W\d_]+")


def company(business: Business) -> dict[str, Any]:
    """A business as CoreBill shows it; a prefix is what its numbers begin with."""
    return {
        "id": ids.spell(ids.COMPANY, business.pk),
        "object": "company",
        "name": business.name,
        "slug": slugify(business.name, allow_unicode=True),
        "currency": business.currency,
        "invoice_prefix": _prefix(business.invoice_pattern),
        "quote_prefix": _prefix(business.quotation_pattern),
        "logo_url": None,
    }


def _prefix(pattern: str) -> str | None:
    match = _PREFIX.match(pattern)
    return match[0] if match else None


class CompanyView(CoreBillView):
    """Companies of the key: one."""

    needs_company = False

    def list(self, request: Request) -> Response:
        """A list of one."""
        page = {"has_more": False, "next_cursor": None}
        return self.send({"object": "list", "url": "/v1/companies", "data": [company(self.business)], **page})
