"""Pages of an import: choose a file, look at what it would do, do it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.utils import timezone

from contracts.imports import Contracts, Tickets, TimeEntries
from customers.imports import Contacts, Customers

from . import csvfiles, imports, uploads
from .errors import Refused
from .models import Upload
from .pages import FormPage, Page

PERMISSION = "atera_invoicing.import_data"
KINDS: dict[str, imports.Import] = {
    importer.kind: importer
    for importer in (Customers(), Contacts(), Contracts(), Tickets(), TimeEntries())
}
AFTER = {
    "customers": "customers:list",
    "contacts": "customers:list",
    "contracts": "contracts:list",
    "tickets": "contracts:tickets",
    "time-entries": "contracts:tickets",
}
SHOWN = 200


class UploadForm(forms.Form):
    kind = forms.ChoiceField(
        label="What is in the file?",
        choices=[(kind, importer.title) for kind, importer in KINDS.items()],
    )
    file = forms.FileField(
        label="CSV file",
        help_text="UTF-8, at most 10 MB. Separated by comma, semicolon or tab.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
    )


class StartPage(FormPage):
    permission = PERMISSION
    template_name = "imports/start.html"
    title = "Import"
    form_class = UploadForm
    button = "Check the file"
    back = reverse_lazy("overview")

    def get_initial(self) -> dict[str, Any]:
        return {"kind": self.request.GET.get("kind", "customers")}

    def context(self) -> dict[str, Any]:
        return super().context() | {"kinds": KINDS.values()}

    def perform(self, form: Any) -> Upload:
        return uploads.keep(
            form.cleaned_data["file"],
            KINDS[form.cleaned_data["kind"]],
            by=self.request.user,
            now=timezone.now(),
        )

    def success(self, result: Upload) -> str:
        return ""

    def done(self, result: Upload) -> str:
        return reverse("imports:review", args=[result.uid])


class TemplateFile(Page):
    """A file of one kind with its header and an example."""

    permission = PERMISSION

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        importer = KINDS.get(self.kwargs["kind"])
        if importer is None:
            raise Http404
        return _csv(b"".join(importer.template()), f"{importer.kind}.csv")


class UploadPage(Page):
    """A page about one upload of the person who looks at it."""

    permission = PERMISSION
    crumbs = [("Import", reverse_lazy("imports:start"))]

    @cached_property
    def upload(self) -> Upload:
        now = timezone.now()
        kept = Upload.objects.filter(by=self.request.user, created_at__gte=now - uploads.KEPT)
        found = kept.filter(uid=self.kwargs["uid"]).first()
        if found is None:
            raise Http404
        return found

    @cached_property
    def importer(self) -> imports.Import:
        return KINDS[self.upload.kind]

    @cached_property
    def plan(self) -> imports.Plan:
        return imports.plan(self.importer, bytes(self.upload.content))

    def context(self) -> dict[str, Any]:
        return super().context() | {"upload": self.upload, "importer": self.importer}


class ReviewPage(UploadPage):
    template_name = "imports/review.html"

    def get_title(self) -> str:
        return f"Import {self.importer.title.lower()}"

    def context(self) -> dict[str, Any]:
        steps = [step for step in self.plan.steps if step.action != imports.Action.UNCHANGED]
        return super().context() | {
            "plan": self.plan,
            "counts": {action.value: self.plan.count(action) for action in imports.Action},
            "steps": steps[:SHOWN],
            "more": max(len(steps) - SHOWN, 0),
            "changes": len(steps),
        }

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.upload.imported_at:
            return redirect("imports:result", self.upload.uid)
        return self.render()

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            uploads.commit(
                self.upload.uid,
                self.importer,
                fingerprint=request.POST.get("fingerprint", ""),
                by=request.user,
                now=timezone.now(),
            )
        except Refused as refused:
            if refused.code == "already_imported":
                return redirect("imports:result", self.upload.uid)
            messages.error(request, refused.message)
            return self.render(status=409)
        return redirect("imports:result", self.upload.uid)


class ProblemsFile(UploadPage):
    """Every bad row with its reason, to work through in a spreadsheet."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        lines = (csvfiles.line(problem) for problem in self.plan.problems)
        content = csvfiles.stream(["line", "column", "reason"], lines)
        return _csv(b"".join(content), "problems.csv")


class ResultPage(UploadPage):
    template_name = "imports/result.html"
    title = "Imported"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.upload.imported_at:
            return redirect("imports:review", self.upload.uid)
        return self.render(next=reverse(AFTER[self.upload.kind]))


def _csv(content: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
