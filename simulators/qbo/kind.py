"""What the rules for one kind of record consist of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .company import Act, Doc

Prepare = Callable[[Act, Doc, Doc | None], Doc]
Settle = Callable[[Act, Doc | None, Doc | None], None]


def nothing(act: Act, before: Doc | None, after: Doc | None) -> None:
    """Most kinds change nothing else."""


def anything(act: Act, doc: Doc) -> None:
    """Most transactions can be deleted."""


@dataclass(frozen=True)
class Kind:
    """A kind of record. `group` is the pool of its ids. `prepare` checks and completes a new or
    changed record without touching anything; `settle` carries the consequences to others.
    """

    name: str
    group: str
    prepare: Prepare
    settle: Settle = nothing
    check_delete: Callable[[Act, Doc], None] = anything
    void: Callable[[Act, Doc], Doc] | None = None
    transaction: bool = False
    sendable: bool = False
    printable: bool = False
