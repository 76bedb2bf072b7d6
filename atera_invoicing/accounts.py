"""Log-in: who may ask (no self sign-up), and the role table as Django's permissions."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from django.contrib.auth.backends import BaseBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from .roles import TABLE, permissions

PROOF_SECONDS = 900


class ClosedAccountAdapter(DefaultAccountAdapter):
    """People are added by an owner, on the team page."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": "This e-mail address and password do not fit together.",
        "too_many_login_attempts": "Too many failed log-ins. Wait five minutes and try again, or "
        "ask an owner for a new log-in link.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


def proved_lately(request: Any) -> bool:
    """Whether the password or second step was entered in the last quarter of an hour.

    Who has no password cannot be asked for it.
    """
    if not request.user.has_usable_password():
        return True
    proofs = get_authentication_records(request, request.user)
    return any(time.time() - proof["at"] < PROOF_SECONDS for proof in proofs)


class RoleBackend(BaseBackend):
    """Answers Django's `has_perm` from the table. It logs nobody in.

    Asking for a permission that is not in the table is a mistake of ours and raises KeyError.
    """

    def authenticate(self, request: Any, **credentials: Any) -> None:
        return None

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """The table has the last word: no other backend is asked, nor the database by it."""
        if not (user_obj.is_active and getattr(user_obj, "role", None) in TABLE[perm]):
            raise PermissionDenied
        return True

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return permissions(user_obj.role) if user_obj.is_active else set()

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return any(p.startswith(f"{app_label}.") for p in self.get_all_permissions(user_obj))
