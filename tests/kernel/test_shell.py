"""What surrounds the pages: navigation by role, brand, colours, and the content policy kept."""

from __future__ import annotations

import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone

from atera_invoicing import charts, colors
from atera_invoicing.models import User
from atera_invoicing.overview import _by_month
from atera_invoicing.roles import TABLE, Role
from atera_invoicing.templatetags import ui
from tests import make
from whitelabel.models import Branding

ROOT = Path(__file__).parents[2]
TEMPLATES = [
    path
    for path in sorted(ROOT.glob("templates/**/*.html"))
    if "invoices/_paper" not in str(path) and "invoices/paper" not in str(path)  # print, not pages
]

OWN = {  # address -> the permission that it needs; None: any log-in
    "/": None,
    "/profile/": None,
    "/accounts/2fa/": None,
    "/accounts/sessions/": None,
    "/keys/": "atera_invoicing.use_api_key",
    "/keys/new/": "atera_invoicing.use_api_key",
    "/team/": "atera_invoicing.change_user",
    "/team/new/": "atera_invoicing.change_user",
    "/team/{user}/": "atera_invoicing.change_user",
    "/team/{user}/link/": "atera_invoicing.change_user",
    "/team/{user}/deactivate/": "atera_invoicing.change_user",
    "/team/{user}/activate/": "atera_invoicing.change_user",
    "/options/": "atera_invoicing.change_installation",
}


@pytest.mark.django_db
@pytest.mark.parametrize("role", [*Role.values, "anonymous"])
@pytest.mark.parametrize("address", OWN)
def test_each_role_sees_what_the_table_says(client_as, role, address):
    permission = OWN[address]
    client = client_as(role)
    person = make.user()
    response = client.get(address.format(user=person.pk))
    if role == "anonymous":
        assert response.url.startswith("/accounts/login/?next=")
    else:
        allowed = permission is None or role in TABLE[permission]
        assert response.status_code == (200 if allowed else 403)


@pytest.mark.django_db
@pytest.mark.parametrize("role", [role for role in Role.values if role != Role.OWNER])
@pytest.mark.parametrize("act", ["", "link/", "deactivate/", "activate/"])
def test_only_owners_change_people(client_as, role, act):
    person = make.user()
    data = {"email": person.email, "role": "owner"}
    assert client_as(role).post(f"/team/{person.pk}/{act}", data).status_code == 403
    assert User.objects.get(pk=person.pk).role == Role.BILLING


@pytest.mark.django_db
def test_the_navigation_offers_what_the_role_may_open(client_as):
    def labels(role):
        groups = client_as(role).get("/profile/").context["shell"]["nav"]
        return {entry.label for group in groups for entry in group.entries}

    assert {"Overview", "Team", "Options"} <= labels("owner")
    assert labels("technician").isdisjoint(
        {"Contracts", "Catalogue", "Invoices", "Batches", "Whitelabel", "Team", "Options"}
    )


@pytest.mark.django_db
def test_the_present_page_is_marked_once(client_as):
    text = client_as("owner").get("/team/new/").text
    assert text.count('aria-current="page"') == 1
    assert re.search(r'href="/team/" aria-current="page"', text)


@pytest.mark.django_db
def test_brand_and_company_of_whitelabel_are_on_every_page(client):
    Branding.objects.create(
        color="#ffdd00", company_name="Bright & Co", created_at=make.at("2026-10-01")
    )
    text = client.get("/accounts/login/").text
    assert "--brand: #ffdd00; --on-brand: #12141a;" in text
    assert "Bright &amp; Co" in text


@pytest.mark.parametrize(
    "color", ["#ffffff", "#000000", "#ffdd00", "#1f5eff", "#ff0000", "#00ff88", "#808080"]
)
def test_any_brand_colour_stays_readable(color):
    brand = colors.brand(color)
    assert colors.contrast(brand.on_fill, brand.fill) >= colors.AA
    assert colors.contrast(brand.on_light, colors.LIGHT) >= colors.AA
    assert colors.contrast(brand.on_dark, colors.DARK) >= colors.AA


def test_contrast_is_the_one_of_wcag():
    assert colors.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert colors.contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


def test_the_tokens_are_readable_in_light_and_dark():
    """Text colours on the grounds they stand on, as WCAG AA asks."""
    css = (ROOT / "atera_invoicing/static/css/tokens.css").read_text()
    found = dict(re.findall(r"--([a-z-]+): light-dark\((#\w{6}, #\w{6})\);", css))
    tokens = {name: pair.split(", ") for name, pair in found.items()}
    grounds = ("canvas", "rail", "surface", "raised", "sunken", "hover")
    pairs = [(ink, g) for ink in ("ink", "ink-soft", "ink-faint") for g in grounds]
    pairs += [(t, f"{t}-soft") for t in ("ok", "warn", "bad", "info", "violet", "calm")]
    bad = [
        (ink, ground, mode)
        for ink, ground in pairs
        for mode in (0, 1)
        if colors.contrast(tokens[ink][mode], tokens[ground][mode]) < colors.AA
    ]
    assert bad == []


