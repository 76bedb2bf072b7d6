"""Refusals become pages, and private pages are not kept by caches."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.http import reswap, retarget

from .errors import Refused

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
        facts = {"tone": "bad", "text": exception.message}
        if getattr(request, "htmx", False):
            answer = render(request, "ui/toast.html", facts, status=409)
            return reswap(retarget(answer, "#messages"), "beforeend")
        return render(request, "409.html", facts, status=409)


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
