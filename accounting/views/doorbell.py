"""The door for notices from outside: open to everybody, believed only with the right signature."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounting import webhooks
from accounting.providers import port, registry

LARGEST = 1024 * 1024


@csrf_exempt
@require_POST
def webhook(request: HttpRequest, provider: str) -> HttpResponse:
    """Keep a delivery and answer at once; looking into it is work for the background."""
    if provider not in registry.KNOWN:
        return HttpResponse(status=404)
    if int(request.headers.get("Content-Length") or 0) > LARGEST:
        return HttpResponse(status=413)
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        webhooks.receive(provider, request.body, headers, now=timezone.now())
    except port.Unauthorized:
        return HttpResponse(status=401)
    return HttpResponse(status=200)
