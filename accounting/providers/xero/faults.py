"""What Xero's refusals mean: who must do what.

Xero has no codes for what its books refuse, only sentences. Those are looked through for a few
words that have stayed the same for years; what is not recognised is shown as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import requests

from accounting.providers import port
from accounting.providers.port import Reason

DAY = "day"
# Seconds to wait when a 429 does not say it, by the limit that was hit.
WAITS = {"minute": 60.0, "appminute": 60.0, "concurrent": 5.0, DAY: 3600.0}
LONGEST_WAIT = {DAY: 25 * 3600.0}
PATIENCE = 30.0  # seconds until an outage is tried again
NOT_NOW_FOR = 300.0  # seconds until a refusal that says no cause we know is tried again
QUOTED = 300  # characters of Xero's own words at most

DOWN = "Xero can't be reached right now. Nothing was sent; it is tried again by itself."
LOST = "Xero took the request but its answer was lost. Before it is sent again, we look there."
ODD = (
    "Xero has this document under the id {id}, but what it says of it can't be read. The log has "
    "details for whoever runs this program."
)
BUSY = "Xero asks us to wait a moment. It is tried again by itself."
SPENT = (
    "Xero's requests of this day are used up for this organisation. Everything goes on by itself "
    "when Xero takes requests again."
)
SIGNED_OUT = (
    "This connection was removed in Xero, or whoever made it has lost the right there. Somebody "
    "who may manage the connection must connect again, to the same organisation."
)
NOT_NOW = (
    "Xero refuses us for the moment and is asked again in some minutes. If this stays, look there "
    "whether this program is still among the connected apps. Xero says: {detail}"
)
TOKEN_REFUSED = "Xero did not accept the access token."  # noqa: S105 - a sentence
NO_SCOPE = (
    "The consent in Xero does not cover this. Connect again and allow all that is asked for; if "
    "that does not help, whoever runs this program must look at XERO_SCOPES."
)
OURS = (
    "Xero did not understand what was sent. This is a fault of this program or its set-up: give "
    "the reference to whoever runs it. ({detail})"
)
NOTHING_DUE = (
    "This invoice comes to nothing, so Xero counts it as paid, and lets nobody void it from here. "
    "It changes nothing in the books there; whoever wants it gone gives it an amount in Xero first."
)
GONE = (
    "This invoice was deleted or voided in Xero. Decide there or here whether it is still needed."
)
STALE = (
    "Somebody changed this in Xero since we last looked. See what is different there, then decide "
    "whose version counts."
)
REFERENCE = (
    "A contact, item, account or tracking option that is used here is not known in Xero or was "
    "archived. Restore it there, or link another one on the Accounting page. Xero says: {detail}"
)

# What the sentence has in it: code, reason, and what happened and who mends it.
MEANINGS: tuple[tuple[str, str, Reason, str], ...] = (
    (r"invoice ?(#|number).*(unique|already)", "number_taken", Reason.NUMBER_TAKEN,
     "Another invoice in Xero has this number, perhaps one that was voided or deleted: Xero keeps "
     "those numbers. Change the number here or there, then send again. If it can't be changed any "
     "more, take the export back, void the invoice here and bill it anew."),
    (r"already assigned|must be unique|already exists|is taken", "name_taken", Reason.NAME_TAKEN,
     "Somebody or something in Xero has this name or code already. Link it, or change the name."),
    (r"lock date", "period_closed", Reason.PERIOD_CLOSED,
     "The books in Xero are locked for this date. Use a later date, or have your accountant move "
     "the lock date."),
    (r"payments? or credit notes?", "settled", Reason.SETTLED,
     "A payment or credit note is applied to this in Xero, so it can't be changed any more. Remove "
     "it there first, or write a credit note."),
    (r"not of valid status", "stale", Reason.STALE, STALE),
    (r"limit of invoices|not permitted|not authori[sz]ed to", "not_allowed", Reason.NOT_ALLOWED,
     "The Xero plan or the user who connected does not allow this. Xero says: {detail}"),
    (r"currency", "currency", Reason.CURRENCY,
     "The Xero organisation does not take this currency. Add it there, or bill in another one. "
     "Xero says: {detail}"),
    (r"tax ?type|tax rate", "tax", Reason.TAX,
     "Xero does not take this tax here. Choose another one on the Accounting page. Xero says: "
     "{detail}"),
    (r"line total|negative|amount", "amount", Reason.AMOUNT,
     "Xero does not take an amount of this invoice. Xero says: {detail}"),
    (r"at most \d+ characters|too long|length", "too_long", Reason.TOO_LONG,
     "A text is longer than Xero takes. Shorten it, then send again. Xero says: {detail}"),
    (r"account code|item code|contact|tracking|archived", "reference", Reason.REFERENCE, REFERENCE),
)  # fmt: skip
OTHER = ("refused", Reason.OTHER, "Xero refused this. Correct it, then send again. Xero says: "
         "{detail}")  # fmt: skip


def of_element(element: Mapping[str, Any], *, reference: str = "") -> port.Rejected:
    """Why one element of a call was refused."""
    return of_messages(list(messages(element)), reference=reference)


def of_messages(said: list[str], *, reference: str = "") -> port.Rejected:
    whole = " / ".join(dict.fromkeys(said))
    found = next((m for m in MEANINGS if re.search(m[0], whole, re.IGNORECASE)), ("", *OTHER))
    _, code, reason, text = found
    return port.Rejected(
        text.format(detail=_quoted(whole)), reason=reason, code=code, reference=reference
    )


def messages(element: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with an element, its lines and its contact."""
    errors = element.get("ValidationErrors")
    for error in errors if isinstance(errors, list) else ():
        if isinstance(error, dict) and error.get("Message"):
            yield str(error["Message"])
    lines = element.get("LineItems")
    parts = [*(lines if isinstance(lines, list) else ()), element.get("Contact")]
    for part in parts:
        if isinstance(part, dict):
            yield from messages(part)


