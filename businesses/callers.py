"""Who calls the API: a program with a key's scope, or a person with a member's role; each for one business at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from businesses.audit import Actor
from businesses.models import ApiKey, Business, Member
from businesses.throttling import Verdict


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller inside one business. A key has a scope and no role, a member a role and no scope: what opens by one of
    the two stays shut for the other.
    """

    business: Business
    actor: Actor
    counted_as: str  # whose calls the rate limit counts together
    key: ApiKey | None = None
    member: Member | None = None
    memberships: tuple[Member, ...] = ()  # of a person, in all its businesses, the oldest first
    verdict: Verdict | None = None  # on a key's call, which is counted before the key is looked for

    @classmethod
    def program(cls, key: ApiKey, verdict: Verdict | None) -> Caller:
        """Whoever sends this key."""
        return cls(key.business, Actor.key(key), key.digest, key=key, verdict=verdict)

    @classmethod
    def person(cls, memberships: Iterable[Member]) -> Caller:
        """The person of these memberships, of which there is at least one; in the business that it joined first."""
        rows = tuple(sorted(memberships, key=lambda row: row.pk))
        return cls._in(rows[0], rows)

    @classmethod
    def _in(cls, member: Member, memberships: tuple[Member, ...]) -> Caller:
        actor, counted_as = Actor.member(member.user), f"member:{member.user_id}"
        return cls(member.business, actor, counted_as, member=member, memberships=memberships)

    def entering(self, member: Member) -> Caller:
        """The same person as another of its memberships."""
        return self._in(member, self.memberships)

    @property
    def scope(self) -> str | None:
        """What a key may do."""
        return self.key.scope if self.key else None

    @property
    def role(self) -> str | None:
        """What a member may do."""
        return self.member.role if self.member else None

    @property
    def keeps_answers_as(self) -> str:
        """Among whose Idempotency-Keys its own are looked for: all keys of a business share theirs, so that a program
        may change its key between two attempts; each member has its own.
        """
        return self.counted_as if self.member else ""
