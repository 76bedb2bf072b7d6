"""Refusals become pages, and private pages are not kept by caches."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from . import refusals
from .errors import Refused
from .pages import is_ours

Answer = Callable[[HttpRequest], HttpResponse]
FEATURES = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


class RefusedMiddleware:
    """A `Refused` that no page caught becomes a page of its own, status 409, with the message."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Refused):
            return None
        said = refusals.answer(exception, request.user)
        if getattr(request, "htmx", False):
            return refusals.toast(said.sentence, status=409)
        came_from = request.headers.get("Referer", "")
        back = came_from if is_ours(request, came_from) else "/"
        return render(request, "409.html", {"said": said, "back": back}, status=409)


class PrivatePagesMiddleware:
    """Whatever a view makes is for this person now: no cache keeps it unless the view says so."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store, private")
        response.headers.setdefault("Permissions-Policy", FEATURES)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response
