"""Log-in, people and keys: who gets in, who may let others in, and what stops a guesser."""

from __future__ import annotations

import io

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from atera_invoicing import people
from atera_invoicing.errors import Refused
from atera_invoicing.models import ApiKey, User
from atera_invoicing.roles import Role
from tests import make

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


def ana(**fields):
    return make.user(email="ana@msp.example", password=PASSWORD, **fields)


def log_in(client, password=PASSWORD, email="ana@msp.example", **extra):
    return client.post("/accounts/login/", {"login": email, "password": password, **extra})


def test_log_in_leads_to_the_page_that_was_asked_for(client):
    ana()
    assert log_in(client, next="/profile/").url == "/profile/"


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_log_in_leads_nowhere_else(client, address):
    ana()
    assert log_in(client, next=address).url == "/"


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client):
    ana()
    wrong = log_in(client, "wrong password!")
    unknown = log_in(client, email="nobody@msp.example")
    errors = wrong.context["form"].non_field_errors()
    assert errors
    assert errors == unknown.context["form"].non_field_errors()


def test_guessing_is_stopped_for_every_process_and_with_a_clear_message(client):
    ana()
    for _ in range(5):
        log_in(Client(), "wrong password!")
    response = log_in(Client())  # the right password, too late
    assert "Too many failed log-ins. Wait five minutes and try again" in response.text
    assert "_auth_user_id" not in response.client.session


def test_the_count_of_tries_is_kept_in_the_database(settings):
    backend = settings.CACHES["default"]["BACKEND"]
    assert backend == "django.core.cache.backends.db.DatabaseCache"


def test_guessing_is_forgotten_after_a_while(client):
    ana()
    with time_machine.travel("2026-10-01T12:00:00Z") as clock:
        for _ in range(5):
            log_in(Client(), "wrong password!")
        clock.shift(360)
        assert log_in(client).url == "/"


def test_an_address_that_floods_the_log_in_is_told_to_wait(client):
    for number in range(30):
        log_in(client, email=f"a{number}@msp.example")
    response = log_in(client)
    assert response.status_code == 429
    assert "Too many tries" in response.text


def test_who_has_no_access_can_not_log_in(client):
    ana(is_active=False)
    assert log_in(client).url == reverse("account_inactive")
    assert "You have no access any more" in client.get(reverse("account_inactive")).text


def test_nobody_signs_up(client):
    response = client.post(
        "/accounts/signup/", {"email": "eve@evil.example", "password1": PASSWORD}
    )
    assert "There is no sign-up" in response.text
    assert not User.objects.exists()


def test_mail_pages_of_the_log_in_do_nothing(client):
    ana()
    response = client.post("/accounts/password/reset/", {"email": "ana@msp.example"})
    assert response.status_code == 405
    log_in(client)
    assert client.post("/accounts/email/", {"email": "new@msp.example"}).url == "/profile/"
    assert User.objects.get().email == "ana@msp.example"


@pytest.mark.parametrize(
    "view",
    [
        *("account_login", "account_logout", "account_change_password", "account_reauthenticate"),
        *("mfa_index", "mfa_activate_totp", "mfa_generate_recovery_codes", "usersessions_list"),
        *("account_inactive", "account_signup", "account_reset_password"),
        "account_reset_password_from_key_done",
    ],
)
def test_every_page_of_the_log_in_is_ours_to_look_at(client, view):
    ana()
    log_in(client)
    response = client.get(reverse(view), follow=True)
    assert response.status_code == 200
    assert "app.css" in response.text
    assert 'class="card' in response.text or view == "account_login"


def test_a_second_step_can_be_turned_on_and_is_then_asked_for(client):
    from allauth.mfa.totp.internal import auth

    out = io.StringIO()  # as everybody begins: by a link
    call_command("add_person", "ana@msp.example", "--link", stdout=out)
    form = client.get(out.getvalue().strip(), follow=True).redirect_chain[-1][0]
    client.post(form, {"password1": PASSWORD, "password2": PASSWORD})
    log_in(client)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = client.get(reverse("mfa_activate_totp"))
    assert 'src="data:image/svg' in page.text
    secret = page.context["form"].secret
    code = auth.format_hotp_value(
        auth.hotp_value(secret, next(iter(auth.yield_hotp_counters_from_time())))
    )
    client.post(reverse("mfa_activate_totp"), {"code": code})
    assert "codes are left" in client.get(reverse("mfa_index")).text
    assert "Keep them where you find them" in client.get(reverse("mfa_view_recovery_codes")).text
    assert log_in(Client()).url == reverse("mfa_authenticate")


