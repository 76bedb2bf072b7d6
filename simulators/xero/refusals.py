"""How Xero says no. Texts that begin with "simulated:" are ours, because Xero's are not known.

Clients must not match the wording of either.
"""

from __future__ import annotations

import uuid
from typing import Any

from ..wire import Response, dump_json

NO_ID = "00000000-0000-0000-0000-000000000000"
PLAIN_JSON = "application/json; charset=utf-8"
NOT_MODIFIABLE = "Invoice not of valid status for modification"
HAS_PAYMENT = "This document cannot be edited as it has a payment or credit note allocated to it."
TAKEN = "Invoice # must be unique."


class Invalid(Exception):
    """One element breaks rules; the others of its request do not suffer."""

    def __init__(self, *messages: str) -> None:
        super().__init__("; ".join(messages))
        self.messages = list(messages)


class Refusal(Exception):
    """The whole request is refused with this answer."""

    def __init__(self, response: Response, said: str = "") -> None:
        super().__init__(said or response.body.decode("utf-8", "replace"))
        self.response = response


def unreadable(message: str) -> Refusal:
    """What can't be read as what it should be: error 14."""
    body = {"ErrorNumber": 14, "Type": "PostDataInvalidException", "Message": message}
    return Refusal(Response(400, dump_json(body), PLAIN_JSON), message)


def bad_query(message: str) -> Refusal:
    """A filter that makes no sense."""
    body = {"ErrorNumber": 16, "Type": "QueryParseException", "Message": message}
    return Refusal(Response(400, dump_json(body), PLAIN_JSON))


def not_simulated(what: str) -> Refusal:
    """A thing that the real service may know and the simulator does not."""
    return Refusal(Response(501, dump_json({"error": f"simulated: {what}"}), PLAIN_JSON))


def not_found() -> Refusal:
    """Nothing by that id: no body at all, and it says it is HTML."""
    return Refusal(Response(404, b"", "text/html; charset=utf-8"))


def problem(status: int, title: str, detail: str, *, case: str) -> Response:
    """401 and 403 of the gateway. Both spellings of its names have been seen."""
    body: dict[str, Any] = {
        "type": None, "title": title, "status": status, "detail": detail,
        "instance": str(uuid.uuid4()), "extensions": {},
    }  # fmt: skip
    capital = case == "capital" or (case == "mixed" and status == 401)
    if capital:
        body = {name.capitalize(): value for name, value in body.items()}
    return Response(status, dump_json(body), "application/json")
