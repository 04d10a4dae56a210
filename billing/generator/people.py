"""Names of generated customers, and how much each of them buys."""

from __future__ import annotations

import random
from dataclasses import dataclass

from django.utils.text import slugify

from invoicing.lib.text import fold

_FIRST_WORDS = (
    "Acorn Alder Amber Anchor Arbor Ashford Aspen Atlas Aurora Avalon Bayside Beacon Birch Blue Boreal Bramble Bright "
    "Brook Cairn Canyon Cascade Cedar Chestnut Clover Cobalt Copper Coral Crane Crescent Cypress Dalton Delta Dune "
    "Eagle Ember Élan Falcon Fern Fjord Flint Forge Foxglove Garnet Glacier Golden Granite Grove Harbor Hawthorn "
    "Hazel Heron Highland Hollow Horizon Indigo Iris Ivory Jasper Juniper Kestrel Keystone Kōan Lakeside Lantern "
    "Larch Laurel Linden Lunar Magnolia Maple Meadow Meridian Mill Mistral Müller Nebula Nordic Northgate Oakwood "
    "Obsidian Ocean Olive Onyx Opal Orchard Osprey Palm Pebble Pine Prairie Quarry Quill Raven Redwood Ridge River "
    "Robin Rowan Saffron Sage Sierra Silver Sparrow Spruce Sterling Summit Sycamore Tamarack Thistle Timber Topaz "
    "Umber Valley Verdant Vista Walnut Wharf Willow Windmill Wren Yarrow Zenith Zephyr"
)
_SECOND_WORDS = (
    "Analytics Architects Bakery Bearings Books Brewing Builders Cargo Catering Ceramics Clinic Coffee Consulting "
    "Dairy Dental Design Electric Energy Engineering Estates Farms Films Fitness Foods Foundry Freight Furniture "
    "Gardens Glass Hardware Health Hotels Imports Insurance Interiors Labs Lighting Logistics Machines Marine Media "
    "Metals Mobility Motors Optics Outfitters Packaging Paper Pharmacy Plumbing Printing Realty Records Robotics "
    "Roofing Schools Security Software Solar Studios Supply Systems Textiles Tools Toys Trading Travel Vineyards "
    "Watches Works"
)
_FIRST, _SECOND = _FIRST_WORDS.split(), _SECOND_WORDS.split()
_KINDS = ("Ltd", "LLC", "GmbH", "Inc", "SARL", "S.L.", "AS", "& Sons")
_CITIES = ("Portland", "Boise", "Duluth", "Hamburg", "Nantes", "Valencia", "Bergen", "Leeds", "Tucson", "Asheville")
_SKEW = 2.2  # the first of 100,000 buys half a percent of all


@dataclass(frozen=True, slots=True)
class Person:
    """A customer's own words; its ids once it is stored."""

    name: str
    email: str
    city: str
    number: str
    pk: int = 0
    uuid: str = ""

    def values(self) -> dict[str, object]:
        """What takes the place of the model customer's words."""
        own = {"name": self.name, "email": self.email, "city": self.city, "number": self.number}
        folded = {f"customer_{name}_folded": fold(word) for name, word in own.items()}
        words: dict[str, object] = {**folded, **{f"customer_{name}": word for name, word in own.items()}}
        if not self.pk:  # only the customer's own row has it
            words["customer_slug"] = slugify(f"{self.name[:40]} {self.number}", allow_unicode=True)
        return words


def new_person(place: int, chance: random.Random) -> Person:
    """The customer with this number."""
    first, second, kind = chance.choice(_FIRST), chance.choice(_SECOND), chance.choice(_KINDS)
    email = f"accounts@{slugify(first)}-{slugify(second)}{place}.example"
    return Person(f"{first} {second} {kind}", email, chance.choice(_CITIES), f"CUST-{place:04d}")


def pick(count: int, chance: random.Random) -> int:
    """Who buys, by place: few buy much, many buy little."""
    return int(count * chance.random() ** _SKEW)
