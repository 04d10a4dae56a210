"""What every printed thing consists of, whatever its design: parties, facts, tables, totals, ways to pay, texts."""

from __future__ import annotations

from dataclasses import dataclass, field

from billing.rendering.formats import Formats, country_name
from billing.rendering.labels import Labels
from einvoicing.document import Brand, Party

Fact = tuple[str, str]  # a label and its value
_CITY_FIRST = frozenset(
    {"US", "CA", "AU", "NZ", "GB", "IE", "IN", "NG", "KE", "ZA", "SG", "HK", "TH", "PH", "ID", "TW"}
)


@dataclass(frozen=True, slots=True)
class Column:
    """A table column; the one that wraps takes the width the others leave, numbers stand at the right."""

    title: str
    wraps: bool = False
    number: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a table row; `detail` stands smaller under the wrapping cell."""

    cells: tuple[str, ...]
    detail: str = ""
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Headline:
    """The one amount a reader looks for."""

    label: str
    amount: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """An ageing bucket: its share (0 to 1) of what is owed sets the length of its bar."""

    label: str
    amount: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Everything to be printed, as text."""

    title: str
    number: str
    labels: Labels
    formats: Formats
    brand: Brand
    seller: Party
    buyer: Party
    buyer_heading: str
    headline: Headline
    facts: tuple[Fact, ...]
    table: Table
    ship_to: Party | None = None
    tiles: tuple[Tile, ...] = ()
    totals: tuple[Fact, ...] = ()
    grand_total: Fact | None = None
    payment: tuple[Fact, ...] = ()
    qr: str | None = None
    texts: tuple[Fact, ...] = field(default=())
    watermark: str = ""


def address_lines(party: Party, language: str) -> list[str]:
    """The postal address in the order of its country, without the name."""
    country = (party.country or "").upper()
    town = " ".join(part for part in (party.postal_code, party.city) if part)
    if country in _CITY_FIRST:
        region = " ".join(part for part in (party.state, party.postal_code) if part)
        town = ", ".join(part for part in (party.city, region) if part)
    elif party.state:
        town = f"{town}, {party.state}" if town else party.state
    return [line for line in (party.address, party.address2, town, country_name(party.country, language)) if line]


def legal_lines(party: Party) -> list[str]:
    """The legal name where it is another one."""
    return [party.legal_name] if party.legal_name and party.legal_name != party.name else []


def identity_lines(party: Party, labels: Labels) -> list[str]:
    """The numbers a tax office knows the party by."""
    known = ((labels["tax_id"], party.tax_id), (labels["registration"], party.registration_number))
    return [f"{label} {value}" for label, value in known if value]


def contact_lines(party: Party) -> list[str]:
    """How to reach the party."""
    return [line for line in (party.email, party.phone, party.website) if line]


def party_lines(party: Party, content: Content) -> list[str]:
    """Everything under the party's name."""
    attention = [content.labels["attention"].format(name=party.attention_to)] if party.attention_to else []
    return [
        *legal_lines(party),
        *attention,
        *address_lines(party, content.labels.language),
        *identity_lines(party, content.labels),
    ]
