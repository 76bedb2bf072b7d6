"""Switches of a simulated service: settings with a default, a meaning, and perhaps a choice."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any


def switch(default: Any, about: str, *choices: Any) -> Any:
    """A field of a `Switchboard`. One whose meaning begins with "guess" is not known for sure."""
    return field(default=default, metadata={"about": about, "choices": choices or None})


@dataclass
class Switchboard:
    """The settings of one simulated service. Make a dataclass of fields that are a `switch`."""

    def set(self, **values: Any) -> None:
        """Change some; ValueError for a switch or a setting that does not exist."""
        known = {each.name: each for each in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"There is no switch {name!r}. There are: {', '.join(known)}.")
            choices = known[name].metadata["choices"]
            if choices and value not in choices:
                raise ValueError(f"{name} is one of {', '.join(map(str, choices))}.")
            if not isinstance(value, _kinds(known[name].default)):
                raise ValueError(f"{name} is like {known[name].default!r}, not {value!r}.")
        for name, value in values.items():
            setattr(self, name, value)

    @classmethod
    def describe(cls) -> str:
        """All switches with default, choices and meaning, a line each."""
        lines = []
        for each in fields(cls):
            choices = " | ".join(map(str, each.metadata["choices"] or ()))
            setting = f"{each.name} = {each.default}" + (f"  ({choices})" if choices else "")
            lines.append(f"{setting}\n    {each.metadata['about']}")
        return "\n".join(lines)

    @classmethod
    def parse(cls, given: list[str]) -> dict[str, Any]:
        """NAME=VALUE as the switch wants it: a number, yes or no, or text."""
        defaults = cls()
        settings: dict[str, Any] = {}
        for each in given:
            name, _, value = each.partition("=")
            default = getattr(defaults, name, "")
            if isinstance(default, bool):
                settings[name] = value in ("true", "yes", "1")
            else:
                settings[name] = type(default)(value)
        return settings


def _kinds(default: Any) -> tuple[type, ...]:
    if isinstance(default, bool):
        return (bool,)
    return (int, float) if isinstance(default, int | float) else (str,)
