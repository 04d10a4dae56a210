"""Mail to the owners of a business about its endpoints."""

from __future__ import annotations

from businesses.audit import SYSTEM
from businesses.models import Member, Role
from messaging.addresses import MAX_RECIPIENTS, is_address
from messaging.models import Kind
from messaging.services import queue_message
from webhooks.models import Endpoint

_SUBJECT = "Webhook endpoint disabled"
_BODY = """Deliveries to this webhook endpoint of {business} have stopped:

{url}

Reason: {reason}

Its events are kept. When the endpoint works again, enable it; events that were held can then be sent again.
"""


def tell_owners_disabled(endpoint: Endpoint) -> None:
    """Queue one message to all owners who can log in; none where there are none."""
    owners = Member.objects.of(endpoint.business_id).filter(role=Role.OWNER, user__is_active=True).order_by("pk")
    addresses = [email for email in owners.values_list("user__email", flat=True) if is_address(email)][:MAX_RECIPIENTS]
    if not addresses:
        return
    business = endpoint.business
    queue_message(
        business,
        kind=Kind.WEBHOOK_DISABLED,
        to=addresses,
        subject=_SUBJECT,
        body_text=_BODY.format(business=business.name, url=endpoint.url, reason=endpoint.disabled_reason),
        subject_row=endpoint,
        actor=SYSTEM,
    )
