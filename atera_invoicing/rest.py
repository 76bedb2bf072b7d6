"""What the REST settings name: how bodies are read and written, who may ask, and how often.

Nothing here may import `rest_framework.views`, which reads those settings; see viewsets.py.
"""

from __future__ import annotations

import json
import time
from decimal import Decimal
from typing import Any, NoReturn

import orjson
from django.core.cache import cache
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.parsers import BaseParser
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle

from .problems import Malformed, TooLarge

MAX_BODY = 4 * 1024 * 1024
MAX_DEPTH = 16


class OrjsonRenderer(JSONRenderer):
    """UTF-8 JSON. Decimals become strings, moments are in UTC and end in Z."""

    def render(
        self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None
    ) -> bytes:
        if data is None:
            return b""
        return orjson.dumps(data, default=str, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS)


class PdfRenderer(BaseRenderer):
    """Bytes as they are; a problem stays JSON."""

    media_type = "application/pdf"
    format = "pdf"
    charset = None
    render_style = "binary"

    def render(
        self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None
    ) -> bytes:
        return data if isinstance(data, bytes) else OrjsonRenderer().render(data)


class StrictJSONParser(BaseParser):
    """JSON in which nothing is ambiguous: one object, no key twice, no NaN, no NUL, bounded."""

    media_type = "application/json"
    renderer_class = OrjsonRenderer

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> dict:
        raw = stream.read(MAX_BODY + 1)
        if len(raw) > MAX_BODY:
            raise TooLarge
        try:
            data = json.loads(
                raw.decode("utf-8"),
                parse_float=Decimal,
                parse_constant=_no_constant,
                object_pairs_hook=_no_duplicates,
            )
        except (ValueError, RecursionError) as error:
            raise Malformed("The body is not JSON.") from error
        if not isinstance(data, dict):
            raise Malformed("The body must be one JSON object.")
        _check_text(data)
        return data


def _no_constant(name: str) -> NoReturn:
    raise Malformed(f"{name} is not JSON.")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Malformed(f"The key {twice[:80]!r} appears twice in one object.", "duplicate_key")
    return result


def _check_text(data: Any, pointer: str = "", depth: int = 0) -> None:
    """No database holds NUL or half a surrogate pair in text; say where they are."""
    if depth > MAX_DEPTH:
        raise Malformed(f"The body is nested deeper than {MAX_DEPTH} levels.", "too_deep")
    if isinstance(data, str):
        if "\x00" in data:
            raise Malformed("Text can't contain NUL characters.", "null_character", pointer=pointer)
        if not data.isascii() and any("\ud800" <= char <= "\udfff" for char in data):
            raise Malformed("Text contains half a character.", "surrogate", pointer=pointer)
    elif isinstance(data, dict):
        for name, value in data.items():
            _check_text(name, pointer, depth)
            _check_text(value, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}", depth + 1)
    elif isinstance(data, list):
        for index, value in enumerate(data):
            _check_text(value, f"{pointer}/{index}", depth + 1)


class Filters(DjangoFilterBackend):
    """The view's filter set, built only when the request filters or sorts."""

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        view.refuse_unknown_parameters()
        if not set(request.query_params) - view.own_parameters:
            return queryset
        filterset = self.get_filterset(request, queryset, view)
        if filterset is None or filterset.is_valid():
            return queryset if filterset is None else filterset.qs
        name, errors = next(iter(filterset.form.errors.as_data().items()))
        error = errors[0]
        raise Malformed(f"{name}: {error.messages[0]}", error.code or "invalid", parameter=name)


class RolePermission(BasePermission):
    """Asks the role table for the permission that the view names for its action.

    A view says `permissions = {"list": "app.view_x", ...}`; an action that is missing there is
    refused. A key with the read scope may only read.
    """

    message = "Your role may not do this."

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user.is_authenticated:
            raise NotAuthenticated("Log in, or send an API key.")
        action = getattr(view, "action", None)
        if action in (None, "metadata"):
            return True  # an unknown method is answered 405 by the view
        reads = request.method in SAFE_METHODS or action in getattr(view, "reads", ())
        if not reads and getattr(request.auth, "scope", "write") == "read":
            raise PermissionDenied("This key may only read.", "read_only_key")
        needed = view.permissions.get(action)
        return needed is not None and request.user.has_perm(needed)


class PerUserThrottle(BaseThrottle):
    """A budget per person and minute (or what `API_RATE` says).

    Each process counts for itself and settles with the shared cache every twentieth of the budget,
    so that reading a page doesn't cost a write to the database. A burst over several processes can
    exceed the budget by that much per process.
    """

    unshared: dict[str, int] = {}
    known: dict[str, int] = {}

    def allow_request(self, request: Request, view: Any) -> bool:
        limit, seconds = _rate(api_settings.DEFAULT_THROTTLE_RATES["user"])
        now = time.time()
        self.left = seconds - now % seconds
        who = request.user.pk if request.user.is_authenticated else request.META["REMOTE_ADDR"]
        key = f"api-rate:{who}:{int(now // seconds)}"
        if key not in self.known:
            self._begin(key)
        self.unshared[key] = self.unshared.get(key, 0) + 1
        if self.unshared[key] >= max(1, limit // 20):
            self._settle(key, seconds)
        return self.known[key] + self.unshared[key] <= limit

    def _begin(self, key: str) -> None:
        if len(self.known) > 10_000:  # windows that are over
            self.known.clear()
            self.unshared.clear()
        self.known[key] = cache.get(key, 0)

    def _settle(self, key: str, seconds: int) -> None:
        total = cache.get(key, 0) + self.unshared[key]
        cache.set(key, total, seconds * 2)
        self.known[key], self.unshared[key] = total, 0

    def wait(self) -> float:
        return self.left


def _rate(text: str) -> tuple[int, int]:
    """`"1200/min"` as (1200, 60)."""
    number, _, unit = text.partition("/")
    return int(number), {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit[0]]
