"""Pages of one invoice: to look at, to issue, renumber, void, pay."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from django.http import HttpResponse
from django.urls import reverse, reverse_lazy
from django.utils import timezone

from atera_invoicing.errors import Refused
from atera_invoicing.models import Installation
from atera_invoicing.money import cents
from atera_invoicing.pages import ActionPage, DetailPage, FormPage, ReasonForm
from atera_invoicing.templatetags.ui import money
from customers import recipients
from invoices import changes, downloads, explain, lifecycle, numbering, paper, paying
from invoices.forms import EmailForm, NumberForm, PaymentForm
from invoices.models import Invoice, Payment

VIEW = "invoices.view_invoice"
HOME = (("Invoices", reverse_lazy("invoices:list")),)


class InvoicePage(DetailPage):
    """The invoice as it is printed, and all that is known about it."""

    permission = VIEW
    template_name = "invoices/detail.html"
    queryset = Invoice.objects.select_related("customer", "contract", "batch", "branding__logo")
    crumbs = HOME

    def context(self) -> dict[str, Any]:
        invoice, today = self.object, timezone.localdate()
        rule = Installation.current().recipient_rule
        sheet = paper.of(invoice)
        logo = f"data:image/png;base64,{b64encode(sheet.logo.png).decode()}" if sheet.logo else ""
        stories, dropped = explain.of(invoice)
        diary = list(invoice.events.select_related("by"))
        return super().context() | {
            "status": invoice.status(today),
            "days_late": (today - invoice.due_date).days if invoice.due_date else 0,
            "blocker": self.blocker(),
            "paper": sheet,
            "logo_src": logo,
            "recipient": recipients.for_customer(invoice.customer, rule, invoice.email),
            "stories": list(zip(stories, sheet.lines, strict=True)),
            "dropped": dropped,
            "payments": invoice.payments.select_related("created_by", "removed_by"),
            "kept_elsewhere": Installation.current().connected_to,
            "refundable": invoice.paid - invoice.refunded,
            "diary": [(event, changes.rows(event)) for event in diary],
            "voiding": next((event for event in diary if event.code == "voided"), None),
        }

    def blocker(self) -> str:
        """Why a draft can't be issued yet."""
        try:
            if self.object.is_draft:
                lifecycle.refuse_unready(self.object)
        except Refused as refused:
            return refused.message
        return ""


class InvoicePdf(DetailPage):
    """The PDF, shown or as a file; where none can be made, a page says why."""

    permission = "invoices.download_invoice"
    template_name = "invoices/no_pdf.html"
    queryset = Invoice.objects.select_related("branding__logo", "customer")
    crumbs = HOME

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        invoice = self.object
        try:
            content = downloads.stored(paper.of(invoice)).read_bytes()
        except Refused as refused:
            status = 503 if refused.code == "pdf_unavailable" else 409
            return self.render(status=status, problem=refused.message)
        answer = HttpResponse(content, content_type="application/pdf")
        kind = "attachment" if "download" in request.GET else "inline"
        name = invoice.number.replace(" ", "-").replace("/", "-") or f"draft-{invoice.pk}"
        answer["Content-Disposition"] = f'{kind}; filename="{name}.pdf"'
        if kind == "attachment":
            downloads.note(invoice, by=self.request.user, now=timezone.now())
        return answer


class InvoiceAction(ActionPage):
    queryset = Invoice.objects.select_related("contract")

    def get_back(self) -> str:
        return reverse("invoices:detail", args=[self.object.pk])

    def signed(self) -> dict[str, Any]:
        return {"by": self.request.user, "now": timezone.now()}


class InvoiceIssue(InvoiceAction):
    permission = "invoices.issue_invoice"
    title = "Issue invoice"
    question = "It gets its number and can't be changed after that, only voided."
    button = "Issue"

    def perform(self, form: Any) -> str:
        return f"Issued as {lifecycle.issue(self.object, **self.signed()).number}."


class InvoiceRenumber(InvoiceAction):
    permission = "invoices.renumber_invoice"
    title = "Change the number"
    question = "Possible until the invoice is sent or exported. The old number is not used again."
    button = "Change number"
    form_class = NumberForm

    def perform(self, form: NumberForm) -> str:
        data = form.cleaned_data
        changed = numbering.renumber(
            self.object, number=data["number"], reason=data["reason"], **self.signed()
        )
        return f"The number is now {changed.number}."


