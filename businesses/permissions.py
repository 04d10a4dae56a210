"""What a key's scope and what a member's role allow: two tables, asked by the API and by the admin."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from businesses.callers import Caller
from businesses.models import ApiKey, Role

READ = frozenset({ApiKey.Scope.ALL, ApiKey.Scope.READ, ApiKey.Scope.WRITE})
WRITE = frozenset({ApiKey.Scope.ALL, ApiKey.Scope.WRITE})
WEBHOOKS = frozenset({ApiKey.Scope.ALL, ApiKey.Scope.WEBHOOKS})
READ_OR_WEBHOOKS = READ | WEBHOOKS
ANY = frozenset(ApiKey.Scope)

# What a view declares as `scopes`: the usual tables.
READ_WRITE = {"GET": READ, "POST": WRITE, "PATCH": WRITE, "DELETE": WRITE}
WEBHOOKS_ONLY = dict.fromkeys(("GET", "POST", "PATCH", "DELETE"), WEBHOOKS)


class HasScope(BasePermission):
    """A key's scope is in the view's `scopes` for this method, a member's role may do what its `rights` ask for this action;
    no entry, no entrance.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        method = "GET" if request.method == "HEAD" else str(request.method)
        if method.lower() not in view.http_method_names or not hasattr(view, method.lower()):
            return True  # 405 says more than 403, and there is nothing to enter
        caller: Caller = view.caller
        if caller.key is not None:
            _check_scope(caller, getattr(view, "scopes", {}).get(method))
        else:
            _check_role(caller, getattr(view, "rights", {}).get(view.action))
        return True


def _check_scope(caller: Caller, scopes: frozenset[str] | None) -> None:
    if not scopes:
        raise PermissionDenied("This call is for members who have logged in, not for API keys.")
    if caller.scope not in scopes:
        raise PermissionDenied(f"This API key's scope ({caller.scope}) does not cover this call.")


def _check_role(caller: Caller, right: str | None) -> None:
    if right is None or not may(caller.role, right):
        raise PermissionDenied(f"Your role ({caller.role}) does not allow this call.")


# Roles ---------------------------------------------------------------------------------------------------------------
_EVERYONE = frozenset(Role)
_CREATORS = frozenset({Role.OWNER, Role.ADMIN, Role.MANAGER, Role.CREATOR})
_MANAGERS = frozenset({Role.OWNER, Role.ADMIN, Role.MANAGER})
_ADMINS = frozenset({Role.OWNER, Role.ADMIN})

# action → the roles that may do it. A creator prepares, a manager sends and takes money, an admin sets up.
ROLE_TABLE: dict[str, frozenset[Role]] = {
    "view": _EVERYONE,
    "edit_customers": _CREATORS,
    "edit_products": _CREATORS,
    "edit_drafts": _CREATORS,
    "approve": _ADMINS,
    "issue": _MANAGERS,
    "send": _MANAGERS,
    "record_payment": _MANAGERS,
    "apply_credit": _MANAGERS,
    "void": _MANAGERS,
    "refund": _MANAGERS,
    "write_off": _MANAGERS,
    "adjust": _MANAGERS,
    "cancel": _MANAGERS,
    "send_statements": _MANAGERS,
    "edit_texts": _ADMINS,
    "edit_business": _ADMINS,
    "manage_members": _ADMINS,
    "manage_keys": _ADMINS,
    "manage_webhooks": _ADMINS,
    "view_audit": _ADMINS,
}


def may(role: str | None, action: str) -> bool:
    """Whether a role allows an action of ROLE_TABLE; KeyError for an action that the table does not name."""
    return role in ROLE_TABLE[action]
