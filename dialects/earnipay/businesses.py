"""`/businesses`: the one business of the key, and whether its invoices are approved before they are issued."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from businesses.models import ApiKey, Business
from businesses.serializers import represent_business
from businesses.services import update_business
from dialects.earnipay import envelope, mapping
from dialects.earnipay.door import EarnipayView
from dialects.earnipay.inputs import SettingsInput
from invoicing.lib.fields import read_body

_PAGE = {"total": 1, "limit": 10, "total_pages": 1, "page": 1}


class BusinessesView(EarnipayView):
    """The business of the key."""

    needs_business = frozenset()

    def list(self, request: Request) -> Response:
        """The businesses that the caller may act for: one."""
        return self.say("Businesses retrieved successfully.", envelope.page([_shown(self.business)], _PAGE))

    def retrieve(self, request: Request, id: str) -> Response:  # noqa: A002
        """The business, where it is the caller's."""
        self.check_business(id)
        return self.say("Business retrieved successfully.", _shown(self.business))


class SettingsView(EarnipayView):
    """Settings of the business: owners and admins may change them, so only a key for everything may."""

    scopes = {"PATCH": frozenset({ApiKey.Scope.ALL})}
    needs_business = frozenset()

    def partial_update(self, request: Request, id: str) -> Response:  # noqa: A002
        """Change the settings that are given."""
        self.check_business(id)
        body = read_body(SettingsInput, request, partial=True)
        if body.get("autoSubmitToFirs"):
            raise envelope.NotBuilt("Submitting to FIRS")
        changes = {"require_approval": body["requireApproval"]} if "requireApproval" in body else {}
        business = update_business(self.business, changes=changes, actor=self.actor)
        return self.say("Business settings updated successfully.", _shown(business))


def _shown(business: Business) -> dict[str, Any]:
    return mapping.show_business(represent_business(business), require_approval=business.require_approval)
