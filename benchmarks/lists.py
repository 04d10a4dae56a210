"""Lists, searches, the dashboard and the admin's lists of a big business, beside the same of a small one.

In one process, through Django's test client: what a server and a socket add is the same for both, and would only hide the
difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlencode

from django.test import Client

from benchmarks.measure import Bar, Result, compare
from benchmarks.rows import execute
from billing.generator import Wanted, generate
from billing.models import Invoice
from businesses.audit import SYSTEM
from businesses.authentication import create_api_key
from businesses.models import ApiKey, Business, Role
from businesses.services import add_member
from customers.models import Customer

_SMALL = 1_000
_TIMES = 5  # each request, in a round
_CURSOR = Bar(floor=2, goal=1.3, better="lower")
_TOTAL = Bar(floor=3, goal=2, better="lower")
_PAGE = Bar(floor=2, goal=1.5, better="lower")
Request = Callable[[], object]


def run(*, full: bool) -> Iterator[Result]:
    """Each list in turn: the limit is the same request of a business with 1,000 invoices and 100 customers."""
    count = 1_000_000 if full else 50_000
    small, big = Seller(_SMALL, seed=1), Seller(count, seed=2)
    execute("VACUUM ANALYZE")
    for work, bar, ask in (*_LISTS, *_SEARCHES, *_PAGES):
        yield compare(
            f"{work}, {count:,} invoices",
            _often(ask(big)),
            _often(ask(small)),
            limit_is=f"the same of {_SMALL:,}",
            bar=bar,
            facts={"requests_of_each_round": _TIMES},
        )


class Seller:
    """A generated business, a program with its key, and a browser of its owner."""

    def __init__(self, invoices: int, *, seed: int) -> None:
        wanted = Wanted(invoices=invoices, customers=invoices // 10, seed=seed)
        self.business: Business = generate(wanted)[0].business
        self.invoices = Invoice.objects.of(self.business).live()
        _, secret = create_api_key(self.business, name="Lists", scope=ApiKey.Scope.ALL, actor=SYSTEM)
        self.program = Client(headers={"Authorization": f"Bearer {secret}"}, SERVER_NAME="127.0.0.1")
        owner = add_member(self.business, email=f"owner{seed}@benchmark.test", role=Role.OWNER, actor=SYSTEM).user
        self.browser = Client(SERVER_NAME="127.0.0.1")
        self.browser.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")

    def listing(self, path: str = "invoices", **query: object) -> Request:
        """A request of its program; SystemExit where it is not answered with rows."""
        where = f"/api/v1/{path}?{urlencode(query)}"

        def ask() -> None:
            answer = self.program.get(where)
            if answer.status_code != 200 or not answer.json()["data"]:
                raise SystemExit(f"{where}: {answer.status_code} {answer.content[:300].decode()}")

        return ask

    def page(self, path: str, shown: bytes) -> Request:
        """A request of its owner; SystemExit where the page does not show this."""

        def ask() -> None:
            answer = self.browser.get(path)
            if answer.status_code != 200 or shown not in answer.content:
                raise SystemExit(f"{path}: {answer.status_code}, without {shown.decode()}")

        return ask

    def middle(self) -> Invoice:
        """The invoice halfway down the list."""
        return self.invoices.order_by("-pk")[self.invoices.count() // 2]

    def buyer(self) -> Customer:
        """A customer with few invoices."""
        return Customer.objects.of(self.business).order_by("-pk").filter(pk__in=self.invoices.values("customer"))[0]

    def last_page(self, most: int) -> int:
        """A page far down, that it has."""
        return min(most, self.invoices.count() // 25)


def _often(ask: Request) -> Request:
    def run() -> None:
        for _ in range(_TIMES):
            ask()

    return run


Work = tuple[str, Bar, Callable[[Seller], Request]]
_LISTS: tuple[Work, ...] = (
    ("cursor page halfway down", _CURSOR, lambda seller: seller.listing(starting_after=seller.middle().uuid)),
    ("cursor page halfway down, by total", _CURSOR,
     lambda seller: seller.listing(starting_after=seller.middle().uuid, sort="-total")),
    ("page 1 with exact total", _TOTAL, lambda seller: seller.listing()),
    ("page 100 with exact total", _TOTAL, lambda seller: seller.listing(page=seller.last_page(100))),
    ("page 1,000 with exact total", _TOTAL, lambda seller: seller.listing(page=seller.last_page(1_000))),
    ("overdue ones", _TOTAL, lambda seller: seller.listing(status="overdue")),
    ("those of a week", _TOTAL,
     lambda seller: seller.listing(issue_date_after=_week(seller, 7), issue_date_before=_week(seller, 0))),
    ("those of a customer", _TOTAL, lambda seller: seller.listing(customer_id=seller.buyer().uuid)),
)  # fmt: skip
_SEARCHES: tuple[Work, ...] = (
    ("search by part of a number", _TOTAL, lambda seller: seller.listing(search=seller.middle().number[2:])),
    ("search invoices by a customer's name", _TOTAL, lambda seller: seller.listing(search=seller.buyer().name[2:-2])),
    ("search customers by part of a name", _TOTAL,
     lambda seller: seller.listing("customers", search=seller.buyer().name[2:-2])),
    ("search for what an eighth has (ltd)", _TOTAL, lambda seller: seller.listing(search="ltd")),
    ("search for what all have (inv)", _TOTAL, lambda seller: seller.listing(search="inv")),
)  # fmt: skip
_PAGES: tuple[Work, ...] = tuple(
    (work, _PAGE, lambda seller, path=path, shown=shown: seller.page(path, shown))  # type: ignore[misc]
    for work, path, shown in (
        ("dashboard", "/admin/", b"INV-"),
        ("admin: invoices", "/admin/billing/invoice/", b"INV-"),
        ("admin: customers", "/admin/customers/customer/", b"CUST-"),
        ("admin: payments", "/admin/billing/payment/", b"RCT-"),
    )
)


def _week(seller: Seller, days: int) -> str:
    first = seller.middle().issue_date
    return first.fromordinal(first.toordinal() - days).isoformat()


__all__: list[str] = ["run"]
