"""`/businesses`: those of the caller, and whether the invoices of one are approved before they are issued."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from businesses import paging
from businesses.models import ApiKey, Business
from businesses.paging import Order
from businesses.serializers import represent_business
from businesses.services import update_business
from dialects.earnipay import envelope, mapping
from dialects.earnipay.door import EarnipayView
from dialects.earnipay.inputs import SettingsInput
from dialects.earnipay.paging import ours
from invoicing.lib.fields import read_body

SORTS = {"createdAt": Order("pk", False), "name": Order("name", False)}


class BusinessesView(EarnipayView):
    """The business of the key, or all that the person is a member of."""

    rights = dict.fromkeys(("list", "retrieve", "later"), "view")
    needs_business = frozenset()
    id_is_business = frozenset({"retrieve"})

    def list(self, request: Request) -> Response:
        """The businesses that the caller may act for."""
        own = {row.business_id: row.business for row in self.caller.memberships} or {self.business.pk: self.business}
        rows = Business.objects.filter(pk__in=own)
        page = paging.paginate(rows, ours(self.parameters, SORTS), among=rows, sorts=SORTS, columns=("pk",))
        shown = [_shown(own[row["pk"]]) for row in page.rows]
        return self.say("Businesses retrieved successfully.", envelope.page(shown, page.pagination))

    def retrieve(self, request: Request, id: str) -> Response:  # noqa: A002
        """The business, where it is the caller's."""
        return self.say("Business retrieved successfully.", _shown(self.business))


class SettingsView(EarnipayView):
    """Settings of the business: owners and admins may change them, so only a key for everything may."""

    scopes = {"PATCH": frozenset({ApiKey.Scope.ALL})}
    rights = {"partial_update": "edit_business"}
    needs_business = frozenset()
    id_is_business = frozenset({"partial_update"})

    def partial_update(self, request: Request, id: str) -> Response:  # noqa: A002
        """Change the settings that are given."""
        body = read_body(SettingsInput, request, partial=True)
        if body.get("autoSubmitToFirs"):
            raise envelope.NotBuilt("Submitting to FIRS")
        changes = {"require_approval": body["requireApproval"]} if "requireApproval" in body else {}
        business = update_business(self.business, changes=changes, actor=self.actor)
        return self.say("Business settings updated successfully.", _shown(business))


def _shown(business: Business) -> dict[str, Any]:
    return mapping.show_business(represent_business(business), require_approval=business.require_approval)
