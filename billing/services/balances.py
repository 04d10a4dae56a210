"""Balances that are read under the lock of those whose they are."""

from __future__ import annotations

from django.db import transaction

from billing.selectors.balances import Balance, BalanceAsked, balance_of
from customers.families import lock_family
from customers.models import Customer
from invoicing.lib import clock


@transaction.atomic
def read_balance(customer: Customer, asked: BalanceAsked) -> Balance:
    """The balance; under the customers' locks nothing can be committed later that was recorded by its `known_at`.

    NotFound where the customer is deleted.
    """
    pks = lock_family(customer) if asked.include_children else [Customer.objects.lock_live(customer.pk).pk]
    return balance_of(
        customer,
        pks,
        currency=asked.currency or customer.billing_currency,
        on=asked.on or clock.today(customer.business.time_zone),
        known_at=asked.known_at or clock.now(),
    )