def test_a_new_person_sets_a_password_by_the_link_which_works_once(client_as, client):
    owner = client_as("owner")
    response = owner.post(
        "/team/new/", {"email": "Bo@MSP.example", "first_name": "Bo", "role": "technician"}
    )
    bo = User.objects.get(email="Bo@msp.example")
    assert response.url == f"/team/{bo.pk}/link/"
    assert not bo.has_usable_password()
    link = owner.post(response.url).context["link"].removeprefix("http://testserver")
    form = client.get(link, follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": PASSWORD, "password2": PASSWORD})
    assert log_in(client, email="bo@msp.example").url == "/"
    assert "This link no longer works" in Client().get(link, follow=True).text


def test_the_forms_of_the_log_in_are_plain(client):
    out = io.StringIO()
    call_command("add_person", "ana@msp.example", "--link", stdout=out)
    for text in (
        client.get("/accounts/login/").text,
        client.get(out.getvalue().strip(), follow=True).text,
    ):
        assert "placeholder" not in text
    assert "New password again" in text
    assert text.count("At least 12 characters") == 1


def test_a_link_made_by_guessing_is_refused(client):
    assert "This link no longer works" in client.get("/accounts/password/reset/key/1-abc/").text


def test_a_weak_password_is_refused_with_the_reason(client):
    bo = people.add(User(email="bo@msp.example"))
    page = client.get(people.link(bo), follow=True)
    response = client.post(page.redirect_chain[-1][0], {"password1": "short", "password2": "short"})
    assert "at least 12 characters" in response.text
    assert not User.objects.get().has_usable_password()


def test_two_people_can_not_share_an_address_in_whatever_case(client_as):
    ana()
    response = client_as("owner").post("/team/new/", {"email": "ANA@msp.example", "role": "owner"})
    assert response.status_code == 422
    assert "Somebody already has this e-mail address." in response.text


def test_the_last_owner_stays_an_owner(owner, client):
    client.force_login(owner, backend="allauth.account.auth_backends.AuthenticationBackend")
    response = client.post(f"/team/{owner.pk}/", {"email": owner.email, "role": "billing"})
    assert response.status_code == 422
    assert "This is the last owner" in response.text
    owner.refresh_from_db()
    assert owner.role == Role.OWNER


def test_one_of_two_owners_can_step_down(owner):
    make.user(Role.OWNER)
    owner.role = Role.BILLING
    people.change(owner)
    assert User.objects.get(pk=owner.pk).role == Role.BILLING


def test_an_owner_without_access_does_not_count(owner):
    make.user(Role.OWNER, is_active=False)
    owner.role = Role.BILLING
    with pytest.raises(Refused, match="last owner"):
        people.change(owner)


def test_taking_access_away_ends_every_session_at_once(client_as, client):
    person = ana()
    log_in(client)
    assert client.get("/profile/").status_code == 200
    client_as("owner").post(f"/team/{person.pk}/deactivate/")
    assert client.get("/profile/").status_code == 302
    assert not UserSession.objects.filter(user=person).exists()
    client_as("owner").post(f"/team/{person.pk}/activate/")
    assert log_in(client).url == "/"


def test_nobody_takes_their_own_access_away(owner, client):
    client.force_login(owner, backend="allauth.account.auth_backends.AuthenticationBackend")
    make.user(Role.OWNER)
    response = client.post(f"/team/{owner.pk}/deactivate/", follow=True)
    assert "Ask another owner" in response.text
    owner.refresh_from_db()
    assert owner.is_active


def test_a_new_link_forgets_password_second_step_and_sessions(client_as, client):
    person = ana()
    log_in(client)
    Authenticator.objects.create(user=person, type="totp", data={"secret": "x"})
    client_as("owner").post(f"/team/{person.pk}/link/")
    person.refresh_from_db()
    assert not person.has_usable_password()
    assert not Authenticator.objects.exists()
    assert client.get("/profile/").status_code == 302


def test_own_profile_changes_the_name_and_nothing_else(client):
    person = ana(role=Role.TECHNICIAN)
    log_in(client)
    client.post(
        "/profile/", {"first_name": "Ann", "last_name": "Lee", "role": "owner", "email": "x"}
    )
    person.refresh_from_db()
    assert (person.first_name, person.role, person.email) == (
        *("Ann", Role.TECHNICIAN),
        "ana@msp.example",
    )


def test_sensitive_pages_ask_for_the_password_again_after_a_while(client):
    ana(role=Role.OWNER)
    with time_machine.travel("2026-10-01T12:00:00Z") as clock:
        log_in(client)
        assert client.get("/keys/new/").status_code == 200
        clock.shift(16 * 60)
        response = client.get("/keys/new/")
        assert response.url == "/accounts/reauthenticate/?next=%2Fkeys%2Fnew%2F"
        response = client.post(response.url, {"password": PASSWORD})
        assert response.url == "/keys/new/"
        assert client.get("/keys/new/").status_code == 200


def test_a_key_is_shown_once_and_can_be_revoked(client_as):
    client = client_as("technician")
    response = client.post("/keys/new/", {"name": "Backup script", "scope": "read", "days": "30"})
    text = response.context["text"]
    key = ApiKey.objects.get()
    assert text in response.text
    assert text not in client.get("/keys/").text
    assert key.digest not in response.text
    client.post(f"/keys/{key.pk}/revoke/")
    key.refresh_from_db()
    assert key.revoked_at
    assert "Revoked" in client.get("/keys/").text


def test_a_key_needs_a_name_a_scope_and_an_end(client_as):
    response = client_as("owner").post("/keys/new/", {"name": "", "scope": "all", "days": "9999"})
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"name", "scope", "days"}
    assert not ApiKey.objects.exists()


