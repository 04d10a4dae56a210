"""Keys derived from SECRET_KEY, and secrets at rest encrypted with one, so that a stolen database alone reveals none."""

from __future__ import annotations

import base64
from functools import lru_cache

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def derive_key(secret_key: str, purpose: str) -> bytes:
    """32 bytes for one purpose alone: who learns them learns neither SECRET_KEY nor the key of another purpose."""
    return HKDF(SHA256(), length=32, salt=None, info=f"invoicing {purpose}".encode()).derive(secret_key.encode())


@lru_cache(maxsize=4)
def _fernet(secret_key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(derive_key(secret_key, "secrets at rest")))


def encrypt(text: str) -> str:
    """An opaque ASCII token that `decrypt` turns back."""
    return _fernet(settings.SECRET_KEY).encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """The text that was encrypted; cryptography.fernet.InvalidToken when SECRET_KEY is another one."""
    return _decrypt(settings.SECRET_KEY, token)


@lru_cache(maxsize=1000)  # a sender opens the same few for each call, and it takes as long as signing
def _decrypt(secret_key: str, token: str) -> str:
    return _fernet(secret_key).decrypt(token.encode()).decode()
