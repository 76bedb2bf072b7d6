"""Pages of the export: the plan, the queue, one export with its attempts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django_htmx.http import HttpResponseClientRefresh

from accounting import connected, outbox, planning, progress, taking_back, tasks, unclear, wizard
from accounting.filters import ExportFilter
from accounting.models import Connection, Export, Finding, RemoteInvoice
from atera_invoicing.errors import Refused
from atera_invoicing.models import User
from atera_invoicing.pages import ActionPage, Bulk, DetailPage, ListPage, Page
from atera_invoicing.templatetags.ui import day
from invoices.models import Batch, Invoice

from .planned import shown

VIEW = "accounting.view_connection"
EXPORT = "accounting.export"
HOME = (("Accounting", reverse_lazy("accounting:home")),)
QUEUE = (*HOME, ("Export", reverse_lazy("accounting:exports")))
MOST = 10_000
IN_FULL = 200  # invoices of which a plan's page shows each line; of more it shows them one by one


class ExportList(ListPage):
    """Everything that goes or went to the accounting system, what needs a person first."""

    permission = VIEW
    template_name = "accounting/exports.html"
    title = "Export"
    crumbs = HOME
    filter_class = ExportFilter
    search_hint = "Search by invoice or customer"
    sortable: ClassVar = {"queued": "id", "invoice": "invoice__number"}
    sort = "-queued"
    bulk = (
        Bulk("retry", "Try again", EXPORT, "arrow-path"),
        Bulk("cancel", "Take back", EXPORT, "x-mark", danger=True,
             confirm="Take these back? What was not sent yet stays here."),
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[Export]:
        return Export.objects.select_related(
            "invoice__customer", "time_entry__ticket", "connection", "queued_by"
        )

    def context(self) -> dict[str, Any]:
        connection = wizard.active()
        return super().context() | {
            "connection": connection,
            "progress": progress.of(connection, now=timezone.now()) if connection else None,
            "listed": self.request.GET.urlencode(),
            "state": self.request.GET.get("state", ""),
            "tabs": [
                ("", "All"), ("rejected", "Needs you"), ("moving", "On the way"), ("sent", "Done"),
                ("cancelled", "Cancelled"),
            ],
        }  # fmt: skip

    def bulk_retry(self, rows: list[Export]) -> str:
        return self._ring(each(rows, outbox.retry, "queued again", by=self.request.user))

    def bulk_cancel(self, rows: list[Export]) -> str:
        return self._ring(each(rows, outbox.cancel, "taken back", by=self.request.user))

    def _ring(self, said: str) -> str:
        if connection := wizard.active():
            tasks.ring(connection)
        return said


def each(rows: Sequence[Any], verb: Any, done: str, *, by: User) -> str:
    """Do it for each that can be; say why the first one can't."""
    count, why = 0, ""
    for row in rows:
        try:
            verb(row, by=by, now=timezone.now())
            count += 1
        except Refused as refused:
            why = why or refused.message
    if not count:
        raise Refused("none", why)
    return f"{count} {done}.{' ' + why if why else ''}"


class ExportProgress(Page):
    """The bar alone, for htmx; `?done=` is what it showed, the rest is the query of the list."""

    permission = VIEW
    template_name = "accounting/_progress.html"

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        connection = wizard.active()
        made = progress.of(connection, now=timezone.now()) if connection else None
        if request.htmx and (made is None or not made.left):
            return HttpResponseClientRefresh()
        listed = request.GET.copy()
        shown = listed.pop("done", [""])[0]
        moved = made is not None and shown != str(made.done)
        return self.render(
            connection=connection, progress=made, listed=listed.urlencode(), moved=moved
        )


class ExportPage(DetailPage):
    """One export: what was sent, what came back, and who must do what."""

    permission = VIEW
    template_name = "accounting/export.html"
    queryset = Export.objects.select_related(
        "invoice__customer", "connection", "call", "time_entry"
    )
    crumbs = QUEUE

    def get_title(self) -> str:
        return str(self.object)

    def context(self) -> dict[str, Any]:
        export, connection = self.object, wizard.active()
        return super().context() | {
            "attempts": export.call.attempts.all() if export.call else [],
            "remote": RemoteInvoice.objects.filter(
                connection=export.connection, invoice=export.invoice_id
            ).first(),
            "finding": Finding.objects.waiting().filter(invoice=export.invoice_id).first(),
            "document": export.document,
            "stands": progress.standstill_of(export, now=timezone.now()),
            "words": connected.words(export.connection),
            "time_there": bool(connection and taking_back.possible(export, connection)),
        }


class ExportAction(ActionPage):
    permission = EXPORT
    queryset = Export.objects.select_related("invoice", "connection")

    def get_back(self) -> str:
        return reverse("accounting:export", args=[self.object.pk])


class ExportRetry(ExportAction):
    def get_title(self) -> str:
        return "Look again" if self.object.is_unclear else "Try again"

    def get_question(self) -> str:
        if self.object.is_unclear:
            return "We look once more whether it is there. Nothing is sent before that is known."
        return "It is written anew, with what is linked now, and sent next."

    @property
    def button(self) -> str:  # type: ignore[override]
        return self.get_title()

    def perform(self, form: Any) -> str:
        looks = self.object.is_unclear
        export = outbox.retry(self.object, by=self.request.user, now=timezone.now())
        tasks.ring(export.connection)
        return "It is looked for now." if looks else "Queued again."


