"""Months counted from the one that is shown, which is the last complete one before today."""

from __future__ import annotations

import calendar
import datetime as dt
from typing import NamedTuple

from django.utils import timezone


class Month(NamedTuple):
    first: dt.date

    @property
    def last(self) -> dt.date:
        return self.first.replace(day=calendar.monthrange(self.first.year, self.first.month)[1])

    def plus(self, months: int) -> Month:
        """The month so many later; negative goes back."""
        count = self.first.year * 12 + self.first.month - 1 + months
        return Month(dt.date(count // 12, count % 12 + 1, 1))

    def working_days(self) -> list[dt.date]:
        days = (self.first + dt.timedelta(days=n) for n in range(self.last.day))
        return [day for day in days if day.weekday() < 5]


def shown(today: dt.date) -> Month:
    """The month before today's."""
    return Month(today.replace(day=1)).plus(-1)


def at(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    """A moment of that day in the installation's time zone."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time(hour, minute)))
