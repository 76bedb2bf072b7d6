"""The filter language of `where` and `order`: a subset, parsed properly. Anything else is refused
with 501 rather than taken for "all".

    Type=="ACCREC" AND AmountDue>0 && Contact.ContactID==Guid("...") && Date>=DateTime(2026,11,1)
    Name.Contains("dental") OR EmailAddress!=null
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from .organisation import Doc, Organisation
from .refusals import not_simulated

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"[^"]*")|(?P<number>-?\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][\w.]*)
    |(?P<sign>==|!=|>=|<=|&&|\|\||[<>=(),]))""",
    re.VERBOSE,
)
Test = Callable[[Doc], bool]
Value = Any
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b,
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a is not None and b is not None and a < b,
    ">": lambda a, b: a is not None and b is not None and a > b,
    "<=": lambda a, b: a is not None and b is not None and a <= b,
    ">=": lambda a, b: a is not None and b is not None and a >= b,
}
_TEXT: dict[str, Callable[[str, str], bool]] = {
    "Contains": lambda a, b: b in a,
    "StartsWith": lambda a, b: a.startswith(b),
    "EndsWith": lambda a, b: a.endswith(b),
}
_WORDS = {"null": None, "true": True, "false": False}


def parse(text: str, org: Organisation) -> Test:
    """What a `where` says, as a test of a record."""
    parser = _Parser(_tokens(text), org)
    test = parser.either()
    if parser.rest:
        raise not_simulated(f"where stops making sense at {parser.rest[0]!r}")
    return test


def ordered(docs: list[Doc], text: str, org: Organisation) -> list[Doc]:
    """Sorted as `order` says: names with ASC or DESC, the first one counts most."""
    for part in reversed(text.split(",")):
        name, _, direction = part.strip().partition(" ")
        if direction.strip().upper() not in ("", "ASC", "DESC") or not re.fullmatch(
            r"[\w.]+", name
        ):
            raise not_simulated(f"order by {part!r}")
        down = direction.strip().upper() == "DESC"
        docs = sorted(docs, key=lambda doc, name=name: _rank(look_up(doc, name, org)), reverse=down)  # type: ignore[misc]
    return docs


def look_up(doc: Doc, path: str, org: Organisation) -> Value:
    """A field of a record, also of its contact; text in lower case."""
    value: Any = doc
    for name in path.split("."):
        if (
            name == "Contact"
            and isinstance(value, dict)
            and "ContactID" in value.get("Contact", {})
        ):
            value = org.find("Contact", value["Contact"]["ContactID"])
        else:
            value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, str):
        return value.lower() or None
    return value


def _rank(value: Value) -> tuple[bool, Any]:
    """None first."""
    return (value is not None, "" if value is None else value)


def _tokens(text: str) -> list[str]:
    found, position = [], 0
    text = text.strip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise not_simulated(f"where can't be read at {text[position:]!r}")
        found.append(match[0].strip())
        position = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[str], org: Organisation) -> None:
        self.rest = tokens
        self.org = org

    def take(self, wanted: str = "") -> str:
        if not self.rest or (wanted and self.rest[0] != wanted):
            raise not_simulated(f"where has no {wanted or 'end'} at {' '.join(self.rest)!r}")
        return self.rest.pop(0)

    def next_is(self, *words: str) -> bool:
        return bool(self.rest) and self.rest[0].upper() in words

    def either(self) -> Test:
        tests = [self.both()]
        while self.next_is("OR", "||"):
            self.take()
            tests.append(self.both())
        return lambda doc: any(test(doc) for test in tests)

    def both(self) -> Test:
        tests = [self.one()]
        while self.next_is("AND", "&&"):
            self.take()
            tests.append(self.one())
        return lambda doc: all(test(doc) for test in tests)

    def one(self) -> Test:
        if self.next_is("("):
            self.take()
            test = self.either()
            self.take(")")
            return test
        path = self.take()
        if not re.fullmatch(r"[A-Za-z_][\w.]*", path):
            raise not_simulated(f"where compares {path!r}")
        if self.next_is("("):
            return self.function(path)
        if not self.rest or self.rest[0] not in _COMPARE:
            raise not_simulated(f"where does not compare {path!r} with anything")
        compare = _COMPARE[self.take()]
        value = self.value()
        org = self.org
        return lambda doc: _try(compare, look_up(doc, path, org), value)

    def function(self, path: str) -> Test:
        path, _, name = path.rpartition(".")
        if name not in _TEXT or not path:
            raise not_simulated(f"where knows no {name}()")
        self.take("(")
        value = self.value()
        self.take(")")
        if not isinstance(value, str):
            raise not_simulated(f"{name}() takes text")
        compare, org = _TEXT[name], self.org
        return lambda doc: compare(look_up(doc, path, org) or "", value)

    def value(self) -> Value:
        word = self.take()
        if word.startswith('"'):
            return word.strip('"').lower()
        if word.lower() in _WORDS:
            return _WORDS[word.lower()]
        if word.lower() == "guid":
            return self.arguments(1)[0]
        if word.lower() == "datetime":
            year, month, day = (int(each) for each in self.arguments(3))
            return f"{year:04}-{month:02}-{day:02}"
        if re.fullmatch(r"-?\d+(\.\d+)?", word):
            return Decimal(word)
        raise not_simulated(f"where compares with {word!r}")

    def arguments(self, count: int) -> list[Any]:
        self.take("(")
        found = []
        for position in range(count):
            if position:
                self.take(",")
            found.append(self.value())
        self.take(")")
        return found


def _try(compare: Callable[[Any, Any], bool], left: Value, right: Value) -> bool:
    try:
        return compare(left, right)
    except TypeError:
        raise not_simulated("where compares things of different kinds") from None