def of_status(
    status: int, body: bytes, headers: Mapping[str, str], *, write: bool, reference: str = ""
) -> port.ProviderError:
    """The error that an answer other than a 2xx means."""
    said = _lower(body)
    if status == 429:
        return _throttled(headers, reference)
    if status in (401, 403):
        return _not_let_in(status, said, reference, write=write)
    if status == 404:
        return port.Rejected(GONE, reason=Reason.GONE, code="404", reference=reference)
    if status == 400 and said:
        return _bad_request(said, reference)
    if status in (413, 414):
        text = OURS.format(detail=f"{status}: too much at once")
        return port.Rejected(text, code=str(status), reference=reference)
    return unreadable(write=write, reference=reference, code=str(status))


def unreadable(*, write: bool, reference: str = "", code: str = "") -> port.ProviderError:
    """An answer that says nothing: a write may have happened."""
    if write:
        return port.Unknown(LOST, code=code, reference=reference)
    return port.Unavailable(DOWN, retry_after=PATIENCE, code=code, reference=reference)


def lost(error: requests.RequestException, *, write: bool) -> port.ProviderError:
    """No answer. Unknown for a write unless no connection ever stood."""
    cause = getattr(error.args[0], "reason", None) if error.args else None
    never = type(cause).__name__ in ("NewConnectionError", "NameResolutionError")
    if isinstance(error, requests.ConnectTimeout) or never:
        return port.Unavailable(DOWN, retry_after=PATIENCE)
    return unreadable(write=write)


def stale(reference: str = "") -> port.Rejected:
    return port.Rejected(STALE, reason=Reason.STALE, code="stale", reference=reference)


def gone(reference: str = "") -> port.Rejected:
    return port.Rejected(GONE, reason=Reason.GONE, code="gone", reference=reference)


def nothing_due() -> port.Rejected:
    return port.Rejected(NOTHING_DUE, reason=Reason.SETTLED, code="nothing_due")


def _not_let_in(
    status: int, said: Mapping[str, Any], reference: str, *, write: bool
) -> port.ProviderError:
    """A dead token is renewed. What only a new consent mends ends the connection: an organisation
    that is closed to us, and a scope without which nothing can be written.
    """
    detail = str(said.get("detail", "")).lower()
    if "authorizationunsuccessful" in detail:
        if write:
            return port.Unauthorized(NO_SCOPE, final=True, code="scope", reference=reference)
        return port.Rejected(NO_SCOPE, reason=Reason.NOT_ALLOWED, code="scope", reference=reference)
    if status == 401:
        return port.Unauthorized(TOKEN_REFUSED, code="401", reference=reference)
    if "authenticationunsuccessful" in detail:
        return port.Unauthorized(SIGNED_OUT, final=True, code="403", reference=reference)
    if said:  # Xero itself, for a reason of its own: nothing that a consent would mend is said
        text = NOT_NOW.format(detail=_quoted(_words(said)))
        return port.Unavailable(
            text, retry_after=NOT_NOW_FOR, whole_company=True, code="403", reference=reference
        )
    return port.Unavailable(DOWN, retry_after=PATIENCE, reference=reference)  # an edge or firewall


def _words(said: Mapping[str, Any]) -> str:
    return str(next(filter(None, map(said.get, ("detail", "message", "title"))), ""))


def _throttled(headers: Mapping[str, str], reference: str) -> port.Unavailable:
    """Which limit it was decides how long to wait when Xero does not say, and what to tell."""
    limit = headers.get("X-Rate-Limit-Problem", "").strip().lower()
    usual, most = WAITS.get(limit, 60.0), LONGEST_WAIT.get(limit, 3600.0)
    told = headers.get("Retry-After", "").strip()
    seconds = float(told) if told.isascii() and told.isdecimal() else usual
    return port.Unavailable(
        SPENT if limit == DAY else BUSY,
        retry_after=min(max(seconds, 1.0), most),
        whole_company=True,
        code=limit or "429",
        reference=reference,
    )


def _bad_request(said: Mapping[str, Any], reference: str) -> port.Rejected:
    elements = said.get("elements")
    found = [
        message
        for element in (elements if isinstance(elements, list) else ())
        if isinstance(element, dict)
        for message in messages(element)
    ]
    if found:
        return of_messages(found, reference=reference)
    text = str(said.get("message") or said.get("detail") or "400")
    code = f"error {said.get('errornumber', 400)}"
    return port.Rejected(OURS.format(detail=_quoted(text)), code=code[:40], reference=reference)


def _lower(body: bytes) -> dict[str, Any]:
    """The object of an error, its names in lower case: both spellings have been seen."""
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    return (
        {str(key).lower(): value for key, value in said.items()} if isinstance(said, dict) else {}
    )


def _quoted(words: str) -> str:
    """Xero's own words on one line."""
    line = " ".join(words.split()) or "nothing more."
    return line if len(line) <= QUOTED else f"{line[: QUOTED - 1]}…"
