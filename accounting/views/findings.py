"""Pages of what differs at the other end."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from accounting import connected, findings, remotes, tasks, wizard, wording
from accounting.filters import FindingFilter
from accounting.models import Finding, RemoteInvoice
from atera_invoicing.pages import ActionPage, Bulk, DetailPage, ListPage

from .exports import HOME, VIEW, each
from .planned import SendPage

ANSWER = "accounting.answer_finding"


class FindingList(ListPage):
    """Invoices that are not there what they are here, open ones first."""

    permission = VIEW
    template_name = "accounting/findings.html"
    title = "Differences"
    crumbs = HOME
    filter_class = FindingFilter
    search_fields = ("invoice__number", "invoice__bill_to_name")
    search_hint = "Search by invoice or customer"
    sortable: ClassVar = {"found": "id"}
    sort = "-found"
    bulk = (
        Bulk("accept", "Accept theirs", ANSWER, "check",
             confirm="Accept these as they are there? Ours stay as issued; what was voided or"
             " deleted there is voided here."),
        Bulk("ignore", "Ignore", ANSWER, "eye-slash"),
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[Finding]:
        return Finding.objects.shown().select_related("invoice", "connection", "answered_by")

    def bulk_accept(self, rows: list[Finding]) -> str:
        return each(rows, findings.accept, "accepted", by=self.request.user)

    def bulk_ignore(self, rows: list[Finding]) -> str:
        return each(rows, findings.ignore, "ignored", by=self.request.user)

    def context(self) -> dict[str, Any]:
        connection = wizard.active()
        waiting = Finding.objects.waiting().count()
        return super().context() | {
            "connection": connection, "waiting": waiting, "open": self.request.GET.get("open", ""),
        }  # fmt: skip


class FindingPage(DetailPage):
    """One finding, both sides beside each other, and what can be done."""

    permission = VIEW
    template_name = "accounting/finding.html"
    queryset = Finding.objects.select_related("invoice__customer", "connection", "answered_by")
    crumbs = (*HOME, ("Differences", "/accounting/differences/"))

    def get_title(self) -> str:
        return f"{self.object.invoice}: {self.object.get_kind_display().lower()}"

    def context(self) -> dict[str, Any]:
        finding = self.object
        words = connected.words(finding.connection)
        rows = RemoteInvoice.objects.filter(connection=finding.connection, invoice=finding.invoice)
        remote = rows.select_related("connection", "invoice").first()
        return super().context() | {
            "remote": remote,
            "where": connected.where(finding.connection),
            "rows": [wording.difference(row, words) for row in finding.differences],
            "waits": not finding.answered_at and finding.connection.is_active,
            "problems": [row["ours"] for row in finding.differences if row["field"] == "problem"],
            "can_accept": finding.kind in findings.ACCEPTABLE,
            "can_push": findings.can_push(finding, remote),
            "why_not": remotes.why_not_anew(remote) if remote else "",
            "gone_there": finding.kind in findings.VOIDS,
        }


class FindingAction(ActionPage):
    permission = ANSWER
    queryset = Finding.objects.select_related("invoice", "connection")

    def get_back(self) -> str:
        return reverse("accounting:finding", args=[self.object.pk])

    def done(self) -> str:
        return reverse("accounting:findings")

    def signed(self) -> dict[str, Any]:
        return {"by": self.request.user, "now": timezone.now()}


class FindingAccept(FindingAction):
    title = "Take it as it is there"
    button = "Accept"

    def get_question(self) -> str:
        if self.object.kind in findings.VOIDS:
            return f"{self.object.invoice} is voided here too, and its work can be billed again."
        return "What is there counts from now on as right. Our invoice stays as it was issued."

    def perform(self, form: Any) -> str:
        findings.accept(self.object, **self.signed())
        return "Accepted."


class FindingPush(FindingAction, SendPage):
    title = "Send ours again"
    button = "Send ours"

    def get_remote(self) -> RemoteInvoice:
        rows = RemoteInvoice.objects.select_related("connection", "invoice")
        return get_object_or_404(
            rows, connection=self.object.connection, invoice=self.object.invoice
        )

    def get_question(self) -> str:
        if self.object.kind == Finding.Kind.DELETED:
            lost = remotes.why_not_anew(self.remote)
            return "" if lost else "The invoice is sent as a new document."
        return "What was changed there is written over with our invoice."

    def perform(self, form: Any) -> str:
        plan_hash = form.cleaned_data["plan"]
        export = findings.push(self.object, plan_hash=plan_hash, **self.signed())
        tasks.ring(export.connection)
        return "Ours is on its way."


class FindingIgnore(FindingAction):
    title = "Ignore"
    question = "Nothing is changed anywhere. You hear of it again only if it differs otherwise."
    button = "Ignore"

    def perform(self, form: Any) -> str:
        findings.ignore(self.object, **self.signed())
        return "Ignored."
