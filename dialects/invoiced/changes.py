"""What of a PATCH is a change: programs send whole objects back, and what they say as it is shown changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Body = dict[str, Any]
Shown = Mapping[str, Any]
_NOTHING = object()
# What the amounts of taxes and discounts are for: with one of these changed they are said anew, as amounts.
_TAXED = frozenset({"items", "discounts", "customer", "currency"})  # of a document
_PRICED = frozenset({"catalog_item", "quantity", "unit_cost", "discounts", "taxable", "taxes"})  # of a line


def changes_of(body: Body, sent: Any, shown: Shown) -> Body:
    """A validated body without what is shown so: as it was sent, or as it was understood."""
    return {
        name: value
        for name, value in body.items()
        if shown.get(name, _NOTHING) not in (value, sent.get(name) if isinstance(sent, Mapping) else _NOTHING)
    }


def document_changes(body: Body, sent: Any, shown: Shown) -> Body:
    """As `changes_of`, for a document: a line that is sent back as it is shown is its id alone."""
    rest = changes_of(body, sent, shown)
    if "items" in rest:
        lines = {line["id"]: line for line in shown["items"]}
        pairs = zip(body["items"], sent["items"], strict=True)
        rest["items"] = [item_changes(item, own, lines.get(item.get("id"))) for item, own in pairs]
        if rest["items"] == [{"id": item["id"]} for item in shown["items"]]:
            del rest["items"]
    if "taxes" in body and rest.keys() & _TAXED:
        rest["taxes"] = body["taxes"]
    return rest


def item_changes(item: Body, sent: Any, line: Shown | None) -> Body:
    """A line item of a body as what it changes of the line that it names; its amounts as they were sent if it does."""
    if line is None:
        return item
    rest = changes_of({name: value for name, value in item.items() if name != "id"}, sent, line)
    if rest.keys() & _PRICED:
        rest |= {name: item[name] for name in ("taxes", "discounts") if name in item}
    return {"id": item["id"], **rest}
