"""HTTP to Xero: one request, within a time, without a retry.

Xero's own library retries PUT by itself, sleeps through Retry-After, has no time-out, shares one
token among all of its clients, and loses a whole answer to one value that it does not know. Bodies
are frozen and answers read raw here, so nothing of it is left to use; tests hold its models against
what we write and read.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import requests
from urllib3.exceptions import HTTPError

from accounting.providers import port
from accounting.providers.port import Cost

from . import faults

BASE = "/api.xro/2.0"
TIMEOUT = (3.05, 30.0)  # seconds to connect, seconds of silence
DEADLINE = 60.0  # seconds for a whole answer
# Fifty invoices take their time, and giving up on them costs minutes of looking. It is less than a
# sender's lease, and than the time after which a call is looked for.
WRITE_TIMEOUT, WRITE_DEADLINE = (3.05, 100.0), 110.0
LARGEST = 50 * 1024 * 1024  # bytes of an answer
AGENT = "atera-invoicing"
LONGEST_KEY = 128
Doc = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx: its object, and what the support of Xero asks for."""

    body: Doc
    reference: str


class Client:
    """One organisation, one token. Raises the port's errors only."""

    def __init__(self, http: requests.Session, api: str, session: port.Session) -> None:
        self._http = http
        self._api = api
        self.session = session

    def get(self, path: str, *, since: str = "", **query: Any) -> Answer:
        """`since` in UTC, to the second."""
        more = {"If-Modified-Since": since} if since else {}
        self.session.spend(Cost.READ)
        return self._ask("GET", path, query, headers=more, write=False)

    def write(
        self, method: str, path: str, body: bytes, *, key: str, cost: Cost, **query: Any
    ) -> Answer:
        """Only what Xero can recognise when it comes twice is sent."""
        if not 0 < len(key) <= LONGEST_KEY:
            raise ValueError("A write without its Idempotency-Key is not sent.")
        headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
        self.session.spend(cost)
        return self._ask(method, path, query, body=body, headers=headers, write=True)

    def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any],
        *,
        headers: Mapping[str, str],
        write: bool,
        body: bytes | None = None,
    ) -> Answer:
        sent = {
            "Authorization": f"Bearer {self.session.access}",
            "Xero-Tenant-Id": self.session.company_id,
            "Accept": "application/json",
            **headers,
        }
        url = f"{self._api}{BASE}/{path}"
        request = requests.Request(method, url, headers=sent, params=dict(query), data=body)
        timeout, deadline = (WRITE_TIMEOUT, WRITE_DEADLINE) if write else (TIMEOUT, DEADLINE)
        status, content, told = exchange(
            self._http, request, write=write, timeout=timeout, deadline=deadline
        )
        reference = told.get("Xero-Correlation-Id", "")[:80]
        if not 200 <= status < 300:
            raise faults.of_status(status, content, told, write=write, reference=reference)
        return Answer(_object(content, write=write, reference=reference), reference)


@contextmanager
def client(api: str, session: port.Session) -> Iterator[Client]:
    """A client for one errand."""
    with http() as opened:
        yield Client(opened, api, session)


@contextmanager
def http() -> Iterator[requests.Session]:
    with requests.Session() as opened:
        opened.trust_env = False  # no proxy and no .netrc between us and the token
        opened.headers["User-Agent"] = AGENT
        yield opened


def exchange(
    opened: requests.Session,
    request: requests.Request,
    *,
    write: bool,
    timeout: tuple[float, float] | None = None,
    deadline: float | None = None,
) -> tuple[int, bytes, Mapping[str, str]]:
    """Status, body and headers of an answer; redirects are not followed."""
    prepared = opened.prepare_request(request)
    try:
        with opened.send(
            prepared, timeout=timeout or TIMEOUT, allow_redirects=False, stream=True
        ) as response:
            body = _read(response, deadline or DEADLINE)
    except requests.RequestException as error:
        raise faults.lost(error, write=write) from None
    except HTTPError:  # while reading: broken off, cut short, or packed badly
        raise faults.unreadable(write=write) from None
    if body is None:
        raise faults.unreadable(write=write)
    return response.status_code, body, response.headers


def _read(response: requests.Response, deadline: float) -> bytes | None:
    """The whole body; None when it is too large, too slow, or not as long as announced."""
    end = time.monotonic() + deadline
    parts, size = [], 0
    # Unlike `iter_content`, `read1` returns what has come, so that the time can be looked at.
    while part := response.raw.read1(64 * 1024, decode_content=True):
        parts.append(part)
        size += len(part)
        if size > LARGEST or time.monotonic() > end:
            return None
    return b"".join(parts)


def _object(body: bytes, *, write: bool, reference: str) -> Doc:
    try:
        answer = json.loads(body, parse_float=Decimal)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise faults.unreadable(write=write, reference=reference)
    return answer
