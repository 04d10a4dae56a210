"""Why a document's amounts are what they are: every rounding and every share, from what is stored.

Nothing is rounded a second time here: what a step should exactly have been is computed with fractions, what it was rounded
to is read from the rows, and the difference is the residual. Amounts are in major units.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from billing.models import CreditNote, CreditNoteLine, Document, DocumentLine
from invoicing.lib.money import exponent, major_number, number

Step = dict[str, Any]
_ROUNDING = "rounding (half away from zero)"
_DIGITS = 12  # of an unrounded amount that never ends


def explain(document: Document) -> list[Step]:
    """The steps from the lines to the total, in the order in which they were made."""
    lines: list[Any] = list(document.lines.order_by("position"))  # type: ignore[attr-defined]
    teller = _Teller(document.currency)
    if isinstance(document, CreditNote) and document.basis is not None:
        return [*_drawn(teller, document, lines), *_sums(teller, document)]
    steps = [step for index, line in enumerate(lines) for step in _line(teller, index, line)]
    steps += _document_discount(teller, document, lines)
    steps += _taxes(teller, document, lines)
    return [*steps, *_sums(teller, document)]


class _Teller:
    """Writes steps in one currency."""

    def __init__(self, currency: str) -> None:
        self.currency = currency
        self.unit = 10 ** exponent(currency)

    def amount(self, minor: int) -> Any:
        """Minor units as a number of the API."""
        return major_number(minor, self.currency)

    def step(
        self, name: str, inputs: dict[str, Any], exact: Fraction, rounded: int, residual_to: str | None = None
    ) -> Step:
        """One step; `exact` and `rounded` are in minor units."""
        residual = exact - rounded
        return {
            "step": name,
            "inputs": inputs,
            "unrounded": _decimal(exact / self.unit),
            "rounded": self.amount(rounded),
            "residual": _decimal(residual / self.unit),
            "residual_to": (residual_to or _ROUNDING) if residual else None,
        }

    def shares(self, name: str, total: int, weights: Sequence[int], parts: Sequence[int], field: str) -> list[Step]:
        """A total that was divided over lines by largest remainder; `name` has a place for the line's index."""
        whole = sum(weights)
        exact = [Fraction(total * weight, whole) if whole else Fraction(total, len(weights)) for weight in weights]
        takers = [name.format(i) for i, (part, due) in enumerate(zip(parts, exact, strict=True)) if part > due]
        to = f"largest remainder: {', '.join(takers)}" if takers else None
        return [
            self.step(
                name.format(i),
                {"total": self.amount(total), field: self.amount(weight), f"of_{field}": self.amount(whole)},
                due,
                part,
                to,
            )
            for i, (weight, part, due) in enumerate(zip(weights, parts, exact, strict=True))
        ]


def _decimal(value: Fraction) -> Any:
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return number(round(exact, _DIGITS)) if exact else 0


def _percent(amount: int, rate: Decimal) -> Fraction:
    return amount * Fraction(rate) / 100


# Lines ---------------------------------------------------------------------------------------------------------------
def _line(teller: _Teller, index: int, line: DocumentLine) -> list[Step]:
    name = f"items.{index}"
    exact = Fraction(line.quantity) * Fraction(line.unit_price) * teller.unit
    inputs = {"quantity": number(line.quantity), "unit_price": number(line.unit_price)}
    steps = [teller.step(f"{name}.gross", inputs, exact, line.gross_minor)]
    if line.discount_rate is not None:
        given = {"gross": teller.amount(line.gross_minor), "discount_rate": number(line.discount_rate)}
        taken = _percent(line.gross_minor, line.discount_rate)
        steps.append(teller.step(f"{name}.discount_amount", given, taken, line.discount_minor))
    elif line.discount_minor:
        given = {"discount_amount": teller.amount(line.discount_minor)}
        steps.append(teller.step(f"{name}.discount_amount", given, Fraction(line.discount_minor), line.discount_minor))
    return steps


