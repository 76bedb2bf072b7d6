"""One record of ours beside theirs."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from accounting import connected, references, staging
from accounting.models import Connection, Link
from accounting.providers import registry
from accounting.providers.port import Kind
from accounting.sides import SIDES, Side
from atera_invoicing.pages import ObjectPage, say

from .setup import CHANGE, home

SHOWN = 25


class LinkChoose(ObjectPage):
    """One record of ours beside theirs: search, compare, choose."""

    permission = CHANGE
    template_name = "accounting/choose.html"
    queryset = Link.objects.filter(connection__in=Connection.objects.live()).select_related(
        "connection", "customer", "item", "tax_rate", "person"
    )

    def get_title(self) -> str:
        return f"Which one is {self.object.local}?"

    @property
    def back(self) -> str:
        connection: Connection = self.object.connection
        return list_url(SIDES[Kind(self.object.kind)], connection)

    def get_crumbs(self) -> list[tuple[str, str]]:
        kind, connection = Kind(self.object.kind), self.object.connection
        title = connected.words(connection).many(kind).capitalize()
        return [("Accounting", str(home())), (title, self.back)]

    def context(self) -> dict[str, Any]:
        if self.object.local is None:
            raise Http404
        link, query = self.object, self.request.GET.get("q", "").replace("\x00", "").strip()
        rows = self._found(query)
        for row in rows:
            row.record = references.thaw(row)
        taken = link.connection.links.filter(
            kind=link.kind, remote_id__in=[row.remote_id for row in rows], confirmed=True
        ).exclude(pk=link.pk)
        one = SIDES[Kind(link.kind)].one_to_one
        owners = {other.remote_id: other.local for other in staging.loaded(taken)} if one else {}
        for row in rows:
            row.owner = owners.get(row.remote_id)
        linked = link.connection.records.filter(kind=link.kind, remote_id=link.remote_id).first()
        return super().context() | {
            "shell_template": "_dialog.html" if self.request.htmx else "base.html",
            "link": link,
            "theirs": references.thaw(linked) if linked else None,
            "side": SIDES[Kind(link.kind)],
            "provider_name": registry.name(link.connection.provider),
            "found": rows,
            "query": query,
            "currency": link.connection.currency,
            "back": self.next_or(self.back),
        }

    def _found(self, query: str) -> list[Any]:
        """What matches every word; without words the linked one and those with a similar start."""
        link = self.object
        rows = link.connection.records.filter(kind=link.kind, active=True)
        words = query.split() or str(link.local).split()[:1]
        for word in words:
            rows = rows.filter(name__icontains=word)
        found = list(rows[:SHOWN])
        if not query and len(found) < SHOWN:
            known = {row.remote_id for row in found}
            everything = link.connection.records.filter(kind=link.kind, active=True)
            found += [row for row in everything[: 2 * SHOWN] if row.remote_id not in known]
        found.sort(key=lambda row: row.remote_id != link.remote_id)
        return found[:SHOWN]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.htmx and "q" in request.GET:
            self.template_name = "accounting/_found.html"
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        back = self.next_or(self.back)
        say(request, self._link)
        return HttpResponseRedirect(back)

    def _link(self) -> str:
        wanted = self.request.POST.get("remote_id", "")
        link = staging.choose(self.object, wanted, by=self.request.user, now=timezone.now())
        return f"{self.object.local} is linked with {link.remote_name}."


def list_url(side: Side, connection: Connection) -> str:
    """The list of a kind: in the wizard, or of the active connection."""
    name = "accounting:setup-links" if connection.is_draft else "accounting:links"
    return reverse(name, args=[side.many])
