"""Pages on which records of ours find theirs: in the wizard, and while connected."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from accounting import connected, obstacles, references, staging
from accounting.models import Connection, Link, RemoteRecord
from accounting.providers.port import Kind
from accounting.sides import SIDES, Side
from atera_invoicing.errors import Refused
from atera_invoicing.models import Installation
from atera_invoicing.pages import Bulk, ListPage, say

from .setup import CHANGE, SetupMixin

Action, Origin = Link.Action, Link.Origin
LINKED = Q(action=Action.LINK)
SURE = Q(origin__in=staging.SURE)

# What the tabs show. Every link is in exactly one of the first six.
BUCKETS: dict[str, tuple[str, Q]] = {
    "exact": ("Exact", LINKED & SURE),
    "open": ("To confirm", LINKED & Q(origin=Origin.FUZZY, confirmed=False)),
    "none": ("No match", ~Q(action__in=[Action.LINK, Action.IMPORT]) & Q(confirmed=False)),
    "chosen": (
        "Confirmed",
        LINKED & ~SURE & ~Q(origin=Origin.FUZZY, confirmed=False),
    ),
    "create": ("To create", Q(action=Action.CREATE, confirmed=True)),
    "skip": ("Left out", Q(action=Action.SKIP, confirmed=True)),
}
ALWAYS = ("exact", "open", "none", "skip")
SORTED = {Kind.CUSTOMER: "customer__name", Kind.ITEM: "item__name", Kind.TAX: "tax_rate__name",
          Kind.PERSON: "person__last_name"}  # fmt: skip


class _Kinded:
    """A page about one kind of records, of the draft or of the active connection."""

    kwargs: dict[str, Any]
    connection: Any

    @cached_property
    def kind(self) -> Kind:
        return Kind({"customers": "customer", "items": "item", "taxes": "tax", "people": "person"}[
            self.kwargs["kind"]
        ])  # fmt: skip

    @property
    def side(self) -> Side:
        return SIDES[self.kind]

    @property
    def list_title(self) -> str:
        return connected.words(self.connection).many(self.kind).capitalize()


class LinkList(_Kinded, SetupMixin, ListPage):
    """Every record of ours of a kind, with what becomes of it."""

    template_name = "accounting/links.html"
    search_hint = "Search either name"
    bulk: ClassVar = ()
    size = 50

    def get_title(self) -> str:
        return self.list_title

    @property
    def search_fields(self) -> tuple[str, ...]:  # type: ignore[override]
        ours = {Kind.PERSON: ("person__first_name", "person__last_name", "person__email")}
        own = ours.get(self.kind, (f"{self.side.field}__name",))
        return (*own, "remote_name", *(("item__sku",) if self.kind == Kind.ITEM else ()))

    @property
    def sortable(self) -> dict[str, str]:  # type: ignore[override]
        return {"ours": SORTED[self.kind], "theirs": "remote_name", "score": "score"}

    @property
    def sort(self) -> str:  # type: ignore[override]
        return "-score" if self.bucket == "open" else "ours"

    @cached_property
    def bucket(self) -> str:
        wanted = self.request.GET.get("show", "")
        return wanted if wanted in BUCKETS or wanted == "stale" else ""

    def all_links(self) -> QuerySet[Link]:
        return self.connection.links.filter(kind=self.kind, **{f"{self.side.field}__isnull": False})

    def get_queryset(self) -> QuerySet[Link]:
        rows = self.all_links().select_related(self.side.field)
        if self.request.method == "POST":
            return rows
        if self.bucket == "stale":
            return rows.filter(pk__in=obstacles.stale(self.connection).values("pk"))
        return rows.filter(BUCKETS[self.bucket][1]) if self.bucket else rows

    @cached_property
    def offered_bulk(self) -> tuple[Bulk, ...]:
        buttons = [
            Bulk("confirm", "Confirm", CHANGE, icon="check"),
            Bulk("create", f"Create in {self.provider_name}", CHANGE, icon="plus"),
            Bulk("skip", "Leave out", CHANGE, icon="no-symbol"),
            Bulk("undo", "Decide again", CHANGE, icon="arrow-uturn-left"),
        ]
        if self.kind == Kind.ITEM:
            buttons += [
                Bulk("theirs", "Their price", CHANGE, icon="arrow-left"),
                Bulk("ours", "Our price", CHANGE, icon="arrow-right"),
            ]
        if not self.side.creates:
            del buttons[1]
        return tuple(buttons)

    def context(self) -> dict[str, Any]:
        self.bulk = self.offered_bulk  # type: ignore[misc]
        context = super().context()
        _show_theirs(self.connection, self.kind, context["rows"].items)
        counts = self.counts()
        return context | {
            "narrowed": bool(self.query),
            "side": self.side,
            "tabs": [
                (name, label, counts[name])
                for name, (label, _) in BUCKETS.items()
                if counts[name] or name in ALWAYS or name == self.bucket
            ],
            "bucket": self.bucket,
            "counts": counts,
            "currency": self.connection.currency or Installation.current().currency,
            "may_change": self.request.user.has_perm(CHANGE),
            "only_there": staging.only_there(self.connection, self.kind).count(),
            "importing": self.connection.links.filter(kind=self.kind, action=Action.IMPORT).count(),
        }

    def counts(self) -> dict[str, int]:
        """How many links are in each tab, and how many sure ones nobody accepted yet."""
        counted = {name: Count("pk", filter=q) for name, (_, q) in BUCKETS.items()}
        waiting = Count("pk", filter=LINKED & SURE & Q(confirmed=False))
        open_ = Count("pk", filter=Q(confirmed=False))
        found: dict[str, int] = self.all_links().aggregate(
            **counted, sure=waiting, waiting=open_, all=Count("pk")
        )
        stale = obstacles.stale(self.connection).filter(kind=self.kind, confirmed=True)
        return found | {"stale": stale.count(), "decided": found["all"] - found["waiting"]}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.has_perm(CHANGE):
            raise PermissionDenied
        act = request.POST.get("all", "")
        if act:
            say(request, lambda: self.for_all(act))
        else:
            ids = [int(pk) for pk in request.POST.getlist("selected") if pk.isdecimal()]
            say(request, lambda: self.for_some(request.POST.get("action", ""), ids))
        if request.htmx:
            request.method = "GET"
            return self.get(request)
        return HttpResponseRedirect(self.next_or(request.get_full_path()))

    def for_all(self, act: str) -> str:
        """A button above the list: for all that wait in one tab."""
        common: dict[str, Any] = {"by": self.request.user, "now": timezone.now()}
        if act == "confirm":
            count = staging.confirm_sure(self.connection, self.kind, **common)
            return self._counted(count, "accepted")
        if act == "create":
            count = staging.create_there(self.connection, None, self.kind, **common)
            return self._counted(count, f"created in {self.provider_name} when first exported")
        if act == "skip":
            count = staging.leave_out(self.connection, None, self.kind, **common)
            return self._counted(count, "left out")
        theirs = act == "theirs"
        count = staging.keep_price(self.connection, None, theirs=theirs, **common)
        whose = self.provider_name if theirs else "here"
        return f"{count:,} prices come from {whose}." if count else "No price was to change."

    def for_some(self, act: str, ids: list[int]) -> str:
        """A row's button, or the bulk bar's."""
        if not ids:
            raise Refused("nothing_chosen", "Tick at least one row first.")
        common: dict[str, Any] = {"by": self.request.user, "now": timezone.now()}
        connection, kind = self.connection, self.kind
        acts = {
            "confirm": lambda: staging.confirm(connection, ids, **common),
            "create": lambda: staging.create_there(connection, ids, kind, **common),
            "skip": lambda: staging.leave_out(connection, ids, kind, **common),
            "undo": lambda: staging.reconsider(connection, ids, **common),
            "theirs": lambda: staging.keep_price(connection, ids, theirs=True, **common),
            "ours": lambda: staging.keep_price(connection, ids, theirs=False, **common),
        }
        if act not in acts:
            raise Refused("unknown_act", "This button is not known. Load the page again.")
        count = acts[act]()
        return self._counted(count, "changed") if len(ids) > 1 else ""

    def _counted(self, count: int, done: str) -> str:
        noun = self.side.one if count == 1 else self.side.many
        return f"{count:,} {noun} {done}." if count else "There was nothing to do."


class SetupLinks(LinkList):
    """The same, as a step of the wizard."""

    permission = CHANGE
    drafting = True


class OnlyThere(_Kinded, SetupMixin, ListPage):
    """Records of theirs that we lack, to import or not."""

    template_name = "accounting/only_there.html"
    search_fields = ("name",)
    search_hint = "Search names"
    sortable: ClassVar = {"name": "name"}
    sort = "name"

    def get_title(self) -> str:
        return f"Only in {self.provider_name}"

    def get_queryset(self) -> QuerySet[RemoteRecord]:
        ours = self.connection.links.filter(kind=self.kind).exclude(action=Action.IMPORT)
        rows = staging.importable(self.connection, self.kind)
        return rows.exclude(remote_id__in=ours.values("remote_id"))

    def context(self) -> dict[str, Any]:
        self.bulk = (  # type: ignore[misc]
            Bulk("bring", "Import", CHANGE, icon="arrow-down-tray"),
            Bulk("leave", "Don’t import", CHANGE, icon="x-mark"),
        )
        chosen = self.connection.links.filter(kind=self.kind, action=Action.IMPORT)
        context = super().context()
        for row in context["rows"].items:
            row.record = references.thaw(row)
        return context | {
            "side": self.side,
            "chosen": set(chosen.values_list("remote_id", flat=True)),
            "may_change": self.request.user.has_perm(CHANGE),
            "currency": self.connection.currency,
            "list_title": self.list_title,
            "back": self.list_url(self.kwargs["kind"]),
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.has_perm(CHANGE):
            raise PermissionDenied
        everything = request.POST.get("all", "")
        act = everything or request.POST.get("action", "")
        ids = None if everything else self._remote_ids()
        say(request, lambda: self._do(act, ids))
        return HttpResponseRedirect(request.get_full_path())

    def _remote_ids(self) -> list[str]:
        ids = [int(pk) for pk in self.request.POST.getlist("selected") if pk.isdecimal()]
        return list(self.get_queryset().filter(pk__in=ids).values_list("remote_id", flat=True))

    def _do(self, act: str, ids: list[str] | None) -> str:
        verb = staging.bring_in if act == "bring" else staging.leave_there
        by, now = self.request.user, timezone.now()
        count = verb(self.connection, self.kind, ids, by=by, now=now)
        noun = self.side.one if count == 1 else self.side.many
        if act != "bring":
            return f"{count:,} {noun} stay there."
        return f"{count:,} {noun} {'will be imported' if self.drafting else 'are imported'}."


class SetupOnlyThere(OnlyThere):
    """The same, in the wizard."""

    permission = CHANGE
    drafting = True


def _show_theirs(connection: Connection, kind: Kind, links: list[Any]) -> None:
    """Give each link the record that it is linked with."""
    ids = [link.remote_id for link in links if link.remote_id]
    rows = connection.records.filter(kind=kind, remote_id__in=ids)
    records = {row.remote_id: references.thaw(row) for row in rows}
    for link in links:
        link.theirs = records.get(link.remote_id)
        link.price_there = link.theirs.price if link.theirs else None