def test_the_keys_of_others_are_out_of_reach(client_as):
    client_as("billing").post("/keys/new/", {"name": "Secret", "scope": "read", "days": "30"})
    key = ApiKey.objects.get()
    other = client_as("owner")
    assert "Secret" not in other.get("/keys/").text
    assert other.post(f"/keys/{key.pk}/revoke/").status_code == 404


def test_the_options_are_saved_and_bad_ones_refused(client_as):
    from atera_invoicing.models import Installation

    client = client_as("owner")
    good = {
        "currency": "EUR",
        "payment_days": "14",
        "level": "entry",
        "tax_method": "per_rate",
        "ticket_period": "work_date",
        "recipient_rule": "none",
    }
    assert client.post("/options/", good).status_code == 302
    assert Installation.current().currency == "EUR"
    bad = client.post("/options/", good | {"currency": "eur", "payment_days": "-1", "level": "x"})
    assert bad.status_code == 422
    assert set(bad.context["form"].errors) == {"currency", "payment_days", "level"}
    assert Installation.current().payment_days == 14


def test_the_first_owner_comes_from_the_command_line(client, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    call_command("add_person", "ana@msp.example", stdout=io.StringIO())
    assert User.objects.get().role == Role.OWNER
    assert log_in(client).url == "/"


def test_the_command_line_can_leave_the_password_to_the_person(client):
    out = io.StringIO()
    call_command("add_person", "ana@msp.example", "--role", "billing", "--link", stdout=out)
    assert "Choose your password" in client.get(out.getvalue().strip(), follow=True).text


@pytest.mark.parametrize(
    ("email", "typed"), [("ana@msp.example", "short"), ("no address", PASSWORD)]
)
def test_the_command_line_refuses_what_the_pages_refuse(monkeypatch, email, typed):
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{typed}\n"))
    with pytest.raises(CommandError):
        call_command("add_person", email, stdout=io.StringIO())
    assert not User.objects.exists()
