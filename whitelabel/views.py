"""Whitelabel > Reports and invoices."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse, reverse_lazy
from django.utils import timezone

from atera_invoicing.errors import Refused
from atera_invoicing.pages import FormPage, Page

from . import looks
from .forms import BrandingForm
from .models import Branding

VERSIONS = 8  # shown


class LookPage(FormPage):
    """The look in force. Saving makes a version; invoices that are issued keep theirs."""

    permission = "whitelabel.view_branding"
    template_name = "whitelabel/look.html"
    form_class = BrandingForm
    title = "Reports and invoices"
    back = reverse_lazy("whitelabel:look")

    @property
    def object(self) -> Branding:
        return Branding.current()

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if request.method == "POST":
            self.permission = "whitelabel.change_branding"
        return super().dispatch(request, *args, **kwargs)

    def context(self) -> dict[str, Any]:
        newest = list(Branding.objects.select_related("created_by").order_by("-id")[: VERSIONS + 1])
        pairs = zip(newest, [*newest[1:], None], strict=False)
        versions = [(version, looks.changed(version, before)) for version, before in pairs]
        return super().context() | {"versions": versions[:VERSIONS]}

    def perform(self, form: BrandingForm) -> Branding:
        try:
            fields = form.look()
        except Refused as refused:
            raise Refused(refused.code, refused.message, field="upload") from refused
        return looks.save(fields, by=self.request.user, now=timezone.now())

    def success(self, result: Branding) -> str:
        return "The look is saved. It applies to invoices issued from now on."

    def done(self, result: Branding) -> str:
        return reverse("whitelabel:look")


class LogoImage(Page):
    """The logo of a version."""

    permission = "whitelabel.view_branding"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        version = get_object_or_404(Branding.objects.select_related("logo"), pk=self.kwargs["pk"])
        if version.logo is None:
            raise Http404
        return HttpResponse(bytes(version.logo.png), content_type="image/png")


class Paint(Page):
    """The colour of a sheet as a stylesheet: what is swapped into a page may not carry its own,
    because the content policy knows only the page's.
    """

    permission = "whitelabel.view_branding"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        rule = f".sheet {{ --paint: #{self.kwargs['color']} }}"
        return HttpResponse(rule, content_type="text/css")