class ExportCancel(ExportAction):
    title = "Take back"
    question = "It is not sent, and can be queued again later."
    button = "Take back"
    danger = True

    def perform(self, form: Any) -> str:
        outbox.cancel(self.object, by=self.request.user, now=timezone.now())
        return "Taken back."


class NumberForm(forms.Form):
    number = forms.CharField(max_length=40, label="Number there", required=False)


class ExportThere(ExportAction):
    """Somebody who looked there says that it arrived."""

    title = "It is there"
    button = "Link it"

    def get_question(self) -> str:
        if self._numbered:
            return "The invoice with this number there is linked with ours. Nothing is sent."
        return "It counts as done there. Nothing is sent."

    @property
    def _numbered(self) -> bool:
        return bool(self.object.invoice_id) and self.object.operation == Export.Operation.CREATE

    @cached_property
    def form(self) -> Any:
        if not self._numbered:
            return super().form
        given = self.request.POST if self.request.method == "POST" else None
        return NumberForm(given, initial={"number": self.object.document.get("number", "")})

    def perform(self, form: Any) -> str:
        number = form.cleaned_data.get("number", "")
        unclear.there(self.object, number=number, by=self.request.user, now=timezone.now())
        return "It is linked."


class ExportAbsent(ExportAction):
    title = "It is not there"
    question = (
        "It is written anew and sent once more. If it is there after all, it will be there twice:"
        " look for its number and for its customer first."
    )
    button = "Send again"
    danger = True

    def perform(self, form: Any) -> str:
        export = unclear.absent(self.object, by=self.request.user, now=timezone.now())
        tasks.ring(export.connection)
        return "Queued again."


class TakeBack(ExportAction):
    """Time that went without an invoice comes back."""

    button = "Delete it there"
    danger = True

    @property
    def where(self) -> str:
        return connected.where(self.object.connection)

    def get_title(self) -> str:
        return f"Take back from {self.where}"

    def get_crumbs(self) -> Any:
        return (*HOME, ("Time without an invoice", reverse("accounting:time")))

    def context(self) -> dict[str, Any]:
        return super().context() | {"object": self.object.time_entry}

    def get_question(self) -> str:
        return (
            f"This time is deleted in {self.where}, with whatever was changed of it there. After"
            " that it is free here: its ticket can be reopened and changed, and the time billed, or"
            " sent again. Time that is on an invoice there already can't be taken back."
        )

    def perform(self, form: Any) -> str:
        export = taking_back.queue(self.object, by=self.request.user, now=timezone.now())
        tasks.ring(export.connection)
        return f"{self.where} is told now."


class Pause(ActionPage):
    """Let the export stand still, or go on."""

    permission = EXPORT
    queryset = Connection.objects.all()
    title = "Pause the export"
    question = "Nothing new is sent. Answers that are still out are looked after."
    button = "Pause"

    def get_back(self) -> str:
        return reverse("accounting:exports")

    def perform(self, form: Any) -> str:
        connected.pause(self.object, now=timezone.now())
        return "The export is paused."


class Resume(Pause):
    title = "Let the export go on"
    question = "What is queued is sent, what a person waits for first."
    button = "Go on"

    def perform(self, form: Any) -> str:
        tasks.ring(connected.resume(self.object, now=timezone.now()))
        return "The export goes on."


class PlanPage(Page):
    """What an export would do, value by value, before it does it. `?batch=` or `?invoice=`, else
    everything that is issued and not there.
    """

    permission = EXPORT
    template_name = "accounting/plan.html"
    title = "Export plan"
    crumbs = QUEUE

    @cached_property
    def connection(self) -> Connection:
        return connected.active()

    @cached_property
    def ids(self) -> list[int]:
        get = self.request.GET
        rows = Invoice.objects.all()
        if (batch := get.get("batch", "")).isdecimal():
            rows = rows.filter(batch=batch)
        elif chosen := [pk for pk in get.getlist("invoice") if pk.isdecimal()]:
            rows = rows.filter(pk__in=chosen)
        else:
            rows = outbox.waiting(self.connection)
        return list(rows.order_by("id").values_list("pk", flat=True)[:MOST])

    def context(self) -> dict[str, Any]:
        plan = planning.make(self.connection, self.ids)
        batch = self.request.GET.get("batch", "")
        creates = [shown(row) for row in plan.of("create") if row.kind == "invoice"]
        return super().context() | {
            "connection": self.connection,
            "where": connected.where(self.connection),
            "words": connected.words(self.connection),
            "plan": plan,
            "creates": creates,
            "in_full": len(creates) <= IN_FULL,
            "blocked": plan.of("blocked"),
            "skipped": plan.of("skip"),
            "earliest": self._earliest(),
            "records": [row for row in plan.rows if row.kind != "invoice"],
            "batch": Batch.objects.filter(pk=batch).first() if batch.isdecimal() else None,
        }

    def _earliest(self) -> str:
        """Where the export begins, when the plan is of everything from that day on."""
        start = self.connection.go_live
        if start is None or self.request.GET.get("batch") or self.request.GET.get("invoice"):
            return ""
        return (
            f"Every invoice dated {day(start)} or later is there or on its way. Earlier ones stay"
            " here; the day can be changed under Accounting, Settings."
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            run = outbox.queue(
                self.connection, self.ids, by=request.user, now=timezone.now(),
                plan_hash=request.POST.get("plan", ""),
            )  # fmt: skip
        except Refused as refused:
            messages.error(request, refused.message)
            return HttpResponseRedirect(request.get_full_path())
        tasks.ring(self.connection)
        messages.success(request, f"{run.total} invoices are on their way.")
        return HttpResponseRedirect(reverse("accounting:exports"))
