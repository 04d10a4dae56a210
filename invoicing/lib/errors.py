"""What a service may refuse, said once: each kind has an HTTP status and a machine word; the edges translate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Detail:
    """What is wrong with one field, and what would be right; `field` is a dotted path such as `items.0.quantity`."""

    field: str
    message: str


class DomainError(Exception):
    """A refusal. `message` is one sentence for people, `code` a word for programs."""

    status = 400
    code = "invalid"

    def __init__(self, message: str, *, code: str | None = None, details: Sequence[Detail] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.details = tuple(details)


class Invalid(DomainError):
    """400: the request cannot be right as it stands."""

    @classmethod
    def field(cls, field: str, message: str) -> Invalid:
        """A refusal of one field."""
        return cls(f"{field}: {message}", details=[Detail(field, message)])


class Denied(DomainError):
    """403: the caller may not do this."""

    status = 403
    code = "forbidden"


class NotFound(DomainError):
    """404: no such row for this caller."""

    status = 404
    code = "not_found"


class Conflict(DomainError):
    """409: the state of things does not allow it."""

    status = 409
    code = "conflict"


class PreconditionFailed(DomainError):
    """412: the row is not what If-Match expected."""

    status = 412
    code = "precondition_failed"


class KeyReused(DomainError):
    """422: the Idempotency-Key belongs to another request."""

    status = 422
    code = "idempotency_key_reused"
