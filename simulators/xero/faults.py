"""Faults that only Xero has: its own problems, keys, batches, and odd data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..faults import Fault, Struck
from ..wire import Cut, Delivery, Response, dump_json
from . import rest
from .idempotency import BROKEN
from .limits import Problem
from .refusals import problem
from .wireform import pretty

if TYPE_CHECKING:
    from .app import Xero

OFFLINE = Response(
    503, b"The organisation for this access token is not active or offline", "text/plain"
)
DEAD = Response(400, dump_json({"error": "invalid_grant"}))
NOBODY = "00000000-0000-0000-0000-000000000000"
ODD: dict[str, dict[str, Any]] = {
    "enum": {"CurrencyCode": "XYZ", "Status": "ARCHIVED", "Class": "BRAND_NEW"},
    "null_date": {"UpdatedDateUTC": None, "Date": None},
    "null_list": {"LineItems": None, "Payments": None, "Addresses": None},
    "extra": {"SomethingNew": {"Deep": [1]}, "AnotherOne": "text"},
    "long": {"InvoiceNumber": "9" * 300, "Name": "n" * 600, "Code": "c" * 60},
    "no_id": {"InvoiceID": NOBODY, "ContactID": NOBODY},
    "flagged": {"HasErrors": True, "HasValidationErrors": True},
    "warned": {"Warnings": [{"Message": "simulated: This looks odd."}]},
}
ADDED = ("extra", "warned")  # to every record, whatever it has


def faults(xero: Xero) -> Mapping[str, Fault]:
    """By name, for `arm`."""
    return {**_refusals(xero), **_breakdowns(), **_oddities()}


def _refusals(xero: Xero) -> dict[str, Fault]:
    """Answers instead of any work."""

    def refused(struck: Struck, *, status: int, title: str, detail: str) -> Response:
        return problem(status, title, detail, case=xero.switches.problem_case)

    def throttled(struck: Struck, *, problem: str, retry_after: Any) -> Response:
        hit = Problem(problem, retry_after)
        return rest.throttled(xero, hit, struck.request.headers.get("xero-tenant-id", ""), "")

    def refusal(about: str, status: int, title: str, detail: str) -> Fault:
        options = {"status": status, "title": title, "detail": detail}
        return Fault("arrival", about, refused, options)

    return {
        "unauthorized": refusal(
            "401, as when the token died on the way", 401, "Unauthorized",
            "TokenExpired: token expired",
        ),
        "unentitled": refusal(
            "401, as for a missing scope", 401, "Unauthorized", "AuthorizationUnsuccessful"
        ),
        "forbidden": refusal(
            "403, as for an organisation that is gone", 403, "Forbidden",
            "AuthenticationUnsuccessful",
        ),
        "throttled": Fault(
            "arrival", "429: minute, concurrent, appminute or day; retry_after in seconds, None, "
            "or any text", throttled, {"problem": "minute", "retry_after": 26},
        ),
        "offline": Fault(
            "arrival", "503 in plain text: organisation offline", lambda struck: OFFLINE
        ),
        "invalid_grant": Fault(
            "arrival", "for on='token': the refresh token is dead", lambda struck: DEAD
        ),
    }  # fmt: skip


def _breakdowns() -> dict[str, Fault]:
    """Xero breaks down in the middle of its work."""
    return {
        "error_before_work": Fault(
            "commit", "500, nothing done; the 500 is kept under the key", _break, {"kept": True}
        ),
        "keys_down": Fault(
            "commit", "500, nothing done, nothing kept: the store of keys is down", _break,
            {"kept": False},
        ),
        "error_after_work": Fault(
            "done", "done, but answered 500, and the 500 is kept under the key", _break,
            {"kept": True},
        ),
        "cut_in_batch": Fault(
            "element", "the connection ends when so many elements are done", _cut_after,
            {"after": 30},
        ),
    }  # fmt: skip


def _oddities() -> dict[str, Fault]:
    """Answers that are hard to read."""
    return {
        "odd_data": Fault(
            "answer", f"done, but the answer is odd: {', '.join(ODD)}", _odd, {"what": "enum"}
        ),
        "wrong_length": Fault("answer", "done, but Content-Length says half of it", _mismeasured),
    }  # fmt: skip


def _break(struck: Struck, *, kept: bool) -> None:
    raise rest.Broken(BROKEN, kept=kept)


def _cut_after(struck: Struck, *, after: int) -> None:
    if struck.position == after:
        raise Cut


def _odd(struck: Struck, delivery: Delivery, *, what: str) -> Delivery:
    """Change fields that are there, or add some, in every record of the answer."""
    try:
        body = json.loads(delivery.response.body, parse_float=Decimal)
    except ValueError:
        return delivery
    for records in body.values():
        for record in records if isinstance(records, list) else ():
            record |= {n: v for n, v in ODD[what].items() if n in record or what in ADDED}
    return replace(delivery, response=replace(delivery.response, body=pretty(body)))


def _mismeasured(struck: Struck, delivery: Delivery) -> Delivery:
    half = {"Content-Length": str(len(delivery.response.body) // 2)}
    return replace(delivery, response=delivery.response.with_headers(half), keep=1.0)
