"""Generic page classes. A view of an app names its permission, its template and the verb; the rest is here.

    class CustomerList(ListPage):
        permission = "customers.view_customer"
        template_name = "customers/list.html"
        title = "Customers"
        queryset = Customer.objects.active()
        search_fields = ["name", "reference"]
        sortable = {"name": "name", "added": "id"}
        sort = "name"

Every page asks for a log-in first and for the permission second (403 page). A `Refused` from a verb
is shown beside the form or as a message. Everything works without JavaScript.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views import View
from django_filters import FilterSet
from django_htmx.http import HttpResponseClientRedirect

from . import listing
from .errors import Refused

STALE = (
    "Somebody else changed this while you were editing. What you typed is still here: compare it, "
    "then save again to keep it."
)


class Page(View):
    """A page for people who are logged in and have `permission` ("app.verb"; "" for everybody)."""

    permission: str = ""
    template_name: str = ""
    title: str = ""
    crumbs: Sequence[tuple[str, str]] = ()

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if not request.user.is_authenticated:
            answer = redirect_to_login(request.get_full_path())
            return HttpResponseClientRedirect(answer.url) if request.htmx else answer
        if self.permission and not request.user.has_perm(self.permission):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.render()

    def context(self) -> dict[str, Any]:
        """What the template gets. Extend it: `super().context() | {"contacts": ...}`."""
        return {"page": self, "title": self.get_title(), "crumbs": self.get_crumbs()}

    def get_title(self) -> str:
        return self.title

    def get_crumbs(self) -> Sequence[tuple[str, str]]:
        """(label, address) pairs on the way here, the page itself left out."""
        return self.crumbs

    def render(self, *, status: int = 200, **extra: Any) -> HttpResponse:
        return render(self.request, self.template_name, self.context() | extra, status=status)

    def next_or(self, url: str) -> str:
        """The page that a form asks to return to, if it is one of ours; else `url`."""
        wanted = self.request.POST.get("next") or self.request.GET.get("next") or ""
        return wanted if is_ours(self.request, wanted) else url


def is_ours(request: HttpRequest, url: str) -> bool:
    """Whether an address stays on this host (no open redirect)."""
    return url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )


@dataclass(frozen=True)
class Bulk:
    """A button of the bulk bar. The page's method `bulk_<name>(rows)` does it and returns a sentence."""

    name: str
    label: str
    permission: str
    icon: str = "check"
    confirm: str = ""
    danger: bool = False


