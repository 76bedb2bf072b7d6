"""Reads what a client sent, as tolerantly as QuickBooks does: numbers as text, "" for nothing, an
integer SyncToken. What remains is canonical: Decimal, int, bool, text, and only fields that say
something.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from .choices import CHOICES
from .fields import TYPES, Field
from .refusals import Refused, not_simulated, unsupported
from .switches import Switches

Doc = dict[str, Any]
NOTHING: tuple[Any, ...] = ("", None, [], {})
_REFERENCE = {"value", "name", "type"}
_TIME_ONLY = re.compile(r"\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?")


def read(kind: str, sent: Any, switches: Switches) -> tuple[Doc, set[str]]:
    """The fields that say something, and the names of those that were sent empty.

    Raises Refused 2010 for a property that does not exist or has the wrong type, 2050 for a text
    that is too long.
    """
    if not isinstance(sent, dict):
        raise unsupported(kind, f"Can not deserialize instance of {kind}")
    doc: Doc = {}
    empty: set[str] = set()
    for name, value in sent.items():
        field = TYPES[kind].get(name)
        if field is None:
            if switches.unknown_property == "refuse":
                raise unsupported(name)
        elif value in NOTHING:
            empty.add(name)
        elif field.refused:
            raise not_simulated(f"{kind}.{name}")
        elif not field.server:
            canonical = _value(name, value, field, switches)
            if canonical in NOTHING:
                empty.add(name)
            else:
                doc[name] = canonical
    return doc, empty


def _value(name: str, value: Any, field: Field, switches: Switches) -> Any:
    if field.many:
        if not isinstance(value, list):
            raise unsupported(name, "Can not deserialize instance of java.util.List")
        return [read(field.type, each, switches)[0] for each in value]
    if field.type in TYPES:
        part = read(field.type, value, switches)[0]
        if field.most:
            text = str(part.get("Address") or part.get("value") or "")
            _check_length(name, text, field.most)
        return part
    if field.type in CHOICES:
        if value not in CHOICES[field.type]:
            why = f"Can not construct instance of {field.type} from String value '{value}'"
            raise unsupported(name, why)
        return value
    plain = _PLAIN[field.type](name, value)
    if field.most:
        _check_length(name, str(plain), field.most)
    return plain


def _check_length(name: str, text: str, most: int) -> None:
    if len(text) > most:
        detail = (
            "String length specified does not match the supported length. "
            f"Min:0 Max:{most} supported. Supplied length:{len(text)}"
        )
        raise Refused("2050", detail, name)


def _text(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise unsupported(name, "Can not deserialize instance of java.lang.String")
    return str(value)


def _number(name: str, value: Any) -> Decimal:
    try:
        if isinstance(value, bool):
            raise InvalidOperation
        number = Decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        raise unsupported(name, f"Invalid Number : {value}") from None
    if not number.is_finite():
        raise unsupported(name, f"Invalid Number : {value}")
    return number


def _whole(name: str, value: Any) -> int:
    number = _number(name, value)
    if number != int(number):
        raise unsupported(name, f"Invalid Number : {value}")
    return int(number)


def _flag(name: str, value: Any) -> bool:
    if value in (True, "true"):
        return True
    if value in (False, "false"):
        return False
    raise unsupported(name, f"Can not construct instance of java.lang.Boolean from '{value}'")


def _day(name: str, value: Any) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise unsupported(name, f"Invalid date : {value}") from None


def _moment(name: str, value: Any) -> str:
    try:
        if not _TIME_ONLY.fullmatch(value):
            datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise unsupported(name, f"Invalid date time : {value}") from None
    return str(value)


def _reference(name: str, value: Any) -> Doc:
    if not isinstance(value, dict) or value.keys() - _REFERENCE:
        raise unsupported(name, "Can not construct instance of ReferenceType")
    target = value.get("value")
    return {"value": _text(name, target)} if target not in NOTHING else {}


_PLAIN = {
    "text": _text, "number": _number, "whole": _whole, "flag": _flag, "day": _day,
    "moment": _moment, "ref": _reference,
}  # fmt: skip
