"""The way Xero writes JSON: two spaces, CRLF, \\/Date()\\/, decimals with their zeros."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS_DATE = re.compile(r"/Date\((-?\d+)([+-]\d{4})?\)/")
_DAY = re.compile(r"(\d{4}-\d\d-\d\d)(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")


def pretty(value: Any) -> bytes:
    """The body of an answer."""
    return _written(value, "").encode()


def _written(value: Any, margin: str) -> str:
    match value:
        case Decimal():
            return f"{value:f}"
        case str():
            text = json.dumps(value, ensure_ascii=False)
            return text.replace("/", "\\/") if value.startswith("/Date(") else text
        case dict() if value:
            deeper = f"{margin}  "
            parts = [
                f"{deeper}{json.dumps(name)}: {_written(inner, deeper)}"
                for name, inner in value.items()
            ]
            return "{\r\n" + ",\r\n".join(parts) + f"\r\n{margin}}}"
        case list() if value:
            deeper = f"{margin}  "
            parts = [f"{deeper}{_written(inner, deeper)}" for inner in value]
            return "[\r\n" + ",\r\n".join(parts) + f"\r\n{margin}]"
    return json.dumps(value)


def of_day(day: str) -> str:
    """A kept day, 2026-11-22, as a date field of an answer."""
    return f"/Date({_ms(datetime.fromisoformat(day).replace(tzinfo=UTC))}+0000)/"


def of_moment(moment: str, *, offset: str = "+0000") -> str:
    """A kept moment as a date field of an answer."""
    return f"/Date({_ms(datetime.fromisoformat(moment))}{offset})/"


def twin(day: str) -> str:
    """The string beside a date field, as in DateString."""
    return f"{day}T00:00:00"


def zulu(moment: str) -> str:
    """As in UpdatedDateUTCString."""
    return f"{datetime.fromisoformat(moment).astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"


def parse_day(value: Any) -> str | None:
    """The day that was sent, as ISO or as /Date()/; None for anything else."""
    if not isinstance(value, str):
        return None
    if found := _MS_DATE.fullmatch(value):
        try:
            at = EPOCH + timedelta(milliseconds=int(found[1]))
        except OverflowError:
            return None
        return at.date().isoformat()
    if found := _DAY.fullmatch(value):
        try:
            return date.fromisoformat(found[1]).isoformat()
        except ValueError:
            return None
    return None


def _ms(at: datetime) -> int:
    return int((at - EPOCH) / timedelta(milliseconds=1))
