"""Keys for programs: made once, kept as a hash, scoped and expiring.

A key acts as the person who made it, with that person's role, and never more than its scope.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from .errors import Refused
from .models import ApiKey, User

START = "ati_"
SCHEMES = ("bearer", "api-key")
LONGEST_DAYS = 730


def create(user: User, *, name: str, scope: str, days: int, now: datetime) -> tuple[ApiKey, str]:
    """A new key and its text, which can't be read again later."""
    if not user.has_perm("atera_invoicing.use_api_key"):
        raise Refused("not_allowed", "Your role can't use keys.")
    if not 1 <= days <= LONGEST_DAYS:
        message = f"A key lives from 1 to {LONGEST_DAYS} days."
        raise Refused("lifetime", message, field="days")
    text = START + secrets.token_urlsafe(32)
    key = ApiKey(
        user=user,
        name=name.strip(),
        prefix=text[:10],
        digest=_digest(text),
        scope=scope,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    key.full_clean(exclude=["last_used_at", "revoked_at"])
    key.save()
    return key, text


def revoke(key: ApiKey, *, now: datetime) -> None:
    """End a key at once. The row stays, so that its use can be traced."""
    if key.revoked_at is None:
        key.revoked_at = now
        key.save(update_fields=["revoked_at"])


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer ati_…` (or `Api-Key ati_…`)."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        scheme, _, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() not in SCHEMES:
            return None
        key = _find(text.strip())
        now = timezone.now()
        if key is None:
            raise AuthenticationFailed("This key is not known.", "invalid_key")
        if key.revoked_at is not None:
            raise AuthenticationFailed("This key was revoked. Make a new one.", "revoked_key")
        if key.expires_at <= now:
            raise AuthenticationFailed("This key has expired. Make a new one.", "expired_key")
        if not key.user.is_active:
            raise AuthenticationFailed("The person behind this key has left.", "inactive_user")
        _note_use(key, now)
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


def _find(text: str) -> ApiKey | None:
    digest = _digest(text)
    key = ApiKey.objects.select_related("user").filter(digest=digest).first()
    return key if key is not None and hmac.compare_digest(key.digest, digest) else None


def _note_use(key: ApiKey, now: datetime) -> None:
    """Once a minute is enough to see whether a key is still in use."""
    if key.last_used_at is None or key.last_used_at < now - timedelta(minutes=1):
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)


def _digest(text: str) -> str:
    # A key has 256 random bits, so a fast hash is as good as a slow one.
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
