"""Addresses, forms and buttons of the pages of one organisation."""

from __future__ import annotations

from ..html import Markup, button, tag
from .organisation import Organisation


def at(org: Organisation, page: str) -> str:
    return f"/__sim/xero/{org.tenant}/{page}"


def form(
    org: Organisation, verb: str, here: str, label: str, *fields: Markup, **more: str
) -> Markup:
    """A form that does one thing and comes back."""
    hidden = [
        tag("input", type="hidden", name=name, value=value)
        for name, value in {"verb": verb, "back": at(org, here), **more}.items()
    ]
    return tag(
        "form", *hidden, *fields, tag("button", label), method="post", action=at(org, "do"),
        class_="row",
    )  # fmt: skip


def button_to(org: Organisation, label: str, verb: str, here: str, **more: str) -> Markup:
    return button(label, at(org, "do"), quiet=True, verb=verb, back=at(org, here), **more)
