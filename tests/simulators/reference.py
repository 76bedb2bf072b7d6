"""Judges answers by the field lists that were derived from Intuit's published schemas."""

from __future__ import annotations

import functools
import json
import os
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DAY = re.compile(r"\d{4}-\d\d-\d\d")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def _is_number(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


PLAIN = {
    "xs:string": lambda value: isinstance(value, str),
    "xs:anyURI": lambda value: isinstance(value, str),
    "id": lambda value: isinstance(value, str),
    "xs:boolean": lambda value: isinstance(value, bool),
    "xs:decimal": _is_number,
    "xs:int": lambda value: _is_number(value) and value == int(value),
    "xs:positiveInteger": lambda value: _is_number(value) and value == int(value) >= 1,
    "xs:date": lambda value: isinstance(value, str) and DAY.fullmatch(value),
    "xs:dateTime": lambda value: isinstance(value, str) and MOMENT.fullmatch(value),
}


def folder(service: str = "qbo") -> Path | None:
    """Where the published schemas lie, if they do: REFERENCE_DATA, or beside the repository."""
    given = os.environ.get("REFERENCE_DATA")
    path = (Path(given) if given else ROOT.parent / "shared" / "data") / service
    return path if path.is_dir() else None


@functools.cache
def schemas() -> dict | None:
    place = folder()
    return json.loads((place / "derived" / "fields.json").read_text()) if place else None


def problems(type_name: str, value, path: str = "") -> list[str]:
    """Everything about a record that Intuit's schemas do not allow."""
    known = schemas()
    fields = known["types"][type_name]
    if not isinstance(value, dict):
        return [f"{path}: {type_name} is an object"]
    found = []
    for name, inner in value.items():
        here = f"{path}.{name}"
        if name not in fields:
            found.append(f"{here} is not a field of {type_name}")
        elif fields[name].get("multi"):
            if not isinstance(inner, list):
                found.append(f"{here} is an array")
                continue
            for position, each in enumerate(inner):
                found += _value(fields[name]["type"], each, f"{here}[{position}]")
        else:
            found += _value(fields[name]["type"], inner, here)
    return found


def answer_problems(body: dict) -> list[str]:
    """The same for the body of an answer of the API: one record, a query, a batch, CDC, a fault."""
    found = [] if MOMENT.fullmatch(body.get("time", "")) else ["time is missing"]
    if "BatchItemResponse" in body:
        for item in body["BatchItemResponse"]:
            found += _contents({name: inner for name, inner in item.items() if name != "bId"})
        return found
    if "CDCResponse" in body:
        for response in body["CDCResponse"]:
            for page in response["QueryResponse"]:
                found += _page(page)
        return found
    return found + _contents({name: inner for name, inner in body.items() if name != "time"})


def _contents(body: dict) -> list[str]:
    if len(body) != 1:
        return [f"one thing is answered, not {sorted(body)}"]
    [(name, content)] = body.items()
    if name == "QueryResponse":
        return _page(content)
    return problems(name, content, name)


def _page(page: dict) -> list[str]:
    found = []
    for name, content in page.items():
        if name in ("startPosition", "maxResults", "totalCount"):
            continue
        for position, record in enumerate(content):
            found += problems(name, record, f"{name}[{position}]")
    return found


def _value(type_name: str, value, path: str) -> list[str]:
    known = schemas()
    if type_name in known["enums"]:
        allowed = known["enums"][type_name]
        return [] if value in allowed else [f"{path}: {value!r} is none of {allowed}"]
    if type_name in PLAIN:
        return [] if PLAIN[type_name](value) else [f"{path}: {value!r} is no {type_name}"]
    if type_name in known["types"]:
        return problems(type_name, value, path)
    return [f"{path}: the type {type_name} is not judged"]
