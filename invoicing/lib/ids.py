"""Identifiers for the outside: UUIDv7 (RFC 9562), and random tokens."""

from __future__ import annotations

import os
import secrets
import time
from hashlib import sha256
from uuid import UUID


def uuid7() -> UUID:
    """A time-ordered UUID (RFC 9562 5.7): 48 bits of Unix milliseconds, the rest random."""
    stamp = time.time_ns() // 1_000_000
    number = (stamp << 80) | int.from_bytes(os.urandom(10), "big")
    number = number & ~(0xF << 76) | (7 << 76)
    return UUID(int=number & ~(0x3 << 62) | (0x2 << 62))


def secret_hex() -> str:
    """64 random hex digits."""
    return secrets.token_hex(32)


def digest(secret: str) -> str:
    """The SHA-256 of a secret in hex: what is stored of a token with 256 bits of its own."""
    return sha256(secret.encode()).hexdigest()


def parse_uuid(text: str) -> UUID | None:
    """The UUID that `text` spells in its canonical 36 characters, in either case; None for anything else."""
    try:
        value = UUID(text)
    except ValueError:
        return None
    return value if str(value) == text.lower() else None
