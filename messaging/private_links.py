"""A link that only its reader may see: in the stored message a marker stands for it, which nobody can guess."""

from __future__ import annotations

from dataclasses import dataclass

from invoicing.lib.ids import secret_hex
from invoicing.lib.secrets import decrypt, encrypt


@dataclass(frozen=True, slots=True)
class PrivateLink:
    """A URL and the marker that stands for it."""

    marker: str
    url: str

    @classmethod
    def to(cls, url: str) -> PrivateLink:
        """The URL under a new marker. Nobody can know that, so no text of a tenant's can hold it as well."""
        return cls(f"private-link-{secret_hex()}", url)

    def seal(self) -> str:
        """Both, encrypted, for the message's row."""
        return encrypt(f"{self.marker}\n{self.url}")

    @classmethod
    def open(cls, sealed: str) -> PrivateLink:
        """What `seal` gave."""
        return cls(*decrypt(sealed).split("\n", 1))
