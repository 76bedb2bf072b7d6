"""The look on a real invoice, while it is typed."""

from __future__ import annotations

from base64 import b64encode
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from atera_invoicing import colors
from atera_invoicing.errors import Refused
from atera_invoicing.pages import Page
from invoices import numbering, paper
from invoices.models import Invoice, InvoiceLine
from whitelabel.forms import BrandingForm
from whitelabel.models import Branding

CHOICES = 12
PALE = 3.0  # WCAG 2.2, contrast of what is drawn rather than written


class LookPreview(Page):
    """An invoice, or an example where there is none, in the look of the unsaved form.

    For htmx the sheet alone, with what the form says about colour and number; else a page.
    """

    permission = "whitelabel.view_branding"
    template_name = "invoices/look_preview.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._show(Branding.current())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = BrandingForm(
            request.POST, request.FILES, instance=Branding(created_at=timezone.now())
        )
        form.is_valid()
        look = form.sketch()
        problems = [
            f"{form.fields[name].label}: {errors[0]}"
            for name, errors in form.errors.items()
            if name in form.fields
        ]
        try:
            look.logo = form.logo()
        except Refused as refused:
            problems.append(refused.message)
        return self._show(look, problems)

    def _show(self, look: Branding, problems: list[str] | None = None) -> HttpResponse:
        shown, day = self._shown(), timezone.localdate()
        sheet = (
            paper.build(shown, list(shown.lines.all()), branding=look) if shown else _example(look)
        )
        src = f"data:image/png;base64,{b64encode(sheet.logo.png).decode()}" if sheet.logo else ""
        return self.render(
            paper=sheet,
            logo_src=src,
            problems=problems or [],
            shown=shown,
            choices=self.choices,
            contrast=colors.contrast(look.color, "#ffffff"),
            is_pale=colors.contrast(look.color, "#ffffff") < PALE,
            next_number=numbering.upcoming(branding=look, day=day),
        )

    @cached_property
    def choices(self) -> list[Invoice]:
        """Invoices to look at, newest first; for those who may see invoices."""
        if not self.request.user.has_perm("invoices.view_invoice"):
            return []
        return list(Invoice.objects.select_related("customer").order_by("-id")[:CHOICES])

    def _shown(self) -> Invoice | None:
        """The one that was chosen, else the newest."""
        wanted = self.request.POST.get("on") or self.request.GET.get("on")
        newest = self.choices[0] if self.choices else None
        return next((one for one in self.choices if str(one.pk) == wanted), newest)


def _example(look: Branding) -> paper.Paper:
    day = timezone.localdate()
    invoice = Invoice(
        currency="USD", invoice_date=day, due_date=day, bill_to_name="Your customer",
        created_at=timezone.now(),
        subtotal=Decimal(150), tax=Decimal(12), total=Decimal(162), balance=Decimal(162),
    )  # fmt: skip
    line = InvoiceLine(
        position=1, description="Managed services\nSupport", quantity=Decimal(1), unit="period",
        unit_price=Decimal(150), net=Decimal(150), tax=Decimal(12), total=Decimal(162),
        tax_name="Sales tax", tax_percent=Decimal(8),
    )  # fmt: skip
    return paper.build(invoice, [line], branding=look)
