"""How a rule says no."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """A rule refused what was asked; nothing was written.

    `code` is stable and for machines ("already_issued"); `message` is one or two sentences for the
    person who asked and says what to do. `field` names the input at fault, if there is one.
    `facts` holds what a program may want to know (ids, numbers), JSON-ready.
    Pages show the message beside the form; the API answers 409 as problem+json (422 with a field).
    """

    def __init__(self, code: str, message: str, *, field: str = "", **facts: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.facts = facts
