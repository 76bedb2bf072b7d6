"""What every page has: log-in, permission, title, path; and pages about one row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from allauth.core.exceptions import ReauthenticationRequired
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.views import View
from django_htmx.http import HttpResponseClientRedirect

from .. import accounts, refusals
from ..errors import Refused

Address = str | Promise  # reverse() or reverse_lazy()


class Page(View):
    """A page for people who are logged in and have `permission` ("app.verb"; "" for everybody).

    With `fresh` it asks for the password again when that was entered over 15 minutes ago.
    """

    request: Any  # an HttpRequest with what the middleware adds: user, htmx, csp_nonce
    permission: str = ""
    fresh: bool = False
    template_name: str = ""
    title: str = ""
    crumbs: Sequence[tuple[str, Address]] = ()

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if not request.user.is_authenticated:
            answer = redirect_to_login(request.get_full_path())
            return HttpResponseClientRedirect(answer.url) if request.htmx else answer
        if self.permission and not request.user.has_perm(self.permission):
            raise PermissionDenied(self.permission)
        if self.fresh and not accounts.proved_lately(request):
            raise ReauthenticationRequired
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.render()

    def context(self) -> dict[str, Any]:
        """What the template gets. Extend it: `super().context() | {"contacts": ...}`."""
        return {"page": self, "title": self.get_title(), "crumbs": self.get_crumbs()}

    def get_title(self) -> str:
        return self.title

    def get_crumbs(self) -> Sequence[tuple[str, Address]]:
        """(label, address) pairs on the way here, the page itself left out."""
        return self.crumbs

    def render(self, *, status: int = 200, **extra: Any) -> HttpResponse:
        return render(self.request, self.template_name, self.context() | extra, status=status)

    def next_or(self, url: str) -> str:
        """The page that a form asks to return to, if it is one of ours; else `url`."""
        wanted = self.request.POST.get("next") or self.request.GET.get("next") or ""
        return wanted if is_ours(self.request, wanted) else url


class ObjectPage(Page):
    """A page about one row, found by the `pk` of its address; 404 when it is not there."""

    queryset: QuerySet[Any] | None = None
    lookup: str = "pk"

    def get_queryset(self) -> QuerySet[Any]:
        if self.queryset is None:
            raise NotImplementedError("set `queryset` or write `get_queryset`")
        return self.queryset.all()

    @cached_property
    def object(self) -> Any:
        return get_object_or_404(self.get_queryset(), **{self.lookup: self.kwargs[self.lookup]})

    def context(self) -> dict[str, Any]:
        return super().context() | {"object": self.object}


class DetailPage(ObjectPage):
    """One row, to look at. The title is its name unless `title` says otherwise."""

    def get_title(self) -> str:
        return self.title or str(self.object)


def is_ours(request: HttpRequest, url: str) -> bool:
    """Whether an address stays on this host (no open redirect)."""
    return url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )


def say(request: HttpRequest, act: Callable[[], str | None]) -> bool:
    """Do it and say what came of it: its own sentence, or why it was refused."""
    try:
        words = act()
    except Refused as refused:
        messages.error(request, refusals.answer(refused, request.user).sentence)
        return False
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return False
    if words:
        messages.success(request, words)
    return True
