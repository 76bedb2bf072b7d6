"""What surrounds every page: the navigation with its counts, the brand, the chosen colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Count, IntegerField, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from accounting import todo
from contracts.models import Ticket
from invoices.models import Batch, Invoice
from whitelabel.models import Branding

from .colors import brand

# Pages whose address does not begin with the entry that they belong to.
ELSEWHERE = {
    "/time/": "/tickets/",
    "/items/": "/tickets/",
    "/payments/": "/invoices/",
    "/downloads/": "/invoices/",
}
FACTS = ("company_name", "color", "open_tickets", "busy", "drafts", "to_do")
THEMES = [
    ("auto", "Auto", "computer-desktop"),
    ("light", "Light", "sun"),
    ("dark", "Dark", "moon"),
]


@dataclass
class Entry:
    """One place in the navigation; `counted` says what its number counts."""

    label: str
    icon: str
    view: str
    permission: str
    counted: str = ""
    url: str = ""
    count: int = 0
    current: bool = False


@dataclass
class Group:
    label: str
    entries: list[Entry] = field(default_factory=list)


def _groups() -> list[Group]:
    return [
        Group("", [Entry("Overview", "squares-2x2", "overview", "")]),
        Group(
            "Work",
            [
                Entry(
                    "Customers", "building-office-2", "customers:list", "customers.view_customer"
                ),
                Entry("Contracts", "document-text", "contracts:list", "contracts.view_contract"),
                Entry(
                    "Tickets & time", "ticket", "contracts:tickets", "contracts.view_ticket", "open"
                ),
                Entry("Catalogue", "tag", "contracts:catalog", "contracts.view_catalog"),
            ],
        ),
        Group(
            "Billing",
            [
                Entry(
                    "Batches",
                    "rectangle-stack",
                    "invoices:batches",
                    "invoices.preview_batch",
                    "under way",
                ),
                Entry("Invoices", "banknotes", "invoices:list", "invoices.view_invoice", "drafts"),
                Entry(
                    "Accounting",
                    "building-library",
                    "accounting:home",
                    "accounting.view_connection",
                    "to do",
                ),
            ],
        ),
        Group(
            "Installation",
            [
                Entry("Whitelabel", "swatch", "whitelabel:look", "whitelabel.view_branding"),
                Entry("Import", "arrow-up-tray", "imports:start", "atera_invoicing.import_data"),
                Entry("Team", "users", "team", "atera_invoicing.change_user"),
                Entry("Options", "cog-6-tooth", "options", "atera_invoicing.change_installation"),
            ],
        ),
    ]


def shell(request: HttpRequest) -> dict[str, Any]:
    """The context processor. Nothing is asked of the database unless a page shows it."""
    return {"shell": SimpleLazyObject(lambda: _shell(request))}


def _shell(request: HttpRequest) -> dict[str, Any]:
    person = getattr(request, "user", None)
    known = person is not None and person.is_authenticated
    facts = _facts()
    theme = request.COOKIES.get("theme", "auto")
    return {
        "template": "base.html" if known else "entrance.html",
        "company": facts["company_name"],
        "brand": brand(facts["color"]),
        "theme": theme if theme in {"auto", "light", "dark"} else "auto",
        "themes": THEMES,
        "nav": _navigation(request, facts) if known else [],
        "accounting_to_do": facts["to_do"],
    }


def _facts() -> dict[str, Any]:
    """Look and counts in one query."""
    found = _asked()
    if found is None:
        Branding.current()
        found = _asked()
    return dict(zip(FACTS, found or (), strict=True))


def _asked() -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(*_question())
        return cursor.fetchone()


@cache
def _question() -> tuple[str, Sequence[Any]]:
    """The query as SQL. Every page asks it, and to put it together takes longer than to answer."""
    looks = Branding.objects.order_by("-id").annotate(
        open_tickets=_count(Ticket.objects.filter(status__in=Ticket.WAITING)),
        busy=_count(Batch.objects.exclude(state=Batch.State.READY)),
        drafts=_count(Invoice.objects.drafts()),
        to_do=sum((_count(rows) for rows in todo.of_active()), Value(0)),
    )
    return looks.values_list(*FACTS)[:1].query.sql_with_params()


def _count(rows: QuerySet[Any]) -> Coalesce:
    """A count as a subquery of one value."""
    counted = rows.order_by().annotate(_=Value(1)).values("_").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _navigation(request: HttpRequest, facts: dict[str, Any]) -> list[Group]:
    """The entries that this person may open, with the present one marked."""
    numbers = {
        "Tickets & time": facts["open_tickets"],
        "Batches": facts["busy"],
        "Invoices": facts["drafts"],
        "Accounting": facts["to_do"],
    }
    groups = _groups()
    for group in groups:
        may = request.user.has_perm
        group.entries = [e for e in group.entries if not e.permission or may(e.permission)]
        for entry in group.entries:
            entry.url = reverse(entry.view)
            entry.count = numbers.get(entry.label, 0)
    _mark(request.path, [entry for group in groups for entry in group.entries])
    return [group for group in groups if group.entries]


def _mark(path: str, entries: list[Entry]) -> None:
    """The entry whose address is the longest beginning of the path is the present one."""
    path = next((home for start, home in ELSEWHERE.items() if path.startswith(start)), path)
    fitting = [e for e in entries if path == e.url or (e.url != "/" and path.startswith(e.url))]
    if fitting:
        max(fitting, key=lambda entry: len(entry.url)).current = True
