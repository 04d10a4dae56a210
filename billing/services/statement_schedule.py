"""When a business's statements are due: by weekday or day of the month in its own time zone, each period once."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from billing.models import StatementRun
from billing.selectors.statement_plans import RunOrder
from billing.services.statement_runs import plan_run
from businesses.audit import SYSTEM
from businesses.models import Business
from invoicing.lib import clock


@dataclass(frozen=True, slots=True)
class DuePeriod:
    """A scheduled run: `period` is the day it is due; `start` is None for open items."""

    schedule: str
    period: date
    start: date | None
    end: date


def due_period(business: Business, now: datetime) -> DuePeriod | None:
    """The latest period that has begun; None without a schedule, or where that was changed after the period's day.

    A balance is carried forward over whole days: from the former period's day to the day before this one. Open items are
    as of the period's day itself.
    """
    today = now.astimezone(ZoneInfo(business.time_zone)).date()
    days = _weekly if business.statement_frequency == Business.Frequency.WEEKLY else _monthly
    if business.statement_frequency == Business.Frequency.OFF:
        return None
    day = days(business, today)
    if day < business.statement_scheduled_at.astimezone(ZoneInfo(business.time_zone)).date() <= today:
        return None  # who switches it on today does not mean the period that began weeks ago
    schedule = str(business.statement_frequency)
    if business.statement_type == Business.StatementType.OPEN_ITEM:
        return DuePeriod(schedule, day, None, day)
    yesterday = day - timedelta(days=1)
    return DuePeriod(schedule, day, days(business, yesterday), yesterday)


def _weekly(business: Business, latest: date) -> date:
    """The last such weekday, `latest` included."""
    return latest - timedelta(days=(latest.weekday() - business.statement_weekday) % 7)


def _monthly(business: Business, latest: date) -> date:
    """The last such day of a month, `latest` included; a shorter month's last day stands for a day that it has not."""
    day = _in_month(business, latest)
    return day if day <= latest else _in_month(business, latest.replace(day=1) - timedelta(days=1))


def _in_month(business: Business, month: date) -> date:
    last = monthrange(month.year, month.month)[1]
    return month.replace(day=min(business.statement_day, last))


def plan_due_run(business: Business) -> StatementRun | None:
    """Plan the run that is due, once; None where none is, or it was planned before."""
    due = due_period(business, clock.now())
    if due is None:
        return None
    own = {"schedule": due.schedule, "period": due.period.isoformat()}
    if StatementRun.objects.of(business).filter(**own).exists():
        return None
    order = RunOrder(
        type=business.statement_type,
        start=due.start,
        end=due.end,
        minimum_minor=business.statement_minimum_minor,
        only_past_due=business.statement_only_past_due,
        tags=tuple(business.statement_tags),
        roll_up=business.statement_roll_up,
    )
    return plan_run(business, order, **own, actor=SYSTEM)
