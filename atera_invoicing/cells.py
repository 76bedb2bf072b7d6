"""What people write in a cell, as values. A parser raises ValueError with a sentence for people.

Parsers get text without surrounding blanks. `optional(parser)` answers None for an empty cell,
`default(parser, value)` the value.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Choices
from django.utils import timezone

Value = TypeVar("Value")
YES = {"yes", "true", "1"}
NO = {"no", "false", "0"}


def optional(parse: Callable[[str], Value]) -> Callable[[str], Value | None]:
    return lambda cell: parse(cell) if cell else None


def default(parse: Callable[[str], Value], value: Value) -> Callable[[str], Value]:
    return lambda cell: parse(cell) if cell else value


def text(cell: str) -> str:
    """Line ends become \\n, as a browser's form would have them stored."""
    return cell.replace("\r\n", "\n").replace("\r", "\n")


def date(cell: str) -> dt.date:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", cell, re.ASCII):
        raise ValueError(f"“{cell}” is not a date. Write it as 2026-10-31 (year-month-day).")
    try:
        return dt.date.fromisoformat(cell)
    except ValueError:
        raise ValueError(f"There is no day {cell}.") from None


def moment(cell: str) -> dt.datetime:
    """A date and time; without an offset it is in the installation's time zone."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?", cell, re.ASCII):
        raise ValueError(f"“{cell}” is not a date and time. Write it as 2026-10-31 14:30.")
    try:
        value = dt.datetime.fromisoformat(cell)
        return value if value.tzinfo else timezone.make_aware(value)
    except ValueError:
        raise ValueError(f"There is no time {cell}.") from None


_PLAIN = re.compile(r"[+-]?(\d+)(?:[.,](\d+))?", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:(?:,\d{3})+(?:\.\d+)?|(?:\.\d{3})+(?:,\d+)?)", re.ASCII)


def decimal(cell: str) -> Decimal:
    """A number with dot or comma, unless it has two readings: 1,234 may be 1.234 or 1234."""
    if sum(character.isdigit() for character in cell) > 18:
        raise ValueError("This number has too many digits.")
    if plain := _PLAIN.fullmatch(cell):
        whole, part = plain.groups()
        if part and len(part) == 3 and len(whole) <= 3 and not whole.startswith("0"):
            raise ValueError(f"“{cell}” has two readings. Write {whole}{part} or {whole}.{part}0.")
        return Decimal(cell.replace(",", "."))
    if _GROUPED.fullmatch(cell):
        last = max(cell.rfind("."), cell.rfind(","))
        if cell.count(cell[last]) == 1:
            return Decimal(re.sub(r"[.,]", "", cell[:last]) + "." + cell[last + 1 :])
        return Decimal(re.sub(r"[.,]", "", cell))
    raise ValueError(f"“{cell}” is not a number. Write it as 1234.50.")


def integer(cell: str) -> int:
    if not re.fullmatch(r"[+-]?\d{1,18}", cell, re.ASCII):
        raise ValueError(f"“{cell}” is not a whole number.")
    return int(cell)


def boolean(cell: str) -> bool:
    word = cell.casefold()
    if word not in YES | NO:
        raise ValueError(f"“{cell}” is neither yes nor no.")
    return word in YES


def email(cell: str) -> str:
    try:
        validate_email(cell)
    except ValidationError:
        raise ValueError(f"“{cell}” is not an e-mail address.") from None
    return cell


def choice(choices: type[Choices]) -> Callable[[str], Any]:
    """One of Django's choices, by its value or its label in any case."""
    words = {
        word.casefold(): value
        for value, label in choices.choices
        for word in (str(value), str(value).replace("_", " "), str(label))
    }

    def parse(cell: str) -> Any:
        if cell.casefold() not in words:
            known = ", ".join(str(value) for value in choices.values if value != "")
            raise ValueError(f"“{cell}” is not known here. Write one of: {known}.")
        return words[cell.casefold()]

    return parse
