"""How an answer of the API leaves: JSON or XML, with the headers that Intuit sends."""

from __future__ import annotations

import secrets
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from ..wire import JSON, Request, Response, dump_json, load_json

XML = "application/xml;charset=UTF-8"
NAMESPACE = "http://schema.intuit.com/finance/v3"
VERSION = "2026.1109.sim"


def answer(request: Request, status: int, body: str | dict[str, Any]) -> Response:
    """The content as JSON for clients that accept it, else as XML, which is Intuit's default."""
    text = body if isinstance(body, str) else dump_json(body).decode()
    if wants_json(request):
        return with_headers(Response(status, text.encode(), JSON))
    return with_headers(Response(status, xml(load_json(text)), XML))


def with_headers(response: Response) -> Response:
    tid = f"1-{secrets.token_hex(4)}-{secrets.token_hex(12)}"
    return response.with_headers({"intuit_tid": tid, "QBO-Version": VERSION})


def wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")


def xml(content: dict[str, Any]) -> bytes:
    """The content below IntuitResponse. Of an error, code and element become attributes."""
    root = Element("IntuitResponse", {"xmlns": NAMESPACE})
    if "time" in content:
        root.set("time", str(content["time"]))
    for name, value in content.items():
        if name != "time":
            _grow(root, name, value)
    head = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    return head + tostring(root, encoding="utf-8")


def _grow(parent: Element, name: str, value: Any) -> None:
    for each in value if isinstance(value, list) else [value]:
        if name in ("code", "element", "type") and parent.tag in ("Error", "Fault"):
            parent.set(name, str(each))
            continue
        child = SubElement(parent, name)
        if isinstance(each, dict):
            for inner, content in each.items():
                _grow(child, inner, content)
        elif each is not None:
            child.text = str(each).lower() if isinstance(each, bool) else str(each)
