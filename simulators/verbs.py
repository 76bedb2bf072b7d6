"""Calling the verbs of a service by name, as the control API does."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any


def find(
    verb: str,
    arguments: dict[str, Any],
    *,
    holder: object,
    names: tuple[str, ...],
    person: str,
    people: Callable[[str], object],
) -> Callable[..., Any]:
    """A verb of the holder, or as person/<verb> one of a person at the keyboard. `person` names the
    argument that says in which books, which `people` turns into somebody. ValueError for a verb
    that does not exist or arguments that do not fit.
    """
    first, _, second = verb.partition("/")
    if first == "person":
        acting = people(arguments.pop(person, ""))
        known = [name for name in dir(acting) if not name.startswith("_")]
        known = [name for name in known if callable(getattr(acting, name))]
        call = getattr(acting, second) if second in known else None
    else:
        known = [*names, "person/<verb>"]
        call = getattr(holder, verb) if verb in names else None
    if call is None:
        raise ValueError(f"There is no {verb!r}. There are: {', '.join(known)}.")
    try:
        inspect.signature(call).bind(**arguments)
    except TypeError as wrong:
        raise ValueError(f"{verb}: {wrong}") from None
    found: Callable[..., Any] = call
    return found
