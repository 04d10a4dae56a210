"""The audit trail: who did what to which row, recorded in the transaction that did it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from businesses.models import ApiKey, AuditEntry, Business, User


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an API key, a member, or the system itself."""

    kind: str  # key | member | system
    id: str
    label: str

    @classmethod
    def key(cls, key: ApiKey) -> Actor:
        """A program with an API key."""
        return cls("key", str(key.uuid), key.name)

    @classmethod
    def member(cls, user: User) -> Actor:
        """A person in the browser."""
        return cls("member", str(user.pk), user.email)

    def as_json(self) -> dict[str, str | None]:
        """As events show it."""
        return {"kind": self.kind, "id": self.id or None, "name": self.label}


SYSTEM = Actor("system", "", "System")


class Subject(Protocol):
    """A row that the trail can name."""

    @property
    def uuid(self) -> UUID: ...


def record(
    business: Business, actor: Actor, action: str, subject: Subject, changes: Mapping[str, Any] | None = None
) -> AuditEntry:
    """Write one entry; `action` is `noun.verb`, `changes` whatever JSON helps a person to understand it, never a secret.

    TypeError for a float among the changes: databases write those differently, and the hash chain is over what was written.
    """
    _refuse_floats(changes)
    return AuditEntry.objects.create(
        business=business,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_label=actor.label[:255],
        action=action,
        subject_kind=type(subject).__name__.lower(),
        subject_id=subject.uuid,
        subject_label=str(subject)[:255],
        changes=dict(changes or {}),
    )


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError(f"{value!r} in the audit trail: write a whole number or text.")
    inside = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    for one in inside:
        _refuse_floats(one)
