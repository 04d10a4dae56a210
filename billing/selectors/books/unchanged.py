"""What may not change has not: the database guards it, and the audit trail's hash chain holds."""

from __future__ import annotations

from collections.abc import Iterator

from businesses.audit_chain import prove_chain
from businesses.models import Business
from invoicing.lib.triggers import missing_triggers


def check_guards(business: Business) -> Iterator[str]:
    """Every trigger that keeps posted, issued and frozen rows from changing is in the database, as the code says."""
    for name in missing_triggers():
        yield f"the trigger {name} is missing or not what it should be: run manage.py migrate"


def check_audit_chain(business: Business) -> Iterator[str]:
    """Each linked entry of the audit trail follows on the one before it."""
    if broken := prove_chain(business).broken:
        yield f"audit trail: {broken}"
