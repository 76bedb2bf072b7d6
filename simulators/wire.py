"""What goes over the wire: a request as it was read, an answer as bytes, and how it is spoilt."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .clock import Clock

JSON = "application/json;charset=UTF-8"
HTML = "text/html; charset=utf-8"


class Cut(Exception):
    """The connection ends here without an answer; with `reset` the client sees a reset."""

    def __init__(self, *, reset: bool = False) -> None:
        super().__init__("reset" if reset else "closed")
        self.reset = reset


@dataclass(frozen=True)
class Request:
    """One HTTP request. `path` is below the prefix of its app; `reach` tells of progress."""

    method: str
    target: str
    path: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes = b""
    reach: Callable[..., None] = field(default=lambda stage, position=0: None, repr=False)

    @property
    def query(self) -> dict[str, str]:
        """Parameters of the address; of a repeated one the last."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    def values(self, name: str) -> list[str]:
        """All values of a repeated field of a form."""
        sent = parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True)
        return [value for key, value in sent if key == name]

    def form(self) -> dict[str, str]:
        """The body read as a form."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(frozen=True)
class Response:
    """One HTTP answer."""

    status: int = 200
    body: bytes = b""
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)

    def with_headers(self, headers: Mapping[str, str]) -> Response:
        """The same answer with more headers."""
        return replace(self, headers={**self.headers, **headers})


@dataclass(frozen=True)
class Delivery:
    """How an answer leaves: whole by default, or cut, reset, shortened, slow."""

    response: Response
    cut: bool = False
    reset: bool = False
    keep: float | None = None  # share of the body that gets through
    bytes_per_second: float | None = None


def json_answer(data: Any, status: int = 200) -> Response:
    """JSON with plain numbers for Decimal values."""
    return Response(status, dump_json(data))


def html_answer(text: str, status: int = 200) -> Response:
    """A page that nobody may frame."""
    headers = {
        "X-Frame-Options": "DENY",
        "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action *",
        "Cache-Control": "no-store",
    }
    return Response(status, text.encode(), HTML, headers)


def redirect(location: str, status: int = 302) -> Response:
    return Response(status, b"", HTML, {"Location": location})


def dump_json(data: Any) -> bytes:
    return json.dumps(data, default=_plain, ensure_ascii=False, separators=(",", ":")).encode()


def load_json(body: bytes | str) -> Any:
    """JSON with fractions as Decimal, so that no cent is lost; ValueError for anything else."""
    return json.loads(body, parse_float=Decimal, parse_constant=_no_constant)


def send(connection: socket.socket, delivery: Delivery, *, clock: Clock, alive: bool) -> bool:
    """Write the answer as the delivery says. False when the connection must end now."""
    if delivery.cut or delivery.reset:
        end(connection, reset=delivery.reset)
        return False
    head, body = encode(delivery.response, clock=clock, alive=alive)
    if delivery.keep is not None:
        body = body[: int(len(body) * delivery.keep)]
    if delivery.bytes_per_second:
        _drip(connection, head + body, delivery.bytes_per_second)
    else:
        connection.sendall(head + body)
    return alive and delivery.keep is None


def encode(response: Response, *, clock: Clock, alive: bool) -> tuple[bytes, bytes]:
    """Status line and headers, and the body."""
    try:
        phrase = HTTPStatus(response.status).phrase
    except ValueError:
        phrase = "Simulated"
    headers = {
        "Date": format_datetime(clock.now(), usegmt=True),
        "Content-Type": response.content_type,
        "Content-Length": str(len(response.body)),
        "Connection": "keep-alive" if alive else "close",
        **response.headers,
    }
    lines = [f"HTTP/1.1 {response.status} {phrase}", *(f"{n}: {v}" for n, v in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace"), response.body


def end(connection: socket.socket, *, reset: bool) -> None:
    """Close the connection, with a reset when asked."""
    if reset:
        reset_on_close(connection)
    else:
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


def reset_on_close(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _drip(connection: socket.socket, data: bytes, bytes_per_second: float) -> None:
    """In real time, because it is the client's patience that is tried."""
    for position in range(len(data)):
        connection.sendall(data[position : position + 1])
        time.sleep(1 / bytes_per_second)


def _plain(value: Any) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no place in JSON")


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