class ListPage(Page):
    """A table: search `q`, the app's FilterSet, sorting, paging, bulk actions.

    Templates extend `_list.html` and fill the blocks `columns`, `cells`, `empty`. htmx gets the list
    alone.
    """

    queryset: QuerySet[Any] | None = None
    filter_class: type[FilterSet] | None = None
    search_fields: Sequence[str] = ()
    search_hint: str = "Search"
    sortable: ClassVar[dict[str, str]] = {}
    sort: str = "-id"
    size: int = 50
    bulk: Sequence[Bulk] = ()

    def get_queryset(self) -> QuerySet[Any]:
        """All rows that this person may see, with what the template touches already joined."""
        if self.queryset is None:
            raise NotImplementedError("set `queryset` or write `get_queryset`")
        return self.queryset.all()

    @cached_property
    def filters(self) -> FilterSet | None:
        if self.filter_class is None:
            return None
        return self.filter_class(self.request.GET, self.get_queryset(), request=self.request)

    @cached_property
    def query(self) -> str:
        """What is searched for; NUL can't be in any text of ours."""
        return self.request.GET.get("q", "").replace("\x00", "").strip()[:200]

    def matching(self) -> QuerySet[Any]:
        """The rows that pass search and filters; none where a filter makes no sense."""
        rows: QuerySet[Any] = self.get_queryset() if self.filters is None else self.filters.qs
        if self.filters is not None and not self.filters.is_valid():
            return rows.none()
        for word in self.query.split():
            rows = rows.filter(
                reduce(or_, (Q(**{f"{f}__icontains": word}) for f in self.search_fields))
            )
        return rows

    def rows(self) -> listing.Rows:
        """The page of rows that the address asks for."""
        get = self.request.GET
        sort = get.get("sort", "")
        sort = sort if sort.removeprefix("-") in self.sortable else self.sort
        key = sort.removeprefix("-")
        return listing.page(
            self.matching(),
            sort=sort,
            column=self.sortable.get(key, key),
            size=self.size,
            after=get.get("after", ""),
            before=get.get("before", ""),
        )

    def context(self) -> dict[str, Any]:
        may = self.request.user.has_perm
        own = {"sort", "after", "before", "page"}
        narrowed = any(value for name, value in self.request.GET.items() if name not in own)
        return super().context() | {
            "shell_template": "_partial.html" if self.request.htmx else "base.html",
            "rows": self.rows(),
            "query": self.query,
            "filters": self.filters,
            "narrowed": narrowed,
            "bulk": [button for button in self.bulk if may(button.permission)],
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A bulk action on the ticked rows of this list."""
        button = next((b for b in self.bulk if b.name == request.POST.get("action")), None)
        if button is None or not request.user.has_perm(button.permission):
            raise PermissionDenied
        ids = [int(pk) for pk in request.POST.getlist("selected") if pk.isdecimal()]
        rows = list(self.get_queryset().filter(pk__in=ids))
        if not rows:
            messages.warning(request, "Tick at least one row first.")
        else:
            _say(request, lambda: getattr(self, f"bulk_{button.name}")(rows))
        return HttpResponseRedirect(self.next_or(request.get_full_path()))


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


class FormPage(ObjectPage):
    """Create or edit a row through a form and a verb.

    Write `perform(form)`: call the verb with the form's instance and return the saved row; then
    `success(result)` is said and `done(result)` is the next address. A page without `pk` in its
    address creates. With `formset_class`, `perform` reads `self.formset`.
    """

    template_name = "_form.html"
    form_class: type[forms.BaseForm]
    formset_class: type[forms.BaseFormSet] | None = None
    button: str = "Save"
    back: str = "/"

    @cached_property
    def object(self) -> Any:
        if self.lookup not in self.kwargs:
            return None
        return get_object_or_404(self.get_queryset(), **{self.lookup: self.kwargs[self.lookup]})

    def perform(self, form: Any) -> Any:
        raise NotImplementedError

    def success(self, result: Any) -> str:
        return f"Saved {result}."

    def done(self, result: Any) -> str:
        url = getattr(result, "get_absolute_url", None)
        return url() if url else self.get_back()

    def get_back(self) -> str:
        """Where "Cancel" leads."""
        return self.back

    def form_kwargs(self) -> dict[str, Any]:
        """Extend it for forms that want more than data and an instance."""
        if issubclass(self.form_class, forms.BaseModelForm):
            return {"instance": self.object, "initial": self.get_initial()}
        return {"initial": self.get_initial()}

    def get_initial(self) -> dict[str, Any]:
        return {}

    def formset_kwargs(self) -> dict[str, Any]:
        if self.formset_class and issubclass(self.formset_class, forms.BaseInlineFormSet):
            return {"instance": self.object}
        return {}

    @cached_property
    def form(self) -> Any:
        data = (self.request.POST, self.request.FILES) if self.request.method == "POST" else ()
        return self.form_class(*data, **self.form_kwargs())

    @cached_property
    def formset(self) -> Any:
        if self.formset_class is None:
            return None
        data = (self.request.POST, self.request.FILES) if self.request.method == "POST" else ()
        return self.formset_class(*data, **self.formset_kwargs())

    @cached_property
    def seen(self) -> str:
        """A fingerprint of the values that the person started from."""
        if not isinstance(self.object, Model):
            return ""
        fields = {f.attname: str(getattr(self.object, f.attname)) for f in self.object._meta.fields}
        return hashlib.sha256(repr(sorted(fields.items())).encode()).hexdigest()[:24]

    def context(self) -> dict[str, Any]:
        return super().context() | {
            "form": self.form,
            "formset": self.formset,
            "seen": self.seen,
            "back": self.get_back(),
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        seen, form = self.seen, self.form  # before validation writes into the instance
        if request.POST.get("seen", seen) != seen:
            form.add_error(None, STALE)
            return self.render(status=409)
        valid = form.is_valid()
        if not (valid and (self.formset is None or self.formset.is_valid())):
            return self.render(status=422)
        try:
            result = self.perform(form)
        except Refused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, refused.message)
            return self.render(status=422 if refused.field else 409)
        if words := self.success(result):
            messages.success(request, words)
        return HttpResponseRedirect(self.next_or(self.done(result)))


class ReasonForm(forms.Form):
    """For acts that go into the history with a reason."""

    reason = forms.CharField(max_length=200, widget=forms.Textarea(attrs={"rows": 2}))


class ActionPage(ObjectPage):
    """A verb with a question: GET asks (a page, or a dialog for htmx), POST does it.

    Write `perform(form)`, which may return a sentence. A `Refused` becomes a message on the page that
    the person came from.
    """

    template_name = "_question.html"
    form_class: type[forms.Form] = forms.Form
    question: str = ""
    button: str = "Yes, do it"
    danger: bool = False
    back: str = "/"

    def perform(self, form: Any) -> str | None:
        raise NotImplementedError

    def get_back(self) -> str:
        """The page to return to."""
        url = getattr(self.object, "get_absolute_url", None)
        return url() if url else self.back

    def done(self) -> str:
        """Where to go when it worked; the place we came from unless the row is gone."""
        return self.get_back()

    def get_question(self) -> str:
        return self.question

    @cached_property
    def form(self) -> Any:
        return self.form_class(self.request.POST if self.request.method == "POST" else None)

    def context(self) -> dict[str, Any]:
        return super().context() | {
            "shell_template": "_dialog.html" if self.request.htmx else "base.html",
            "form": self.form,
            "question": self.get_question(),
            "back": self.get_back(),
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.form.is_valid():
            return self.render(status=422)
        back = self.get_back()
        worked = _say(request, lambda: self.perform(self.form))
        return HttpResponseRedirect(self.next_or(self.done() if worked else back))


def _say(request: HttpRequest, act: Any) -> bool:
    """Do it and say what came of it: its own sentence, or why it was refused."""
    try:
        words = act()
    except Refused as refused:
        messages.error(request, refused.message)
        return False
    if words:
        messages.success(request, words)
    return True
