"""To the provider's consent page and back, and reading the lists."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect

from accounting import connecting, refreshing, staging, wizard
from accounting.models import Connection
from accounting.providers import registry
from accounting.providers.port import ProviderError
from atera_invoicing.errors import Refused
from atera_invoicing.pages import Page

from .setup import CHANGE, HOME, callback_url, home, step_url


class LeavePage(Page):
    """Sends the browser to the provider.

    By a page that goes on by itself: browsers refuse to be redirected elsewhere by a form.
    """

    permission = CHANGE
    template_name = "accounting/leave.html"
    crumbs = (("Accounting", HOME),)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return HttpResponseRedirect(home())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        connection = wizard.current()
        if connection is None:
            return HttpResponseRedirect(home())
        try:
            staging.hold_for(connection, by=request.user)
            url = connecting.begin(
                connection,
                by=request.user,
                session_key=request.session.session_key or "",
                redirect_uri=callback_url(request, connection.provider),
                now=timezone.now(),
            )
        except Refused as refused:
            messages.error(request, refused.message)
            return HttpResponseRedirect(home())
        if request.htmx:
            return HttpResponseClientRedirect(url)
        name = registry.name(connection.provider)
        return self.render(url=url, provider_name=name, title=f"On to {name}")


class CallbackPage(Page):
    """Where the provider sends the browser back to."""

    permission = CHANGE
    template_name = "accounting/failed.html"
    crumbs = (("Accounting", HOME),)
    title = "Not connected"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        provider = kwargs["provider"]
        if provider not in registry.KNOWN:
            raise Http404
        before = {c.pk: c.company_id for c in Connection.objects.live()}
        try:
            connection = connecting.finish(
                request.GET.dict(),
                provider=provider,
                by=request.user,
                session_key=request.session.session_key or "",
                redirect_uri=callback_url(request, provider),
                now=timezone.now(),
            )
        except Refused as refused:
            name = registry.name(provider)
            return self.render(status=409, text=refused.message, provider_name=name)
        old = before.get(connection.pk, "")
        if connection.is_draft and old and connection.company_id != old:
            wizard.forget_company(connection, now=timezone.now())
        if connection.is_active:
            messages.success(request, f"{connection} is connected again.")
            return HttpResponseRedirect(home())
        return HttpResponseRedirect(reverse("accounting:setup-connect"))


class ReadPage(Page):
    """Reads the lists part by part: htmx asks for one after the other, a plain form for all.

    A failure says what happened and goes on from there.
    """

    permission = CHANGE
    template_name = "accounting/read.html"
    crumbs = (("Accounting", HOME),)
    title = "Reading the lists"

    @cached_property
    def connection(self) -> Connection | None:
        return wizard.current()

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return HttpResponseRedirect(home())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        connection = self.connection
        if connection is None:
            return HttpResponseRedirect(home())
        try:
            staging.hold_for(connection, by=request.user)
        except Refused as refused:
            messages.error(request, refused.message)
            return self._go(home())
        parts = refreshing.parts(connection)
        wanted = request.POST.get("part", "")
        todo = [wanted] if request.htmx and wanted in parts else parts
        for part in todo:
            try:
                refreshing.read(connection, part, now=timezone.now())
            except ProviderError as error:
                return self._stopped(part, error)
        parts = refreshing.parts(connection)  # the company says whether there are people
        if todo[-1] != parts[-1] and todo != parts:
            return self._progress(parts, parts.index(todo[-1]) + 1)
        return self._finish(connection)

    def _progress(self, parts: list[str], done: int, **extra: Any) -> HttpResponse:
        self.template_name = "accounting/_reading.html"
        connection: Connection = self.connection  # type: ignore[assignment]
        return self.render(
            done=done, total=len(parts), part=parts[done],
            label=refreshing.label(connection, parts[done]), **extra,
        )  # fmt: skip

    def _stopped(self, part: str, error: ProviderError) -> HttpResponse:
        connection: Connection = self.connection  # type: ignore[assignment]
        connection.refresh_from_db()
        parts = refreshing.parts(connection)
        place = parts.index(part) if part in parts else 0
        extra = {"error": error.message, "lost": connection.is_lost, "connection": connection}
        if self.request.htmx:
            return self._progress(parts, place, **extra)
        facts = {
            "done": place,
            "total": len(parts),
            "label": refreshing.label(connection, part),
            "part": part,
        }
        return self.render(status=409, **facts, **extra)

    def _finish(self, connection: Connection) -> HttpResponse:
        found = refreshing.finish(
            connection, today=timezone.localdate(), now=timezone.now(), by=self.request.user
        )
        connection.refresh_from_db()
        if connection.is_draft:
            step = connection.step if connection.step not in ("", "welcome", "connect") else ""
            return self._go(step_url(step or "customers", connection))
        words = f"{len(found)} prices or taxes changed here." if found else "Nothing changed here."
        messages.success(self.request, f"The lists are read anew. {words}")
        return self._go(self.next_or(home()))

    def _go(self, url: str) -> HttpResponse:
        htmx = self.request.htmx
        return HttpResponseClientRedirect(url) if htmx else HttpResponseRedirect(url)
