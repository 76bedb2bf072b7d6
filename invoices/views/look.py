"""The look on a real invoice, before it is saved."""

from __future__ import annotations

from base64 import b64encode
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from atera_invoicing.errors import Refused
from atera_invoicing.pages import Page
from invoices import paper
from invoices.models import Invoice, InvoiceLine
from whitelabel.forms import BrandingForm
from whitelabel.models import Branding


class LookPreview(Page):
    """The newest invoice, or an example where there is none, in the look of the unsaved form."""

    permission = "whitelabel.view_branding"
    template_name = "invoices/look_preview.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = BrandingForm(
            request.POST, request.FILES, instance=Branding(created_at=timezone.now())
        )
        if not form.is_valid():
            return self._show(Branding.current(), problem="Mend the fields that are marked first.")
        try:
            logo = form.look()["logo"]
        except Refused as refused:
            return self._show(Branding.current(), problem=refused.message)
        look = form.save(commit=False)
        look.logo = logo
        return self._show(look)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._show(Branding.current())

    def _show(self, look: Branding, *, problem: str = "") -> HttpResponse:
        sheet = _example(look)
        src = f"data:image/png;base64,{b64encode(sheet.logo.png).decode()}" if sheet.logo else ""
        return self.render(paper=sheet, logo_src=src, problem=problem)


def _example(look: Branding) -> paper.Paper:
    newest = Invoice.objects.select_related("customer").order_by("-id").first()
    if newest:
        return paper.build(newest, list(newest.lines.all()), branding=look)
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