@pytest.mark.django_db
@pytest.mark.parametrize("choice", ["light", "dark", "auto"])
def test_the_chosen_colours_are_kept(client_as, choice):
    client = client_as("owner")
    assert client.post("/theme/", {"theme": choice, "next": "/profile/"}).url == "/profile/"
    assert f'data-theme="{choice}"' in client.get("/profile/").text


@pytest.mark.django_db
def test_an_invented_theme_is_ignored(client_as):
    client = client_as("owner")
    client.cookies["theme"] = '"><script>'
    assert 'data-theme="auto"' in client.get("/profile/").text


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_templates_keep_the_content_policy(path):
    """No inline styles, handlers or scripts, and nothing from other hosts."""
    text = path.read_text()
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"\son[a-z]+\s*=", text)
    assert not re.search(r"<(script(?![^>]*(nonce|src)=)|style(?![^>]*nonce=))", text)
    assert not re.search(r"""(src|href|action)\s*=\s*["']?(https?:)?//""", text)
    assert "javascript:" not in text
    assert "|safe" not in text.replace("field.help_text|safe", "")


def test_stylesheet_and_script_load_nothing_from_elsewhere():
    for path in (ROOT / "atera_invoicing/static").rglob("*.*s"):
        assert not re.search(r"(https?:)?//\w+\.", path.read_text()), path
    script = (ROOT / "atera_invoicing/static/app.js").read_text()
    assert len(script.splitlines()) < 60
    assert not re.search(r"\beval\(|new Function|\.style\b", script)


def test_the_typeface_is_found_under_the_name_that_the_stylesheet_asks_for():
    css = (ROOT / "atera_invoicing/static/css/tokens.css").read_text()
    names = re.findall(r'url\("\.\./([^"]+\.ttf)"\)', css)
    assert len(names) == 2
    assert all(finders.find(unquote(name)) for name in names)


def test_static_files_are_collected_with_hashes_and_the_typeface_with_them(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {
        "default": settings.STORAGES["default"],
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
    }
    others = ["drf_spectacular_sidecar", "rest_framework", "django_htmx", "account", "mfa"]
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=others)
    css = next((tmp_path / "css").glob("tokens.*.css")).read_text()
    name = unquote(re.search(r'url\("\.\./fonts/inter/(Inter[^"]*?)"\)', css)[1])
    assert re.search(r"\.[0-9a-f]{12}\.ttf$", name)
    assert (tmp_path / "fonts/inter" / name).exists()


PRODUCTION = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "k" * 60,
    "ALLOWED_HOSTS": "billing.msp.example",
}


def _manage(*words, **environment):
    clean = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=clean | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS"),
        ({"DEBUG": "1"}, "DEBUG"),
    ],
)
def test_production_refuses_to_start_with_unsafe_settings(tmp_path, change, reason):
    run = _manage("check", **PRODUCTION | {"DATA_DIR": str(tmp_path)} | change)
    assert run.returncode != 0
    assert reason in run.stderr


def test_production_starts_with_safe_settings_and_safe_cookies(tmp_path):
    code = (
        "from django.conf import settings as s;"
        "print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_SECURE,"
        "s.CSRF_COOKIE_SECURE, s.SECURE_SSL_REDIRECT, s.SECURE_HSTS_SECONDS)"
    )
    run = _manage("shell", "-v0", "-c", code, **PRODUCTION | {"DATA_DIR": str(tmp_path)})
    assert run.stdout.split() == [
        "__Host-session",
        "__Host-csrf",
        "True",
        "True",
        "True",
        "31536000",
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{{ x|money }}", "1,234.50"),
        ("{{ x|money:'USD' }}", "$1,234.50"),
        ("{{ x|money:'CHF' }}", "CHF\u00a01,234.50"),
        ("{{ minus|money:'EUR' }}", "\u2212€0.01"),
        ("{{ tiny|money }}", "0.00"),
        ("{{ none|money }}", ""),
        ("{{ fine|price }}", "0.0125"),
        ("{{ x|price }}", "1,234.50"),
        ("{{ big|quantity }}", "12,000"),
        ("{{ fine|quantity }}", "0.0125"),
        ("{{ x|hours }}", "1,234.50\u00a0h"),
        ("{{ 90|duration }}", "1\u00a0h 30\u00a0min"),
        ("{{ 0|duration }}", "0\u00a0min"),
        ("{{ 120|duration }}", "2\u00a0h"),
        ("{{ x|percent }}", "1,234.5\u00a0%"),
        ("{{ date|day }}", "5 Oct 2026"),
        ("{{ moment|moment }}", "5 Oct 2026, 14:30"),
        ("{% period date end %}", "5 – 31 Oct 2026"),
        ("{% period date far %}", "5 Oct 2026 – 1 Jan 2027"),
        ("{{ 'Ana Maria Ruiz'|initials }}", "AM"),
        ("{% pill 'partially_paid' %}", '<span class="pill warn">Partially paid</span>'),
        ("{% pill 'writing' %}", '<span class="pill info busy">Writing</span>'),
        ("{% pill 'ok' evil %}", '<span class="pill ok">&lt;b&gt;</span>'),
    ],
)
def test_figures_and_dates_are_written_for_people(text, shown):
    facts = {
        "x": Decimal("1234.5000"),
        "minus": Decimal("-0.005"),
        "tiny": Decimal("-0.004"),
        "fine": Decimal("0.0125"),
        "big": Decimal("12000.0000"),
        "none": None,
        "evil": "<b>",
        "date": make.day("2026-10-05"),
        "end": make.day("2026-10-31"),
        "far": make.day("2027-01-01"),
        "moment": make.at("2026-10-05", "14:30"),
    }
    assert Template(text).render(Context(facts)) == shown


