"""A demo business with a year of lively data, made through the same services as real data, with the clock moved."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw

from billing.demo_receivables import receivables_story
from billing.models import Invoice, Product, Quotation
from billing.services.envelopes import Envelope
from billing.services.invoice_status import mark_overdue
from billing.services.invoices import create_invoice, update_invoice
from billing.services.lines import LineDraft
from billing.services.payments import record_payment
from billing.services.products import create_product
from billing.services.quotations import create_quotation, expire_quotation, update_quotation
from billing.services.sending import send_invoice
from businesses.audit import SYSTEM
from businesses.files import store_logo
from businesses.models import Business, Role, User
from businesses.services import add_member, create_business, update_business
from customers.models import Customer
from customers.services.customers import create_customer
from invoicing.lib import clock

_BUSINESS: dict[str, Any] = {
    "name": "Harbor & Pine Studio",
    "legal_name": "Harbor & Pine Studio LLC",
    "address": "48 Wharf Street",
    "city": "Portland",
    "state": "ME",
    "postal_code": "04101",
    "country": "US",
    "tax_id": "US 84-1930274",
    "registration_number": "LLC-20188842",
    "email": "billing@harborpine.example",
    "phone": "+1 207 555 0142",
    "website": "harborpine.example",
    "currency": "USD",
    "time_zone": "America/New_York",
    "locale": "en_US",
    "accent_color": "#0f766e",
    "account_holder": "Harbor & Pine Studio LLC",
    "bank_name": "Casco Bay Bank",
    "account_number": "0048 2210 771",
    "routing_number": "011200365",
    "payment_terms": "NET 30",
}

# name, country, city, currency, language, how late it pays in days (None: never), e-mail
_CUSTOMERS: tuple[tuple[str, str, str, str | None, str | None, int | None], ...] = (
    ("Acme Corp", "US", "San Francisco", None, None, -5),
    ("Blue Ridge Outfitters", "US", "Asheville", None, None, 2),
    ("Cedar Valley Clinic", "US", "Boise", None, None, 12),
    ("Delta Logistics", "US", "Memphis", None, None, 40),
    ("Evergreen Schools", "US", "Olympia", None, None, -2),
    ("Fjord Analytics AS", "NO", "Bergen", "EUR", "en", 0),
    ("Granite State Brewing", "US", "Concord", None, None, 75),
    ("Hansen & Krüger GmbH", "DE", "Hamburg", "EUR", "de", -8),
    ("Île Verte Éditions", "FR", "Nantes", "EUR", "fr", 5),
    ("Juniper Home Care", "US", "Tucson", None, None, None),
    ("Kōan Design 株式会社", "JP", "京都市", "JPY", "en", 0),
    ("Lindero Viajes S.L.", "ES", "Valencia", "EUR", "es", 10),
    ("Maple & Main Realty", "US", "Burlington", None, None, 1),
    ("مكتبة النور", "AE", "دبي", None, "en", 20),
    ("Northgate Hardware", "US", "Duluth", None, None, 100),
    ("Orchard Lane Foods", "US", "Yakima", None, None, -10),
)

# name, description, unit price, tax rate, unit
_PRODUCTS = (
    ("Website design", "Design of a website, up to eight templates", "2500", "5.5", "project"),
    ("Consulting", "Consulting by the hour", "150", "0", "h"),
    ("Hosting", "Managed hosting, one month", "29.99", "5.5", "month"),
    ("Brand workshop", "A day with your team, and what came of it", "1800", "0", "day"),
    ("Illustration", "One illustration with full rights", "340", "5.5", "piece"),
    ("Maintenance plan", "Updates, backups and a person who answers", "120", "0", "month"),
)


@dataclass(frozen=True, slots=True)
class Demo:
    """What was made: whose it is and how to log in."""

    business: Business
    login: str
    password: str


def make_demo(*, login: str, password: str) -> Demo:
    """Make the demo business with a year of data up to today; must run in one transaction, so that it is there or not."""
    now = clock.now()
    begin = now - timedelta(days=365)
    with clock.at(begin):
        business = create_business(**_BUSINESS, actor=SYSTEM)
        update_business(business, changes={"logo": store_logo(business, _logo())}, actor=SYSTEM)
        user = add_member(business, email=login, role=Role.OWNER, actor=SYSTEM).user
        _give_password(user, password)
        business.refresh_from_db()
        products = _products(business)
        customers = _customers(business)
    for _, act in sorted(_story(business, customers, products, begin, now), key=lambda step: step[0]):
        act()
    return Demo(business, login, password)


def _give_password(user: User, password: str) -> None:
    user.first_name, user.last_name = "Robin", "Hale"
    user.set_password(password)
    user.save()


def _products(business: Business) -> list[Product]:
    return [
        create_product(
            business,
            name=name,
            description=text,
            unit_price=Decimal(price),
            tax_rate=Decimal(rate),
            unit=unit,
            actor=SYSTEM,
        )
        for name, text, price, rate, unit in _PRODUCTS
    ]


def _customers(business: Business) -> list[tuple[Customer, int | None]]:
    made = []
    for index, (name, country, city, currency, language, lateness) in enumerate(_CUSTOMERS):
        fields: dict[str, Any] = {
            "name": name,
            "email": f"accounts{index + 1}@customer{index + 1}.example",
            "address": f"{17 + index * 6} {('Market', 'Station', 'Mill', 'Park')[index % 4]} Street",
            "city": city,
            "country": country,
            "currency": currency,
            "language": language,
        }
        made.append((create_customer(business, **fields, actor=SYSTEM), lateness))
    return made


Step = tuple[datetime, Any]


def _story(
    business: Business,
    customers: Sequence[tuple[Customer, int | None]],
    products: Sequence[Product],
    begin: datetime,
    now: datetime,
) -> Iterator[Step]:
    """What happens when: the same every time, for the chance is seeded."""
    chance = random.Random(20260401)  # noqa: S311 - a story, not a secret
    for week in range(52):
        for _ in range(chance.choice((2, 2, 3, 4))):
            customer, lateness = chance.choice(customers)
            day = begin + timedelta(days=week * 7 + chance.randrange(1, 7), hours=chance.randrange(13, 21))
            if day < now:
                yield from _invoice_story(business, customer, products, lateness, day, now, chance)
    for weeks_ago, accepted in ((30, True), (18, None), (9, True), (5, False), (2, None), (1, None)):
        customer, _ = chance.choice(customers)
        yield from _quotation_story(business, customer, products, now - timedelta(weeks=weeks_ago), accepted, chance)
    by_name = {customer.name: customer for customer, _ in customers}
    for moment, act in receivables_story(business, by_name, now):
        yield moment, _at(moment, act)
    for days in range(30, 366, 30):
        moment = min(begin + timedelta(days=days), now)
        yield moment, _at(moment, lambda: _move_by_date(business))
    yield now, lambda: _move_by_date(business)


def _at(moment: datetime, act: Any) -> Any:
    def run() -> None:
        with clock.at(moment):
            act()

    return run


def _lines(products: Sequence[Product], currency: str, chance: random.Random) -> list[LineDraft]:
    chosen = chance.sample(list(products), chance.choice((1, 1, 2, 3)))
    factor = Decimal(150) if currency == "JPY" else Decimal(1)
    rate = Decimal(0) if currency != "USD" else None
    return [
        LineDraft(
            product=product,
            quantity=Decimal(chance.choice((1, 1, 2, 3, 6, 8, 12))) if product.unit_price < 1000 else Decimal(1),
            unit_price=product.unit_price * factor,
            tax_rate=rate,
            tax_category="G" if rate is not None else None,
            discount_rate=chance.choice((None, None, None, Decimal(10))),
        )
        for product in chosen
    ]


def _invoice_story(
    business: Business,
    customer: Customer,
    products: Sequence[Product],
    lateness: int | None,
    day: datetime,
    now: datetime,
    chance: random.Random,
) -> Iterator[Step]:
    made: list[Invoice] = []
    lines = _lines(products, customer.currency or business.currency, chance)
    recent = now - day < timedelta(days=3)
    by_mail = timedelta(days=3) <= now - day < timedelta(days=24)
    reference = f"PO-{chance.randrange(1000, 9999)}" if chance.random() < 0.4 else None

    def create() -> None:
        status = Invoice.Status.DRAFT if recent or by_mail else Invoice.Status.SENT
        details = {"reference": reference, "notes": "Thank you for your business!"}
        made.append(
            create_invoice(business, customer=customer, lines=lines, status=status, details=details, actor=SYSTEM)
        )
        if by_mail:
            send_invoice(made[0], Envelope(), actor=SYSTEM)

    yield day, _at(day, create)
    if lateness is None or recent:
        return
    paid = day + timedelta(days=30 + lateness + chance.randrange(-4, 5))
    if chance.random() < 0.04:
        cancelled = day + timedelta(days=2)
        yield cancelled, _at(cancelled, lambda: update_invoice(made[0], changes={}, status="cancelled", actor=SYSTEM))
    elif paid < now:
        in_parts = chance.random() < 0.12
        method = chance.choice(("bank_transfer", "bank_transfer", "check", "card"))
        yield paid, _at(paid, lambda: _pay(made[0], method, half=in_parts))


def _pay(invoice: Invoice, method: str, *, half: bool) -> None:
    invoice.refresh_from_db()
    amount = max(invoice.due_minor // 2, 1) if half else invoice.due_minor
    if invoice.status in Invoice.OPEN and amount:
        record_payment(invoice, amount_minor=amount, details={"method": method}, actor=SYSTEM)


def _quotation_story(
    business: Business,
    customer: Customer,
    products: Sequence[Product],
    day: datetime,
    accepted: bool | None,
    chance: random.Random,
) -> Iterator[Step]:
    made: list[Quotation] = []
    lines = _lines(products, customer.currency or business.currency, chance)
    until: date = day.date() + timedelta(days=30)

    def create() -> None:
        details = {"valid_until": until, "terms": "Half at the start, half at the end."}
        made.append(
            create_quotation(business, customer=customer, lines=lines, status="sent", details=details, actor=SYSTEM)
        )

    yield day, _at(day, create)
    if accepted is not None:
        answered = day + timedelta(days=4)
        status = Quotation.Status.ACCEPTED if accepted else Quotation.Status.REJECTED
        yield answered, _at(answered, lambda: update_quotation(made[0], changes={}, status=status, actor=SYSTEM))


def _move_by_date(business: Business) -> None:
    today = clock.today(business.time_zone)
    for pk in Invoice.objects.of(business).filter(status="sent", due_date__lt=today).values_list("pk", flat=True):
        mark_overdue(pk)
    late = Quotation.objects.of(business).filter(status__in=["draft", "sent"], valid_until__lt=today)
    for pk in late.values_list("pk", flat=True):
        expire_quotation(pk)


def _logo() -> bytes:
    """A pine over water, drawn here so that no picture has to be shipped."""
    size = 480
    image = Image.new("RGBA", (size, size), (255, 255, 255, 0))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((0, 0, size - 1, size - 1), radius=104, fill="#0f766e")
    for top, half in ((80, 74), (148, 104), (222, 134)):
        draw.polygon([(240, top), (240 - half, top + 118), (240 + half, top + 118)], fill="#ecfdf5")
    draw.rectangle((224, 338, 256, 372), fill="#ecfdf5")
    for left in range(70, 400, 68):
        draw.arc((left, 366, left + 68, 410), 0, 180, fill="#99f6e4", width=14)
    output = BytesIO()
    image.save(output, "PNG")
    return output.getvalue()
