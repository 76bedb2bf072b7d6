"""An invoice that is there: void it at both ends, write it anew."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localdate

from accounting import connected, documents, remotes, tasks, voiding, wording
from accounting.models import Connection, RemoteInvoice
from atera_invoicing.pages import ActionPage, Page, ReasonForm
from invoices.views.invoice import freed
from invoices.wording import day

from .planned import SendPage


class FromThere(Page):
    """From a document at the other end to the invoice that it is of: a link there leads here."""

    permission = "invoices.view_invoice"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        invoice = documents.invoice_of(request.GET.get("document", ""))
        if invoice is None:
            raise Http404
        return HttpResponseRedirect(reverse("invoices:detail", args=[invoice.pk]))


class RemoteAction(ActionPage):
    permission = "accounting.export"
    queryset = RemoteInvoice.objects.filter(
        connection__state=Connection.State.ACTIVE
    ).select_related("invoice", "connection")

    @property
    def where(self) -> str:
        return connected.where(self.object.connection)

    def get_back(self) -> str:
        return reverse("invoices:detail", args=[self.object.invoice_id])

    def signed(self) -> dict[str, Any]:
        return {"by": self.request.user, "now": timezone.now()}


class RemoteVoid(RemoteAction):
    """Both ends at once."""

    permission = "invoices.void_invoice"
    form_class = ReasonForm
    button = "Void both"
    danger = True

    def get_title(self) -> str:
        return f"Void here and in {self.where}"

    def get_question(self) -> str:
        worth = f"It keeps its number at both ends and is worth 0.00 in {self.where}."
        return f"{worth}{freed(self.object.invoice)}"

    def perform(self, form: ReasonForm) -> str:
        reason = form.cleaned_data["reason"]
        export = voiding.void(self.object, reason=reason, **self.signed())
        tasks.ring(export.connection)
        return f"{self.object.invoice} is voided here. {self.where} is told now."


class RemoteVoidThere(RemoteAction):
    """The other end, for what is voided here already."""

    permission = "invoices.void_invoice"
    button = "Void there"
    danger = True

    def get_title(self) -> str:
        return f"Void in {self.where}"

    def get_question(self) -> str:
        return f"It is voided here already, and stays in {self.where} with 0.00."

    def perform(self, form: Any) -> str:
        export = voiding.void_there(self.object, **self.signed())
        tasks.ring(export.connection)
        return f"{self.where} is told now."


class RemoteSend(RemoteAction, SendPage):
    """Write it there anew, or send it as a new document where it was deleted."""

    button = "Send"

    def get_remote(self) -> RemoteInvoice:
        return self.object

    def get_title(self) -> str:
        return f"Send to {self.where} again"

    def get_question(self) -> str:
        if self.object.status == RemoteInvoice.Status.DELETED:
            lost = remotes.why_not_anew(self.object)
            return "" if lost else "It was deleted there. It is sent as a new document."
        plain = "What is there is written over with the invoice as it is here now, its e-mail too."
        finding = voiding.accepted(self.object)
        if finding is None:
            return plain
        who, when = finding.answered_by or "Somebody", day(localdate(finding.answered_at))
        what = wording.summary(finding.differences, connected.words(finding.connection))
        return f"{plain} That undoes what {who} accepted on {when}: {what}."

    def perform(self, form: Any) -> str:
        plan_hash = form.cleaned_data["plan"]
        export = voiding.send(self.object, plan_hash=plan_hash, **self.signed())
        tasks.ring(export.connection)
        return "It is on its way."