def _document_discount(teller: _Teller, document: Document, lines: Sequence[DocumentLine]) -> list[Step]:
    """What is taken off the whole, and each line's share of it."""
    nets = [line.gross_minor - line.discount_minor for line in lines]
    parts = [net - line.net_minor for net, line in zip(nets, lines, strict=True)]
    value = document.discount_value
    if not value or document.discount_type is None:
        return []
    percentage = document.discount_type == Document.Discount.PERCENTAGE
    exact = _percent(sum(nets), value) if percentage else Fraction(value) * teller.unit
    inputs = {
        "lines": teller.amount(sum(nets)),
        "discount_value": number(value),
        "discount_type": document.discount_type,
    }
    steps = [teller.step("discount", inputs, exact, sum(parts))]
    return [*steps, *teller.shares("items.{}.discount_share", sum(parts), nets, parts, "net")]


# Taxes ---------------------------------------------------------------------------------------------------------------
def _taxes(teller: _Teller, document: Document, lines: Sequence[DocumentLine]) -> list[Step]:
    """Per rate and shared out (EN 16931 BR-CO-17), or, where the document is rounded so, on each line."""
    if document.rounding == document.business.Rounding.LINE:
        return [_line_tax(teller, index, line) for index, line in enumerate(lines)]
    groups: dict[tuple[str, Decimal], list[int]] = {}
    for index, line in enumerate(lines):
        groups.setdefault((line.tax_category, line.tax_rate), []).append(index)
    steps = []
    for (category, rate), members in groups.items():
        nets, taxes = [lines[i].net_minor for i in members], [lines[i].tax_minor for i in members]
        inputs = {"category": category, "base": teller.amount(sum(nets)), "rate": number(rate)}
        steps.append(teller.step(f"tax.{category}.{number(rate)}", inputs, _percent(sum(nets), rate), sum(taxes)))
        shared = teller.shares("{}", sum(taxes), nets, taxes, "net")
        for place, step in zip(members, shared, strict=True):
            to = step["residual_to"]
            steps.append({**step, "step": f"items.{place}.tax_amount", "residual_to": to and _named(to, members)})
    return steps


def _named(to: str, members: Sequence[int]) -> str:
    """The takers of a residual by their place in the document."""
    label, _, places = to.partition(": ")
    if not places:
        return to
    return f"{label}: {', '.join(f'items.{members[int(place)]}.tax_amount' for place in places.split(', '))}"


def _line_tax(teller: _Teller, index: int, line: DocumentLine) -> Step:
    inputs = {"net": teller.amount(line.net_minor), "rate": number(line.tax_rate)}
    return teller.step(f"items.{index}.tax_amount", inputs, _percent(line.net_minor, line.tax_rate), line.tax_minor)


# Credit notes of an invoice ------------------------------------------------------------------------------------------
def _drawn(teller: _Teller, note: CreditNote, lines: Sequence[CreditNoteLine]) -> list[Step]:
    """What was left of each line of the invoice, and what of that is credited (billing/crediting.py)."""
    basis: dict[str, Any] = note.basis or {}
    steps = []
    for index, (line, left) in enumerate(zip(lines, basis["lines"], strict=True)):
        for part, credited in (("net", line.net_minor), ("tax", line.tax_minor)):
            inputs = {f"{part}_left": teller.amount(left[part])}
            if line.units is None:
                inputs |= {"amount": teller.amount(basis["amount_minor"]), "left": teller.amount(basis["left_minor"])}
                # Where all that is left cancels out there is no proportion, and all of it was credited.
                whole = basis["left_minor"]
                exact = Fraction(left[part] * basis["amount_minor"], whole) if whole else Fraction(left[part])
                to = "the other lines of its rate, and its net and tax"
            else:
                inputs |= {"units": number(line.units), "units_left": number(Decimal(left["units"]))}
                exact = left[part] * Fraction(line.units) / (Fraction(left["units"]) or 1)
                to = _ROUNDING if part == "net" else "largest remainder among the lines of its rate"
            steps.append(teller.step(f"items.{index}.{part}", inputs, exact, credited, to))
    return steps


# Sums ----------------------------------------------------------------------------------------------------------------
def _sums(teller: _Teller, document: Document) -> list[Step]:
    subtotal, tax, total = document.subtotal_minor, document.tax_minor, document.total_minor
    parts = {"subtotal": teller.amount(subtotal), "tax_amount": teller.amount(tax)}
    return [
        teller.step("subtotal", {"of": "the nets of all items"}, Fraction(subtotal), subtotal),
        teller.step("tax_amount", {"of": "the taxes of all items"}, Fraction(tax), tax),
        teller.step("total", parts, Fraction(subtotal + tax), total),
    ]
