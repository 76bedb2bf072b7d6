"""The page on which time goes to the accounting system without an invoice."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from accounting import claimed, connected, suggestions, tasks, timepush, wizard
from accounting.models import Connection, Export
from atera_invoicing.errors import Refused
from atera_invoicing.pages import Page
from contracts import facts
from contracts.models import Ticket, TimeEntry

from .exports import EXPORT, HOME

SHOWN = 500


class TimePage(Page):
    """Resolved, unbilled time, what of it can go and why the rest can't; and the usual way."""

    permission = EXPORT
    template_name = "accounting/time.html"
    title = "Time without an invoice"
    crumbs = HOME

    @cached_property
    def connection(self) -> Connection | None:
        return wizard.active()

    def context(self) -> dict[str, Any]:
        found: list[timepush.Candidate] = []
        if self.connection and self.connection.takes_time:
            open_ = facts.unbilled(TimeEntry.objects.filter(ticket__status__in=Ticket.DONE))
            ids = open_.filter(billable=True).order_by("-id").values_list("pk", flat=True)[:SHOWN]
            found = timepush.candidates(self.connection, list(ids))
        return super().context() | {
            "connection": self.connection,
            "where": connected.where(self.connection) if self.connection else "",
            "ready": [one for one in found if one.document],
            "sent": self._sent(),
            "waiting": [one for one in found if not one.document],
        }

    def _sent(self) -> list[Export]:
        """Time that is there by us, the latest first, each with what takes it back, if any."""
        if self.connection is None:
            return []
        company = [self.connection, *suggestions.earlier_connections(self.connection)]
        rows = claimed.there(Export.objects.filter(connection__in=company))
        rows = rows.select_related("time_entry__ticket", "time_entry__technician")
        sent = list(rows.order_by("-id")[:SHOWN])
        going = Export.objects.filter(
            time_entry__in=[one.time_entry_id for one in sent], state__in=Export.OPEN
        )
        back = {one.time_entry_id: one for one in going}
        for one in sent:
            one.taken_back_by = back.get(one.time_entry_id)  # type: ignore[attr-defined]
        return sent

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        ids = [int(pk) for pk in request.POST.getlist("selected") if pk.isdecimal()]
        try:
            connection = connected.active()
            exports = timepush.push(connection, ids, by=request.user, now=timezone.now())
        except Refused as refused:
            messages.error(request, refused.message)
            return HttpResponseRedirect(request.get_full_path())
        tasks.ring(connection)
        messages.success(request, f"{len(exports)} time entries are on their way.")
        return HttpResponseRedirect(reverse("accounting:exports"))
