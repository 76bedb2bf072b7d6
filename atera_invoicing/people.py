"""Who works here: add, change, end and renew people's access. At least one owner stays."""

from __future__ import annotations

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.urls import reverse

from .errors import Refused
from .models import User
from .roles import Role


def add(person: User) -> User:
    """Save a new person. Nobody knows a password: they set their own by their `link`."""
    person.email = User.objects.normalize_email(person.email).strip()
    person.set_unusable_password()
    person.full_clean(exclude=["password"])
    person.save()
    return person


def change(person: User) -> User:
    """Save a changed name, address or role."""
    with transaction.atomic():
        if person.role != Role.OWNER:
            _keep_an_owner(without=person)
        person.full_clean(exclude=["password"])
        person.save()
    return person


def link(person: User) -> str:
    """The path where this person sets a password: works once, for three days."""
    if not person.is_active:
        raise Refused("inactive", "This person has no access. Give it back first.")
    key = default_token_generator.make_token(person)
    return reverse("account_reset_password_from_key", args=[user_pk_to_url_str(person), key])


def reset(person: User, *, by: User) -> str:
    """Forget password and second factor, end all sessions; returns the new `link`."""
    if person == by:
        raise Refused("yourself", "Change your own password on your profile page.")
    path = ""
    with transaction.atomic():
        person.set_unusable_password()
        person.save(update_fields=["password"])
        Authenticator.objects.filter(user=person).delete()
        path = link(person)
    end_sessions(person)
    return path


def deactivate(person: User, *, by: User) -> None:
    """Take all access away: log-in, sessions, keys. Their work and history stay."""
    if person == by:
        raise Refused("yourself", "You can't take your own access away. Ask another owner.")
    with transaction.atomic():
        _keep_an_owner(without=person)
        person.is_active = False
        person.save(update_fields=["is_active"])
    end_sessions(person)


def activate(person: User) -> None:
    """Give access back, with the role they had."""
    person.is_active = True
    person.save(update_fields=["is_active"])


def end_sessions(person: User) -> None:
    """Log this person out everywhere."""
    for session in UserSession.objects.filter(user=person):
        session.end()


def _keep_an_owner(*, without: User) -> None:
    """Refuse when nobody else could manage people. The owners' rows are locked until the commit."""
    owners = User.objects.select_for_update().filter(role=Role.OWNER, is_active=True)
    if not owners.exclude(pk=without.pk).order_by("pk").first() and owners.filter(pk=without.pk):
        raise Refused(
            "last_owner", "This is the last owner. Make somebody else an owner first.", field="role"
        )
