"""Pages where a person sees the simulated organisations and does what a bookkeeper does."""

from __future__ import annotations

from collections.abc import Callable
from decimal import InvalidOperation
from typing import TYPE_CHECKING, Any

from .. import faults as common
from ..html import Markup, page, table, tag
from ..wire import Request, Response, html_answer, redirect
from . import record_pages
from .keyboard import Person
from .organisation import Organisation
from .refusals import Invalid, Refusal
from .regions import REGIONS

if TYPE_CHECKING:
    from .app import Xero

HOME = "/__sim/xero/"
TITLE = "Xero"
SEE_OTHER = 303
Form = dict[str, str]


def edit_line(person: Person, form: Form) -> Any:
    """Text, quantity, price."""
    changes = {name: form[name] for name in ("description", "quantity", "price") if form.get(name)}
    return person.edit_line(form["id"], int(form["line"]), **changes)


ACTIONS: dict[str, Callable[[Person, Form], Any]] = {
    "invoice": lambda person, form: person.create_invoice(
        form["contact"], form["amount"], number=form.get("number", ""), status=form["status"]
    ),
    "pay": lambda person, form: person.receive_payment(form["id"], form.get("amount") or None),
    "unpay": lambda person, form: person.remove_payment(form["id"]),
    "credit": lambda person, form: person.credit(form["id"], form["amount"]),
    "uncredit": lambda person, form: person.remove_credit(form["id"]),
    "approve": lambda person, form: person.approve(form["id"]),
    "void": lambda person, form: person.void(form["id"]),
    "delete": lambda person, form: person.delete(form["id"]),
    "line": edit_line,
    "change": lambda person, form: person.change_invoice(
        form["id"], **{form["field"]: form["value"]}
    ),
    "contact": lambda person, form: person.create_contact(form["name"], EmailAddress=form["email"]),
    "rename": lambda person, form: person.change_contact(form["id"], Name=form["value"]),
    "archive": lambda person, form: person.archive_contact(form["id"]),
    "restore": lambda person, form: person.restore_contact(form["id"]),
    "item": lambda person, form: person.change_item(form["id"], Name=form["value"]),
    "close_account": lambda person, form: person.archive_account(form["id"]),
    "open_account": lambda person, form: person.restore_account(form["id"]),
    "lock": lambda person, form: person.lock_period(form["value"]),
    "disconnect": lambda person, form: person.disconnect(),
    "lose": lambda person, form: person.lose_rights(),
    "regain": lambda person, form: person.regain_rights(),
}


def answer(xero: Xero, request: Request) -> Response:
    """A page, or an action followed by the page that it came from."""
    path = request.path.removeprefix(HOME.rstrip("/")).strip("/")
    tenant, _, rest = path.partition("/")
    org = xero.organisations.get(tenant)
    with xero.lock:
        if request.method == "POST":
            return _act(xero, org, path, request.form())
        if not path:
            return html_answer(_home(xero))
        if org is None:
            return html_answer(page("Not found", tag("h1", "There is no such organisation")), 404)
        return _show(xero, org, rest)


def _show(xero: Xero, org: Organisation, rest: str) -> Response:
    section, _, id = rest.partition("/")
    trail = ((TITLE, HOME), (org.name, f"{HOME}{org.tenant}/"))
    try:
        title, body = record_pages.content(xero, org, section or "invoices", id)
    except LookupError:
        title, body = "Not found", [tag("p", "There is nothing here any more.")]
    tabs = record_pages.tabs(org, section or "invoices")
    return html_answer(page(title, tag("h1", title), tabs, *body, trail=trail))


def _act(xero: Xero, org: Organisation | None, path: str, form: Form) -> Response:
    back = form.get("back", HOME)
    try:
        if path == "arm":
            assert xero.world  # noqa: S101 - it serves this page
            xero.world.arm(xero.name, form["fault"], on=form["on"], times=int(form["times"] or 1))
        elif path == "add":
            xero.add(form["region"])
        elif org is not None and form.get("verb") in ACTIONS:
            ACTIONS[form["verb"]](Person(xero, org), form)
        else:
            raise ValueError("There is no such action.")
    except (Invalid, Refusal, ValueError, InvalidOperation) as refused:
        said = str(refused).removeprefix("simulated: ")
        return _refusal(said, back)
    except LookupError:
        return _refusal("There is no such record, or the form was not filled in.", back)
    return redirect(back if back.startswith("/__sim/") else HOME, SEE_OTHER)


def _refusal(said: str, back: str) -> Response:
    body = [tag("h1", "Xero says no"), tag("p", said), tag("a", "Back", href=back)]
    return html_answer(page("Refused", *body), 400)


def _home(xero: Xero) -> str:
    cards = [
        tag(
            "li",
            tag("a", org.name, href=f"{HOME}{tenant}/"),
            tag("p", REGIONS[org.region].about),
            tag("small", f"Tenant {tenant}"),
        )
        for tenant, org in xero.organisations.items()
    ]
    keys = [
        [app.name, app.client_id, app.client_secret, ", ".join(app.redirect_uris) or "none"]
        for app in xero.oauth.apps.values()
    ]
    regions = [tag("option", region.about, value=name) for name, region in REGIONS.items()]
    body = [
        tag("h1", TITLE), tag("ul", *cards, class_="cards"),
        tag(
            "form", tag("label", "Another organisation", tag("select", *regions, name="region")),
            tag("button", "Add"), method="post", action=f"{HOME}add", class_="row",
        ),
        tag("h2", "Apps that may connect"),
        table(["Name", "Client id", "Secret", "Leads back to"], keys),
        tag("h2", "Let something go wrong"), _arming(xero),
        tag("h2", "Usage"), _usage(xero),
    ]  # fmt: skip
    return page(TITLE, *body)


def _usage(xero: Xero) -> Markup:
    usage = xero.handle.usage()
    rows = [
        [xero.organisations[tenant].name, str(count), str(xero.limits.daily)]
        for tenant, count in usage["calls"].items()
        if tenant in xero.organisations
    ]
    broken = sum(usage["violations"].values())
    note = tag("p", f"{broken} requests were over a limit." if broken else "No limit was hit.")
    if not rows:
        return note
    heads = ["Organisation", "Calls", "Allowed a day"]
    return tag("div", table(heads, rows, numbers=(1, 2)), note)


def _arming(xero: Xero) -> Markup:
    """A form that arms a fault for the next requests."""
    known = {**common.COMMON, **xero.faults}
    choices = [tag("option", f"{name}: {known[name].about}", value=name) for name in sorted(known)]
    kinds = [tag("option", name) for name in (*common.KINDS, "any")]
    armed = xero.world.faults.rules if xero.world else []
    waiting = [
        f"{rule.name} on {rule.on}"
        for rule in armed
        if rule.app == xero.name and rule.hits < (rule.times or 1)
    ]
    form = tag(
        "form",
        tag("label", "Fault", tag("select", *choices, name="fault")),
        tag("label", "On", tag("select", *kinds, name="on")),
        tag("label", "Times", tag("input", name="times", type="number", value=1, min=1)),
        tag("button", "Arm"), method="post", action=f"{HOME}arm", class_="row",
    )  # fmt: skip
    return tag(
        "div", form, tag("p", f"Armed: {', '.join(waiting)}" if waiting else "Nothing is armed.")
    )
