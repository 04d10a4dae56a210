"""Where a letter goes: an address that is complete enough to be printed on an envelope."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Protocol

from invoicing.lib.errors import Detail
from messaging.placeholders import one_line

_COUNTRY = re.compile(r"[A-Z]{2}")


class HasAddress(Protocol):
    """A row with an address, such as a customer or a business."""

    @property
    def name(self) -> str: ...
    @property
    def address(self) -> str | None: ...
    @property
    def address2(self) -> str | None: ...
    @property
    def city(self) -> str | None: ...
    @property
    def state(self) -> str | None: ...
    @property
    def postal_code(self) -> str | None: ...
    @property
    def country(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """An address, each part on one line; `country` in two letters (ISO 3166)."""

    name: str
    attention_to: str
    address: str
    address2: str
    city: str
    state: str
    postal_code: str
    country: str

    @classmethod
    def of(cls, row: HasAddress, *, name: str = "", attention_to: str = "") -> PostalAddress:
        """The address of a row as it stands, complete or not; `name` goes before its own."""
        parts = (row.address, row.address2, row.city, row.state, row.postal_code, row.country)
        return cls(one_line(name) or one_line(row.name), *(one_line(part or "") for part in (attention_to, *parts)))

    def missing(self) -> list[Detail]:
        """What a letter cannot do without, by field; in the United States the state too."""
        needed = ["name", "address", "city", "postal_code", *(["state"] if self.country == "US" else [])]
        wrong = [Detail(name, "A letter needs this part of the address.") for name in needed if not getattr(self, name)]
        if not _COUNTRY.fullmatch(self.country):
            wrong.append(Detail("country", "A letter needs the country in two letters, such as US."))
        return wrong

    def lines(self, home: str) -> list[str]:
        """As it is printed; the country where it is another than `home`."""
        region = " ".join(part for part in (self.state, self.postal_code) if part)
        town = ", ".join(part for part in (self.city, region) if part)
        country = "" if self.country == home else self.country
        return [line for line in (self.name, self.attention_to, self.address, self.address2, town, country) if line]

    def as_json(self) -> dict[str, str]:
        """For the message's row; `PostalAddress(**…)` reads it."""
        return asdict(self)
