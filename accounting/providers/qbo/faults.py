"""What QuickBooks' refusals mean: who must do what.

Only status and code decide, and the tokens of code 6140. Everything else that QuickBooks says is
in the language of the company and changes without notice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import requests

from accounting.providers import port
from accounting.providers.port import Operation, Reason

TAKEN = re.compile(r"TxnType=(?P<type>\w+)\b.*?\bTxnId=(?P<id>\d+)")
THROTTLED = "3001"
DISCONNECTED = "3100"
SYSTEM = "10000"
WAIT = 60.0  # seconds, what Intuit asks for after a 429
PATIENCE = 30.0  # seconds until an outage is tried again
QUOTED = 300  # characters of QuickBooks' own words at most

DOWN = "QuickBooks can't be reached right now. Nothing was sent; it is tried again by itself."
LOST = (
    "QuickBooks took the request but its answer was lost. Before it is sent again, we look there."
)
ODD = (
    "QuickBooks has this document under the id {id}, but what it says of it can't be read. The log "
    "has details for whoever runs this program."
)
BUSY = "QuickBooks asks us to wait a minute. It is tried again by itself."
SIGNED_OUT = (
    "QuickBooks no longer lets this connection in. Somebody who may manage the connection must "
    "connect again, to the same company."
)
TOKEN_REFUSED = "QuickBooks did not accept the access token."  # noqa: S105 - a sentence
OURS = (
    "QuickBooks did not understand what was sent. This is a fault of this program or its set-up: "
    "give code and reference to whoever runs it."
)
INACTIVE = (
    "A customer, item, tax code or person that is used here was deleted or made inactive in "
    "QuickBooks. Make it active there, or link another one on the Accounting page."
)
GONE = "This document was deleted in QuickBooks. Decide there or here whether it is still needed."
RIGHTS = (
    "The QuickBooks user who connected may not do this. An administrator of the company must give "
    "that right in QuickBooks, or connect again."
)

# code: reason, and what happened and who mends it. {detail}: QuickBooks' own words.
MEANINGS: dict[str, tuple[Reason, str]] = {
    "120": (Reason.NOT_ALLOWED, RIGHTS),
    "500": (Reason.OTHER, OURS),
    "610": (Reason.REFERENCE, INACTIVE),
    "2010": (Reason.OTHER, OURS),
    "2020": (Reason.OTHER, OURS),
    "2030": (Reason.OTHER, OURS),
    "2050": (
        Reason.TOO_LONG,
        "A text is longer than QuickBooks takes. Shorten it, then send again.",
    ),
    "2090": (
        Reason.OTHER,
        "QuickBooks does not take one of the values. Correct it, then send again. ({detail})",
    ),
    "2170": (Reason.OTHER, OURS),
    "2500": (Reason.REFERENCE, INACTIVE),
    "4000": (Reason.OTHER, OURS),
    "4001": (Reason.OTHER, OURS),
    "5010": (
        Reason.STALE,
        "Somebody changed this in QuickBooks since we last looked. See what is different there, "
        "then decide whose version counts.",
    ),
    "5020": (Reason.NOT_ALLOWED, RIGHTS),
    "6000": (
        Reason.OTHER,
        "A rule of the QuickBooks company refused this. Correct it here or there, then send "
        "again. QuickBooks says: {detail}",
    ),
    "6070": (
        Reason.AMOUNT,
        "QuickBooks gets another amount from quantity and price of a line. Change its quantity or "
        "price so that the product is a full cent.",
    ),
    "6140": (
        Reason.NUMBER_TAKEN,
        "Another document in QuickBooks has this number. Change the number here or there, then "
        "send again.",
    ),
    "6190": (
        Reason.NOT_ALLOWED,
        "The QuickBooks subscription of this company has ended, so nothing can be written there. "
        "Whoever pays for it must renew it.",
    ),
    "6210": (
        Reason.PERIOD_CLOSED,
        "The books in QuickBooks are closed for this date. Use a later date, or have your "
        "accountant open the period.",
    ),
    "6240": (
        Reason.NAME_TAKEN,
        "Somebody or something in QuickBooks has this name already: a customer, supplier, employee "
        "or item. Link it, or change the name.",
    ),
    "6430": (
        Reason.REFERENCE,
        "The account for new items is not an income account in QuickBooks. Choose another one on "
        "the Accounting page.",
    ),
    "6540": (
        Reason.SETTLED,
        "The money for this was deposited in QuickBooks, so it can't be changed any more. Undo the "
        "deposit there first.",
    ),
}


def of_fault(
    fault: Mapping[str, Any],
    *,
    write: bool = True,
    reference: str = "",
    operation: Operation | None = None,
) -> port.ProviderError:
    """The error that a Fault means. `operation` is what was to be done with a document."""
    errors = [_Error(each) for each in _errors(fault)] or [_Error({})]
    error = next((each for each in errors if each.code in MEANINGS), errors[0])
    if error.code == THROTTLED:
        return port.Unavailable(BUSY, retry_after=WAIT, code=error.code, reference=reference)
    if error.code == SYSTEM:
        return unreadable(write=write, reference=reference, code=error.code)
    reason, text = MEANINGS.get(error.code, MEANINGS["6000"])
    changed = operation in (Operation.UPDATE, Operation.VOID)
    if error.code == "610" and changed and not error.element.endswith("Ref"):
        reason, text = Reason.GONE, GONE
    return port.Rejected(
        text.format(detail=_quoted(errors)),
        reason=reason,
        field=error.element,
        found_id=error.holder if reason is Reason.NUMBER_TAKEN else "",
        code=error.code,
        reference=reference,
    )


def of_status(
    status: int, body: bytes, headers: Mapping[str, str], *, write: bool, reference: str = ""
) -> port.ProviderError:
    """The error that an answer other than a 2xx means."""
    fault = _fault(body)
    code = _Error(next(iter(_errors(fault)), {})).code if fault else ""
    if status == 401:
        return port.Unauthorized(TOKEN_REFUSED, code=code, reference=reference)
    if status == 403 and code == DISCONNECTED:
        return port.Unauthorized(SIGNED_OUT, final=True, code=code, reference=reference)
    if status == 429 or code == THROTTLED:
        # When the month's reads are used up only reads are refused, and writes must go on.
        return port.Unavailable(
            BUSY,
            retry_after=_seconds(headers.get("Retry-After", "")),
            whole_company=write,
            code=code,
            reference=reference,
        )
    if status == 403 and fault is None:  # an edge or firewall before QuickBooks itself
        return port.Unavailable(DOWN, retry_after=PATIENCE, reference=reference)
    if 400 <= status < 500 and fault is not None:
        return of_fault(fault, write=write, reference=reference)
    return unreadable(write=write, reference=reference, code=code)


def unreadable(*, write: bool, reference: str = "", code: str = "") -> port.ProviderError:
    """An answer that says nothing: a write may have happened."""
    if write:
        return port.Unknown(LOST, code=code, reference=reference)
    return port.Unavailable(DOWN, retry_after=PATIENCE, code=code, reference=reference)


def lost(error: requests.RequestException, *, write: bool) -> port.ProviderError:
    """No answer. Unknown for a write unless no connection ever stood."""
    if isinstance(error, requests.ConnectTimeout) or _never_connected(error):
        return port.Unavailable(DOWN, retry_after=PATIENCE)
    return unreadable(write=write)


def _never_connected(error: requests.RequestException) -> bool:
    cause = getattr(error.args[0], "reason", None) if error.args else None
    return type(cause).__name__ in ("NewConnectionError", "NameResolutionError")


class _Error:
    """One error of a Fault, in either spelling of its keys."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        lower = {str(key).lower(): value for key, value in error.items()}
        self.code = str(lower.get("code") or "")[:20]
        self.element = str(lower.get("element") or "")[:60]
        self.text = str(lower.get("detail") or lower.get("message") or "")

    @property
    def holder(self) -> str:
        """The invoice that has the number already."""
        found = TAKEN.search(self.text)
        return found["id"] if found and found["type"] == "Invoice" else ""


def _fault(body: bytes) -> Mapping[str, Any] | None:
    try:
        answer = json.loads(body)
    except ValueError:
        return None
    if not isinstance(answer, dict):
        return None
    fault = answer.get("Fault") or answer.get("fault")
    return fault if isinstance(fault, dict) else None


def _errors(fault: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    errors = fault.get("Error") or fault.get("error") or []
    return [each for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []


def _quoted(errors: list[_Error]) -> str:
    """QuickBooks' own words on one line."""
    words = " / ".join(dict.fromkeys(each.text for each in errors if each.text))
    line = " ".join(words.split()) or "nothing more."
    return line if len(line) <= QUOTED else f"{line[: QUOTED - 1]}…"


def _seconds(text: str) -> float:
    return min(float(text), 3600.0) if text.isdecimal() else WAIT
