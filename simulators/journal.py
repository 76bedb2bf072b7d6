"""Every exchange with a simulated service, byte for byte, without its secrets."""

from __future__ import annotations

import hashlib
import re
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .wire import Request, Response

KEPT = 10_000  # exchanges
_SECRET = re.compile(
    rb'((?:access_token|refresh_token|id_token|client_secret|code|token)"?\s*[=:]\s*"?)([^"&\s,}]+)'
)


@dataclass
class Exchange:
    """One request and what became of it. `status` 0: no answer left the server."""

    number: int
    at: datetime
    app: str
    kind: str
    method: str
    path: str
    query: dict[str, str]
    request_headers: dict[str, str]
    request_body: bytes
    fault: str = ""
    done: bool = False  # the simulated service did its work
    status: int = 0
    response_headers: dict[str, str] = field(default_factory=dict)
    response_body: bytes = b""

    def describe(self) -> dict[str, Any]:
        return {
            **self.__dict__,
            "at": self.at.isoformat(),
            "request_body": self.request_body.decode("utf-8", "replace"),
            "response_body": self.response_body.decode("utf-8", "replace"),
        }


class Journal:
    """The exchanges in the order of their arrival."""

    def __init__(self) -> None:
        self._exchanges: deque[Exchange] = deque(maxlen=KEPT)
        self._lock = threading.Lock()
        self._count = 0

    def __iter__(self) -> Iterator[Exchange]:
        with self._lock:
            return iter(list(self._exchanges))

    def __len__(self) -> int:
        return len(self._exchanges)

    def clear(self) -> None:
        with self._lock:
            self._exchanges.clear()

    def open(self, app: str, kind: str, request: Request, at: datetime) -> Exchange:
        """Write down a request that arrived; the caller adds what became of it."""
        with self._lock:
            self._count += 1
            address = urlsplit(request.target)
            exchange = Exchange(
                self._count, at, app, kind, request.method, request.path,
                {n: _mask_value(n, v) for n, v in parse_qsl(address.query, True)},
                {n: _mask_header(n, v) for n, v in request.headers.items()},
                mask(request.body) if kind in ("token", "page") else request.body,
            )  # fmt: skip
            self._exchanges.append(exchange)
            return exchange


def note(exchange: Exchange, response: Response) -> None:
    """Write down the answer that was sent."""
    exchange.status = response.status
    exchange.response_headers = {n: mask_text(v) for n, v in response.headers.items()}
    secret = exchange.kind in ("token", "page")
    exchange.response_body = mask(response.body) if secret else response.body


def mask(body: bytes) -> bytes:
    """Secrets become a short hash, so that equal ones can still be told from different ones."""
    return _SECRET.sub(lambda found: found[1] + _short(found[2]).encode(), body)


def mask_text(text: str) -> str:
    return mask(text.encode()).decode("utf-8", "replace")


def fingerprint(secret: str) -> str:
    return _short(secret.encode())


def _mask_header(name: str, value: str) -> str:
    if name.lower() != "authorization":
        return value
    scheme, _, secret = value.partition(" ")
    return f"{scheme} {fingerprint(secret)}"


def _mask_value(name: str, value: str) -> str:
    return fingerprint(value) if name in ("code", "token") else value


def _short(secret: bytes) -> str:
    return f"#{hashlib.sha256(secret).hexdigest()[:8]}"
