"""Tags and filters of every page. They are builtins: no template loads them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from django import template
from django.contrib.messages import constants
from django.forms.utils import flatatt
from django.template.context import RequestContext
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import is_aware, localtime
from heroicons.templatetags import heroicons

from .. import charts
from .. import money as amounts

register = template.Library()

MINUS = "\u2212"
SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "CAD": "CA$", "AUD": "A$", "NZD": "NZ$"}
TONES = {  # what a state is called -> the tone of its pill
    "ok": "paid active resolved ready written connected",
    "info": "issued open writing issuing running queued sending",
    "violet": "sent exported",
    "warn": "partially_paid pending failed warning high expiring waiting unknown drift",
    "bad": "overdue deleting critical blocked error rejected",
    "hollow": "draft voided refunded archived ended inactive empty low none closed revoked expired"
    " cancelled replaced",
}
TONE_OF = {state: tone for tone, states in TONES.items() for state in states.split()}
BUSY = {"writing", "issuing", "deleting", "running", "sending"}

# Signs in a user agent. Browsers and systems name each other, so the order counts.
BROWSERS = {
    "Edg": "Edge", "OPR/": "Opera", "Firefox": "Firefox", "Chrom": "Chrome", "Safari": "Safari",
}  # fmt: skip
SYSTEMS = {
    "Windows": "Windows", "Android": "Android", "iPhone": "iPhone", "iPad": "iPad",
    "Mac OS": "Mac", "CrOS": "Chromebook", "Linux": "Linux",
}  # fmt: skip


# Figures ------------------------------------------------------------------------------------------


@register.filter
def money(amount: Decimal | None, currency: str = "") -> str:
    """1234.5 -> "1,234.50"; with a currency "$1,234.50" or "CHF 1,234.50". Nothing for None."""
    if amount is None or amount == "":
        return ""
    value = amounts.cents(Decimal(amount))
    symbol = SYMBOLS.get(currency, f"{currency}\u00a0" if currency else "")
    return f"{MINUS if value < 0 else ''}{symbol}{abs(value):,}"


@register.filter
def price(amount: Decimal | None, currency: str = "") -> str:
    """A unit price: 2 decimals, up to 4 where it has them."""
    if amount is None or amount == "":
        return ""
    value = Decimal(amount)
    if value == amounts.cents(value):
        return money(value, currency)
    symbol = SYMBOLS.get(currency, f"{currency}\u00a0" if currency else "")
    return f"{MINUS if value < 0 else ''}{symbol}{_bare(abs(value))}"


@register.filter
def quantity(value: Decimal | None) -> str:
    """10.5000 -> "10.5", 1200 -> "1,200"."""
    if value is None or value == "":
        return ""
    number = Decimal(value)
    return f"{MINUS if number < 0 else ''}{_bare(abs(number))}"


@register.filter
def hours(value: Decimal | None) -> str:
    """Hours with 2 decimals: "7.50 h"."""
    return "" if value is None or value == "" else f"{money(value)}\u00a0h"


@register.filter
def duration(minutes: int | None) -> str:
    """Minutes as people say them: 90 -> "1 h 30 min"."""
    if minutes is None or minutes == "":
        return ""
    full, rest = divmod(int(minutes), 60)
    parts = [f"{full:,}\u00a0h" if full else "", f"{rest}\u00a0min" if rest or not full else ""]
    return " ".join(part for part in parts if part)


@register.filter
def percent(value: Decimal | None) -> str:
    """8.0000 -> "8 %"."""
    return "" if value is None or value == "" else f"{quantity(value)}\u00a0%"


def _bare(value: Decimal) -> str:
    """Thousands with commas, up to 4 decimals, no zeros at the end."""
    text = f"{value.quantize(Decimal('0.0001'), ROUND_HALF_UP):,}"
    return text.rstrip("0").rstrip(".")


# Forms --------------------------------------------------------------------------------------------


@register.simple_tag
def options(groups: Iterable[tuple[str | None, list[dict[str, Any]], int]]) -> SafeString:
    """The inside of a <select>. Django draws each option by two templates of its own, which for a
    thousand customers takes longer than the rest of a page.
    """
    parts = []
    for label, choices, _ in groups:
        inside = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            ((str(c["value"]), flatatt(c["attrs"]), c["label"]) for c in choices),
        )
        parts.append(
            format_html('<optgroup label="{}">{}</optgroup>', label, inside) if label else inside
        )
    return mark_safe("".join(parts))


# Dates --------------------------------------------------------------------------------------------


@register.filter
def day(value: dt.date | None) -> str:
    """ "5 Nov 2026"; a moment is shown in local time."""
    if not value:
        return ""
    if isinstance(value, dt.datetime) and is_aware(value):
        value = localtime(value)
    return f"{value.day} {value:%b %Y}"


@register.filter
def moment(value: dt.datetime | None) -> str:
    """ "5 Nov 2026, 14:30", in local time."""
    if not value:
        return ""
    return f"{day(value)}, {localtime(value):%H:%M}"


@register.simple_tag
def period(start: dt.date | None, end: dt.date | None) -> str:
    """From one day to another, as short as possible: "1 – 31 Oct 2026"."""
    if not start or not end or start == end:
        return day(start or end)
    if (start.year, start.month) == (end.year, end.month):
        return f"{start.day} – {day(end)}"
    if start.year == end.year:
        return f"{start.day} {start:%b} – {day(end)}"
    return f"{day(start)} – {day(end)}"


# People and marks ---------------------------------------------------------------------------------


@register.filter
def initials(person: Any) -> str:
    words = str(person).replace("@", " ").split()
    return "".join(word[0] for word in words[:2]).upper()


@register.filter
def browser(user_agent: str) -> str:
    """A browser as people call it: "Firefox on Windows"; what is not known, as it is."""
    name = next((label for sign, label in BROWSERS.items() if sign in user_agent), "")
    system = next((label for sign, label in SYSTEMS.items() if sign in user_agent), "")
    if not name:
        return user_agent[:40] or "Unknown"
    return f"{name} on {system}" if system else name


@register.simple_tag
def icon(name: str, style: str = "micro", **attrs: Any) -> str:
    """A heroicon: `micro` (16 px, beside text), `mini` (20 px) or `outline` (at 20 px)."""
    return _drawn(name, style, **attrs)


@lru_cache(maxsize=512)
def _drawn(name: str, style: str, **attrs: Any) -> str:
    size = {"micro": 16, "mini": 20, "outline": 20, "solid": 24}[style]
    return heroicons._render_icon(style, name, size, {"aria_hidden": "true", **attrs})


@register.simple_tag
def pill(state: str, label: str = "") -> SafeString:
    """A state with its dot: {% pill "paid" %}, or with other words {% pill "ok" "Matched" %}."""
    state = str(state)
    tone = TONE_OF.get(state, state if state in TONES else "")
    words = label or state.replace("_", " ").replace("-", " ").capitalize()
    busy = " busy" if state in BUSY else ""
    return format_html('<span class="pill {}{}">{}</span>', tone, busy, words)


@register.filter
def tone(level: str) -> str:
    """The tone of a message tag: "success" -> "ok"."""
    names = {constants.SUCCESS: "ok", constants.WARNING: "warn", constants.ERROR: "bad"}
    return next((t for n, t in names.items() if constants.DEFAULT_TAGS[n] in str(level)), "info")


@register.inclusion_tag("ui/empty.html")
def empty(
    symbol: str, title: str, text: str = "", url: str = "", label: str = ""
) -> dict[str, Any]:
    """What an empty place says: a sentence, and a button to what comes next."""
    return {"symbol": symbol, "title": title, "text": text, "url": url, "label": label}


@register.inclusion_tag("ui/alert.html")
def alert(tone: str, text: str, title: str = "", url: str = "", label: str = "") -> dict[str, Any]:
    """A note in the page: tone `info`, `ok`, `warn`, `bad`; with a button if there is a way out."""
    return {"tone": tone, "text": text, "title": title, "url": url, "label": label}


@register.inclusion_tag("ui/meter.html")
def meter(value: Any, most: Any, label: str, text: str = "", tone: str = "") -> dict[str, Any]:
    """A bar with words: {% meter batch.done_steps batch.total_steps "Writing drafts" %}."""
    text = text or f"{value:,} of {most:,}"
    return {"value": value, "most": most, "label": label, "text": text, "tone": tone}


# Forms --------------------------------------------------------------------------------------------


@register.filter
def typed(value: str) -> str:
    """A stored number as a person would type it: "125.0000" -> "125", "187.5000" -> "187.50".

    What is no number stays as it was typed.
    """
    whole, point, rest = value.partition(".")
    if not point or not rest.isdecimal() or not whole.lstrip("-").isdecimal():
        return value
    rest = rest.rstrip("0")
    return f"{whole}.{rest.ljust(2, '0')}" if rest else whole


@register.inclusion_tag("ui/group.html")
def group(form: Any, title: str, names: str, text: str = "") -> dict[str, Any]:
    """Fields that belong together: {% group form "Address" "street city" "As on the invoice." %}.

    Names that the form does not have are passed over, and a group without any is not there.
    """
    fields = [form[name] for name in names.split() if name in form.fields]
    return {"title": title, "text": text, "fields": fields}


# Lists --------------------------------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def column(context: RequestContext, label: str, key: str = "", kind: str = "") -> SafeString:
    """A head cell; with `key` a link that sorts by it. `kind="number"` aligns right."""
    if not key:
        return format_html('<th scope="col" class="{}">{}</th>', kind, label)
    current = context["rows"].sort
    query = context["request"].GET.copy()
    for gone in ("after", "before"):
        query.pop(gone, None)
    query["sort"] = f"-{key}" if current == key else key
    order = {key: "ascending", f"-{key}": "descending"}.get(current, "")
    return format_html(
        '<th scope="col" class="{}"{}><a class="sort" href="?{}" hx-get="?{}" hx-target="#list"'
        ' hx-push-url="true">{}{}</a></th>',
        kind,
        format_html(' aria-sort="{}"', order) if order else "",
        query.urlencode(),
        query.urlencode(),
        label,
        icon("chevron-down"),
    )


@register.simple_tag
def tick(row: Any, label: str = "") -> SafeString:
    """The box that selects a row for the bulk bar."""
    return format_html(
        '<td class="tick"><input type="checkbox" name="selected" value="{}" form="bulk"'
        ' aria-label="Select {}"></td>',
        row.pk,
        label or row,
    )


@register.simple_tag(takes_context=True)
def can(context: RequestContext, permission: str) -> bool:
    """Whether the person may: {% can "invoices.void_invoice" as may_void %}."""
    return bool(context["request"].user.has_perm(permission))


# Charts -------------------------------------------------------------------------------------------


@register.inclusion_tag("ui/bars.html")
def bars(points: Sequence[tuple[str, Decimal]], label: str = "") -> dict[str, Any]:
    """Columns as SVG: (label, amount) pairs, the last one is now."""
    return {"columns": charts.columns(charts.without_beginning(points)), "label": label}


@register.inclusion_tag("ui/line.html")
def sparkline(values: Sequence[Decimal], label: str = "") -> dict[str, Any]:
    """A line of values as small SVG."""
    return {"path": charts.line(values), "label": label}