def freed(invoice: Invoice) -> str:
    """What voiding does to the work that an invoice bills, as a sentence to add."""
    work = invoice.claims.filter(released_at=None).count()
    if not work:
        return ""
    return f" {work} piece{'' if work == 1 else 's'} of work can then be billed again."


class InvoiceVoid(InvoiceAction):
    permission = "invoices.void_invoice"
    title = "Void invoice"
    button = "Void"
    danger = True
    form_class = ReasonForm

    def get_question(self) -> str:
        return f"{self.object} keeps its number and stays readable.{freed(self.object)}"

    def perform(self, form: ReasonForm) -> str:
        lifecycle.void(self.object, reason=form.cleaned_data["reason"], **self.signed())
        return f"{self.object} is voided."


class InvoiceDelete(InvoiceAction):
    permission = "invoices.change_invoice"
    title = "Delete draft"
    question = "Its work can be billed again. A draft has no number, so none is lost."
    button = "Delete"
    danger = True

    def done(self) -> str:
        return reverse("invoices:list")

    def perform(self, form: Any) -> str:
        lifecycle.delete_draft(self.object, **self.signed())
        return "The draft is deleted."


class InvoiceEmail(FormPage):
    """The recipient by hand, on every kind of invoice."""

    permission = "invoices.change_invoice"
    queryset = Invoice.objects.all()
    form_class = EmailForm
    title = "Who gets this invoice"

    def get_back(self) -> str:
        return reverse("invoices:detail", args=[self.object.pk])

    def get_initial(self) -> dict[str, Any]:
        return {"email": self.object.email}

    def success(self, result: Invoice) -> str:
        return f"It goes to {result.email}." if result.email else "It follows the rule again."

    def done(self, result: Invoice) -> str:
        return self.get_back()

    def perform(self, form: EmailForm) -> Invoice:
        email = form.cleaned_data["email"]
        return lifecycle.set_email(
            self.object, email=email, by=self.request.user, now=timezone.now()
        )


class PaymentNew(FormPage):
    """Money that came in, or with `?kind=refund` money that went back; as a dialog for htmx."""

    permission = "invoices.record_payment"
    template_name = "_question.html"
    queryset = Invoice.objects.all()
    form_class = PaymentForm
    button = "Record"

    @property
    def is_refund(self) -> bool:
        return (self.request.POST or self.request.GET).get("kind") == Payment.Kind.REFUND

    def get_title(self) -> str:
        return "Record a refund" if self.is_refund else "Record a payment"

    def get_back(self) -> str:
        return reverse("invoices:detail", args=[self.object.pk])

    def context(self) -> dict[str, Any]:
        invoice = self.object
        paid = f"{money(invoice.paid - invoice.refunded, invoice.currency)} is paid"
        owed = f"{money(invoice.balance, invoice.currency)} of"
        total = f"{money(invoice.total, invoice.currency)} is owed"
        words = f"{paid} on {invoice}." if self.is_refund else f"{owed} {total} on {invoice}."
        shell = "_dialog.html" if self.request.htmx else "base.html"
        return super().context() | {"question": words, "shell_template": shell}

    def form_kwargs(self) -> dict[str, Any]:
        invoice = self.object
        open_amount = invoice.paid - invoice.refunded if self.is_refund else invoice.balance
        kind = Payment.Kind.REFUND if self.is_refund else Payment.Kind.PAYMENT
        today = timezone.localdate()
        amount = cents(open_amount) or None
        return {"initial": {"kind": kind, "amount": amount, "received_on": today}}

    def success(self, result: Payment) -> str:
        amount = money(result.amount, self.object.currency)
        return f"{result.get_kind_display()} of {amount} is recorded."

    def done(self, result: Payment) -> str:
        return self.get_back()

    def perform(self, form: PaymentForm) -> Payment:
        data = form.cleaned_data
        return paying.record(self.object, by=self.request.user, now=timezone.now(), **data)


class PaymentRemove(ActionPage):
    permission = "invoices.record_payment"
    queryset = Payment.objects.select_related("invoice")
    title = "Remove payment"
    question = "The amount is owed again. The row stays in the history."
    button = "Remove"
    danger = True
    form_class = ReasonForm

    def get_back(self) -> str:
        return reverse("invoices:detail", args=[self.object.invoice_id])

    def perform(self, form: ReasonForm) -> str:
        reason = form.cleaned_data["reason"]
        paying.remove(self.object, reason=reason, by=self.request.user, now=timezone.now())
        return "The payment is removed."
