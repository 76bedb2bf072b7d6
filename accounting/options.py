"""What only this accounting system lets people choose: offered by its provider, kept with the
connection.
"""

from __future__ import annotations

from collections.abc import Mapping

from atera_invoicing.errors import Refused

from .models import Connection
from .providers import registry
from .providers.port import Option


def offered(connection: Connection) -> tuple[Option, ...]:
    """The options of this company, as it was last read."""
    return registry.get(connection.provider).options(connection.facts)


def chosen(connection: Connection) -> dict[str, str]:
    """What holds for each, the default where nobody chose."""
    known = connection.options
    return {each.key: known.get(each.key, each.values[0][0]) for each in offered(connection)}


def shown(connection: Connection) -> list[tuple[str, str]]:
    """What holds for each, as people read it: what it is about, and what was chosen. The default
    holds where what was chosen is no longer there.
    """
    known = chosen(connection)
    return [
        (each.label, dict(each.values).get(known[each.key], each.values[0][1]))
        for each in offered(connection)
    ]


def taken(connection: Connection, values: Mapping[str, str]) -> dict[str, str]:
    """What holds with these changes. `Refused` for what is not offered."""
    allowed = {each.key: dict(each.values) for each in offered(connection)}
    for key, value in values.items():
        if value not in allowed.get(key, {}):
            raise Refused("option", f"{key} can't be {value!r} here.", field="options")
    return {**chosen(connection), **values}
