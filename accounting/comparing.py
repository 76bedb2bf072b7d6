"""What is different between two versions of an invoice at the provider: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

Content = Mapping[str, Any]
HEADER = (
    "number", "customer_id", "date", "due_date", "currency", "email", "message", "subtotal", "tax",
    "total",
)  # fmt: skip
LINE = ("description", "quantity", "unit_price", "discount", "net", "item_id", "tax_id")
EXACT = ("customer_id", "number", "date", "due_date", "email")
ENOUGH = 200  # characters of a text by which it is recognised; a provider may cut or lengthen it


def differences(ours: Content, theirs: Content) -> list[dict[str, str]]:
    """Field by field, in reading order; lines by their place from 1, as "lines.2.quantity".

    A line that is only on one side is one difference, "lines.3", told by its description and net.
    """
    found = [
        _difference(name, ours.get(name, ""), theirs.get(name, ""))
        for name in HEADER
        if ours.get(name, "") != theirs.get(name, "")
    ]
    return found + _line_differences(ours.get("lines", []), theirs.get("lines", []))


def shows(document: Mapping[str, Any], there: Content) -> bool:
    """Whether a dumped document is what stands there, as far as every provider keeps what it gets.
    What is unsure counts as no.
    """
    lines, written = document["lines"], there.get("lines", [])
    return (
        all(document[name] == there.get(name, "") for name in EXACT)
        and _alike(document["message"], there.get("message", ""))
        and len(lines) == len(written)
        and all(map(_shows_line, lines, written))
    )


def _shows_line(line: Mapping[str, Any], there: Mapping[str, str]) -> bool:
    net = Decimal(line["net"])
    same_item = not net or line["item_id"] == there.get("item_id", "")
    alike = _alike(line["description"], there.get("description", ""))
    return same_item and alike and net == Decimal(there.get("net") or 0)


def _alike(ours: str, theirs: str) -> bool:
    """Whether theirs begins like ours, whatever became of breaks and unprintable characters."""
    a, b = ("".join(filter(str.isprintable, text)) for text in (ours, theirs))
    return b.startswith(a[:ENOUGH]) and bool(a) == bool(b)


def _line_differences(
    ours: Sequence[Mapping[str, str]], theirs: Sequence[Mapping[str, str]]
) -> list[dict[str, str]]:
    found = []
    for place in range(max(len(ours), len(theirs))):
        name = f"lines.{place + 1}"
        if place >= len(ours):
            found.append(_difference(name, "", _told(theirs[place])))
        elif place >= len(theirs):
            found.append(_difference(name, _told(ours[place]), ""))
        else:
            found += [
                _difference(f"{name}.{field}", a, b)
                for field in LINE
                if (a := ours[place].get(field, "")) != (b := theirs[place].get(field, ""))
            ]
    return found


def _told(line: Mapping[str, str]) -> str:
    first = line.get("description", "").split("\n", 1)[0]
    return f"{first} {line.get('net', '')}".strip()


def _difference(field: str, ours: object, theirs: object) -> dict[str, str]:
    return {"field": field, "ours": str(ours), "theirs": str(theirs)}