def test_every_state_of_the_product_has_a_tone():
    from contracts.models import Ticket
    from invoices.models import Batch, BatchPart, Status

    states = {*Status.values, *Ticket.Status.values, *Batch.State.values, *BatchPart.State.values}
    assert states <= set(ui.TONE_OF)


def test_asking_for_an_unknown_permission_is_loud():
    request = RequestFactory().get("/")
    request.user = User(role=Role.OWNER)
    with pytest.raises(KeyError):
        ui.can({"request": request}, "invoices.fly")


def test_the_highest_column_fills_the_chart_and_nothing_hangs_below():
    one, two, three = charts.columns(
        [("Jan", Decimal(50)), ("Feb", Decimal(100)), ("Mar", Decimal(-5))]
    )
    assert (one.high, two.high, three.high) == (77, 154, 0)
    assert two.top == charts.HEAD
    assert charts.columns([("Jan", Decimal(0))])[0].high == 0


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("125.0000", "125"), ("187.5000", "187.50"), ("0.3475", "0.3475"), ("-2.10", "-2.10"),
        ("0.0000", "0"), ("100", "100"), ("ten", "ten"), ("1.2.3", "1.2.3"), ("", ""), (".5", ".5"),
    ],
)  # fmt: skip
def test_a_number_stands_in_its_field_as_a_person_would_type_it(stored, shown):
    assert ui.typed(stored) == shown


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
         " Chrome/126.0 Safari/537.36 Edg/126.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15"
         " (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
         "Firefox on Linux"),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36",
         "Chrome on Android"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "Unknown"),
    ],
)  # fmt: skip
def test_a_session_names_its_browser_as_people_do(agent, words):
    assert ui.browser(agent) == words


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", ""), ("-5", ""), ("625.68", "626"), ("999.4", "999"), ("1000", "1k"),
        ("1249.99", "1.2k"), ("48290.99", "48.3k"), ("100000", "100k"), ("1234567.89", "1.2M"),
    ],
)  # fmt: skip
def test_an_amount_above_a_column_takes_a_few_characters(amount, words):
    assert charts.columns([("Jan", Decimal(amount))])[0].short == words


def test_the_months_before_the_first_invoice_are_not_drawn():
    empty = [(str(month), Decimal(0)) for month in range(12)]
    assert len(charts.without_beginning(empty)) == 6
    assert (
        charts.without_beginning([*empty[:3], *[("x", Decimal(1))] * 9]) == [("x", Decimal(1))] * 9
    )
    assert len(charts.without_beginning([*empty[:11], ("x", Decimal(1))])) == 6
    assert charts.without_beginning([("x", Decimal(1)), *empty[:11]])[0] == ("x", Decimal(1))


@pytest.mark.django_db
def test_charts_draw_without_style_attributes():
    text = Template("{% bars points name %}{% sparkline values %}").render(
        Context(
            {"name": "<Paid>", "points": [("Jan", Decimal(5))], "values": [Decimal(1), Decimal(3)]}
        )
    )
    assert "style=" not in text
    assert "&lt;Paid&gt;" in text
    assert 'd="M0.0 22.0L96.0 2.0"' in text


@pytest.mark.django_db
def test_the_year_of_the_chart_ends_with_this_month():
    months = " ".join(label for label, _ in _by_month(make.day("2026-03-01")))
    assert months == "Apr May Jun Jul Aug Sep Oct Nov Dec Jan Feb Mar"


@pytest.mark.django_db
def test_an_empty_installation_says_what_to_do_first(client_as):
    text = client_as("owner").get("/").text
    assert "Getting started" in text
    assert "Add customers" in text


@pytest.mark.django_db
def test_a_technician_sees_own_time_and_no_money(client_as):
    client = client_as("technician")
    me = User.objects.get()
    ticket = make.ticket(make.hourly(price="123.45"), title="Printer on fire")
    today = timezone.localdate().isoformat()
    make.entry(ticket, 90, today, technician=me)
    make.entry(ticket, 60, today, technician=make.user(Role.TECHNICIAN))
    text = client.get("/").text
    assert "Printer on fire" in text
    assert "1\u00a0h 30\u00a0min" in text
    assert "2\u00a0h 30\u00a0min" not in text
    assert "123.45" not in text
    assert "Unpaid" not in text
