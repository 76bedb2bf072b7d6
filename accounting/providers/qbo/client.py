"""The library's verbs over a transport of our own.

python-quickbooks waits for ever, follows redirects with the token, loses status and headers, and
takes every refusal for another kind of error. All of its verbs go through `make_request`, which is
replaced here: one request, within a time, without a retry.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from quickbooks import QuickBooks
from urllib3.exceptions import HTTPError

from accounting.providers import port
from accounting.providers.port import Cost

from . import faults

MINOR_VERSION = 75
TIMEOUT = (3.05, 30.0)  # seconds to connect, seconds of silence
DEADLINE = 60.0  # seconds for a whole answer
LARGEST = 50 * 1024 * 1024  # bytes of an answer
AGENT = "atera-invoicing"

# At DEBUG these print tokens.
for name in ("requests_oauthlib", "oauthlib", "intuitlib"):
    logging.getLogger(name).setLevel(logging.WARNING)


class Client(QuickBooks):
    """One company, one token. Made by `client` below; raises the port's errors only."""

    base: str
    access: str
    spend: Any

    @property
    def api_url(self) -> str:
        return f"{self.base}/v3"

    def url(self, resource: str) -> str:
        return f"{self.api_url}/company/{self.company_id}/{resource}"

    def make_request(  # noqa: PLR0917 - the library's own
        self,
        request_type: str,
        url: str,
        request_body: str | bytes | None = None,
        content_type: str = "application/json",
        params: dict[str, Any] | None = None,
        file_path: None = None,
        file_bytes: None = None,
        request_id: str | None = None,
    ) -> dict[str, Any]:
        """The answer's object. A write needs a `request_id`, which goes into the address."""
        path = urlsplit(url).path
        write = request_type != "GET" and not path.endswith("/query")
        asked = {**(params or {}), "minorversion": MINOR_VERSION}
        headers = {
            "Authorization": f"Bearer {self.access}",
            "Accept": "application/json",
            "Content-Type": content_type,
            "User-Agent": AGENT,
        }
        if request_id:
            asked["requestid"] = request_id
        body = request_body.encode() if isinstance(request_body, str) else request_body
        request = requests.Request(
            request_type, url, headers=headers, params=asked, data=body or None
        )
        prepared = self.session.prepare_request(request)
        if write:
            _assert_repeatable(prepared, request_id)
        self.spend(_cost(path, write=write))
        return self._exchange(prepared, write=write)

    def _exchange(self, request: requests.PreparedRequest, *, write: bool) -> dict[str, Any]:
        try:
            with self.session.send(
                request, timeout=TIMEOUT, allow_redirects=False, stream=True
            ) as response:
                body = _read(response)
        except requests.RequestException as error:
            raise faults.lost(error, write=write) from None
        except HTTPError:  # while reading: broken off, cut short, or packed badly
            raise faults.unreadable(write=write) from None
        reference = response.headers.get("intuit_tid", "")[:80]
        if body is None:
            raise faults.unreadable(write=write, reference=reference)
        if not 200 <= response.status_code < 300:
            raise faults.of_status(
                response.status_code, body, response.headers, write=write, reference=reference
            )
        return _object(body, write=write, reference=reference)


@contextmanager
def client(base: str, session: port.Session) -> Iterator[Client]:
    """A client for one errand."""
    with requests.Session() as http:
        http.trust_env = False  # no proxy and no .netrc between us and the token
        made = Client(company_id=session.company_id, minorversion=MINOR_VERSION)
        made.base, made.access, made.spend, made.session = (
            base, session.access, session.spend, http,
        )  # fmt: skip
        yield made


def _assert_repeatable(request: requests.PreparedRequest, request_id: str | None) -> None:
    """Libraries have lost this parameter before, and with it the only guard against doubles."""
    sent = parse_qs(urlsplit(str(request.url)).query).get("requestid")
    if not request_id or sent != [request_id]:
        raise ValueError("A write without its requestid in the address is not sent.")


def _cost(path: str, *, write: bool) -> Cost:
    if not write:
        return Cost.READ
    return Cost.CALL if path.endswith("/batch") else Cost.WRITE


def _read(response: requests.Response) -> bytes | None:
    """The whole body; None when it is too large or takes too long."""
    end = time.monotonic() + DEADLINE
    parts, size = [], 0
    # Unlike `iter_content`, `read1` returns what has come, so that the time can be looked at.
    while part := response.raw.read1(64 * 1024, decode_content=True):
        parts.append(part)
        size += len(part)
        if size > LARGEST or time.monotonic() > end:
            return None
    return b"".join(parts)


def _object(body: bytes, *, write: bool, reference: str) -> dict[str, Any]:
    try:
        answer = json.loads(body, parse_float=Decimal)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise faults.unreadable(write=write, reference=reference)
    fault = answer.get("Fault") or answer.get("fault")
    if isinstance(fault, dict):
        raise faults.of_fault(fault, write=write, reference=reference)
    answer["reference"] = reference
    return answer
