"""Posting to a subscriber, as webhooks do: one attempt, with little patience."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answer:
    """How it was answered. Status 0: not in time, or not at all."""

    status: int
    body: bytes = b""
    cookies: bool = False


def post(url: str, body: bytes, headers: Mapping[str, str], *, patience: float) -> Answer:
    """One POST of exactly these bytes; `patience` in seconds."""
    address = urlsplit(url)
    tls = address.scheme == "https"
    connect = http.client.HTTPSConnection if tls else http.client.HTTPConnection
    connection = connect(address.netloc, timeout=patience)
    path = address.path + (f"?{address.query}" if address.query else "")
    try:
        connection.request("POST", path or "/", body, dict(headers))
        answer = connection.getresponse()
        return Answer(answer.status, answer.read(), answer.getheader("Set-Cookie") is not None)
    except (OSError, http.client.HTTPException):
        return Answer(0)
    finally:
        connection.close()
