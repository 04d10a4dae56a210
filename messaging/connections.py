"""A business's accounts at providers: connected, replaced, disconnected; their credentials never leave in the clear."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.db import transaction

from businesses import audit
from businesses.audit import Actor
from businesses.models import Business
from invoicing.lib import http
from invoicing.lib.errors import Conflict, Detail, Invalid
from invoicing.lib.secrets import encrypt
from messaging.models import Connection

Provider = Connection.Provider
BASE_URLS = {Provider.TWILIO: "https://api.twilio.com", Provider.LOB: "https://api.lob.com"}
_SENTENCES = {
    Provider.TWILIO: "Twilio must be connected to send text messages.",
    Provider.LOB: "Lob must be connected to send letters.",
}
_ACCOUNT_SID = re.compile(r"AC[0-9a-fA-F]{32}")
# A number in E.164, a short code, a messaging service, or letters (at most 11, one of them a letter).
_SENDER = re.compile(r"\+[1-9][0-9]{6,14}|[0-9]{3,8}|MG[0-9a-fA-F]{32}|(?=[0-9 ]*[A-Za-z])[A-Za-z0-9 ]{1,11}")
_CREDENTIAL = re.compile(r"[!-~]{16,200}")
_HINT = 4  # last characters that are shown
_PATH = 100  # characters that go behind a base URL, at most


@transaction.atomic
def connect_provider(
    business: Business,
    *,
    provider: str,
    account: str = "",
    credential: str = "",
    sender: str = "",
    base_url: str = "",
    actor: Actor,
) -> Connection:
    """Use this account from now on, instead of the one before; returns it.

    Without `credential` the one that is kept stays, but only for the same account and base URL: nobody shall have it sent
    elsewhere who does not know it. Invalid names the field that is wrong. Looks nothing up: see `check_base_url`.
    """
    provider = _known(provider)
    fields = {"account": account, "sender": sender, "base_url": (base_url or BASE_URLS[provider]).rstrip("/")}
    _check(provider, **fields)
    Business.objects.select_for_update(no_key=True).get(pk=business.pk)  # two at once must not both find nothing
    row = connection_of(business, provider)
    if credential:
        if not _CREDENTIAL.fullmatch(credential):
            raise Invalid.field("credential", "Expected 16–200 characters without spaces.")
        fields |= {"credential": encrypt(credential), "credential_hint": credential[-_HINT:]}
    elif row is None or (row.account, row.base_url) != (fields["account"], fields["base_url"]):
        raise Invalid.field("credential", "This field is required for another account or base URL.")
    row = row or Connection(business=business, provider=provider)
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()
    seen = {name: fields[name] for name in ("account", "sender", "base_url")}
    audit.record(business, actor, "connection.connected", row, {**seen, "new_credential": bool(credential)})
    return row


@transaction.atomic
def disconnect_provider(connection: Connection, *, actor: Actor) -> None:
    """Forget an account and its credential; what is queued and has not left fails."""
    audit.record(connection.business, actor, "connection.disconnected", connection, {"account": connection.account})
    connection.delete()


def connection_of(business: Business | int, provider: str) -> Connection | None:
    """The business's account at a provider, if it has one."""
    return Connection.objects.of(business).filter(provider=provider).first()


def connected(business: Business | int) -> set[str]:
    """Which providers the business has an account at."""
    return set(Connection.objects.of(business).values_list("provider", flat=True))


def require_connected(business: Business, provider: str) -> None:
    """Conflict (not_connected) where the business has no account at this provider."""
    if provider not in connected(business):
        raise Conflict(_SENTENCES[Provider(provider)], code="not_connected")


def check_base_url(text: str) -> None:
    """Look the host up: Invalid names `base_url` where it leads inside. Blocks for at most 2 s; no transaction around it."""
    _as_base_url(http.check_url, text)


def _known(provider: str) -> Provider:
    if provider not in Provider.values:
        raise Invalid.field("provider", f"Expected one of {', '.join(Provider.values)}.")
    return Provider(provider)


def _check(provider: Provider, *, account: str, sender: str, base_url: str) -> None:
    if provider == Provider.TWILIO:
        if not _ACCOUNT_SID.fullmatch(account):
            raise Invalid.field("account", "Expected an Account SID: AC and 32 hex digits.")
        if not _SENDER.fullmatch(sender):
            raise Invalid.field("sender", "Expected a number such as +14155550123, or a messaging service (MG…).")
    else:
        for name, value in (("account", account), ("sender", sender)):
            if value:
                raise Invalid.field(name, "Lob has none: leave it empty. Letters come from the business's address.")
    _as_base_url(http.parse_url, base_url)
    if len(base_url) > http.MAX_URL - _PATH:
        raise Invalid.field("base_url", f"At most {http.MAX_URL - _PATH} characters.")
    if "?" in base_url or "#" in base_url:
        raise Invalid.field("base_url", "Expected a URL without a query.")


def _as_base_url(check: Callable[[str], object], text: str) -> None:
    try:
        check(text)
    except Invalid as refusal:
        details = [Detail("base_url", detail.message) for detail in refusal.details]
        raise Invalid(f"base_url: {details[0].message}", details=details) from None
