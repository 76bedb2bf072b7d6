"""`Idempotency-Key`: a POST that is sent twice happens once.

The key is claimed by a row before the work begins; a unique index decides between two at once. The
answer is stored in the transaction of the work itself, so there is never one without the other.
Only successes are stored: what failed changed nothing and is tried afresh. Answers are kept for 30
days.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

import orjson
from django.db import IntegrityError, transaction
from django.http.request import RawPostDataException
from django.utils import timezone
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from .models import IdempotentRequest
from .problems import Malformed
from .rest import OrjsonRenderer

KEPT = timedelta(days=30)
ABANDONED = timedelta(seconds=60)


class InProgress(APIException):
    status_code = 409
    default_code = "request_in_progress"
    default_detail = "The first request with this Idempotency-Key is still running."


class KeyReused(APIException):
    status_code = 422
    default_code = "idempotency_key_reused"
    default_detail = "This Idempotency-Key was used for a different request. Choose a new one."


def once(request: Request, work: Callable[[], Response]) -> Response:
    """The answer of `work`, or the stored answer of the first request with the same key."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return work()
    if not (1 <= len(key) <= 128 and key.isascii() and key.isprintable()):
        raise Malformed("Idempotency-Key has 1 to 128 printable ASCII characters.")
    now = timezone.now()
    row = _claim(request, key, now)
    if row.status is not None:
        return _replay(row)
    try:
        with transaction.atomic():
            response = work()
            _store(row, response)
    except BaseException:
        IdempotentRequest.objects.filter(pk=row.pk, status__isnull=True).delete()
        raise
    return response


def _claim(request: Request, key: str, now: datetime) -> IdempotentRequest:
    """Our own new row, or the finished row of an earlier request."""
    rows = IdempotentRequest.objects
    rows.filter(created_at__lt=now - KEPT).delete()
    fingerprint = _fingerprint(request)
    try:
        with transaction.atomic():
            return rows.create(user=request.user, key=key, fingerprint=fingerprint, created_at=now)
    except IntegrityError:
        row = rows.filter(user=request.user, key=key).first()
    if row is None:  # the other one has just failed and withdrawn its claim
        raise InProgress
    if row.fingerprint != fingerprint:
        raise KeyReused
    if row.status is None and not _take_over(row, now):
        raise InProgress
    return row


def _take_over(row: IdempotentRequest, now: datetime) -> bool:
    """A request that never finished belonged to a process that died."""
    if row.created_at > now - ABANDONED:
        return False
    mine = IdempotentRequest.objects.filter(pk=row.pk, created_at=row.created_at)
    row.created_at = now
    return bool(mine.filter(status__isnull=True).update(created_at=now))


def _store(row: IdempotentRequest, response: Response) -> None:
    """Keep the answer, unless somebody took the key over: then our work is rolled back."""
    location = response.headers.get("Location", "")
    body = orjson.dumps(location) + b"\n" + OrjsonRenderer().render(response.data)
    mine = IdempotentRequest.objects.filter(pk=row.pk, created_at=row.created_at)
    if not mine.filter(status__isnull=True).update(status=response.status_code, body=body):
        raise InProgress


def _replay(row: IdempotentRequest) -> Response:
    location, _, body = bytes(row.body).partition(b"\n")
    headers = {"Idempotent-Replayed": "true"}
    if orjson.loads(location):
        headers["Location"] = orjson.loads(location)
    data = orjson.loads(body) if body else None
    return Response(data, status=row.status, headers=headers)


def _fingerprint(request: Request) -> str:
    django_request = request._request
    try:
        body = django_request.body
    except RawPostDataException as error:  # a form, already read
        raise Malformed("Send JSON with an Idempotency-Key.") from error
    parts = (request.method or "", django_request.get_full_path(), request.content_type or "")
    return hashlib.sha256("\n".join(parts).encode() + b"\n" + body).hexdigest()
