"""Pages where a person sees the simulated companies and does what a bookkeeper does."""

from __future__ import annotations

from collections.abc import Callable
from decimal import InvalidOperation
from typing import TYPE_CHECKING, Any

from .. import faults as common
from ..html import Markup, page, table, tag
from ..wire import Request, Response, html_answer, redirect
from . import record_pages
from .company import Company
from .keyboard import Person
from .refusals import Refused
from .scenarios import SCENARIOS

if TYPE_CHECKING:
    from .app import QuickBooks

HOME = "/__sim/qbo/"
TITLE = "QuickBooks Online"
SEE_OTHER = 303
Form = dict[str, str]


def edit_line(person: Person, form: Form) -> Any:
    """Quantity and price, or the amount alone."""
    details = {name: form[name] for name in ("quantity", "price") if form.get(name)}
    amount = None if len(details) == len(("quantity", "price")) else form.get("amount") or None
    if amount is not None:
        details = {}
    return person.edit_line(
        form["id"], form["line"], amount=amount, description=form.get("description"), **details
    )


ACTIONS: dict[str, Callable[[Person, Form], Any]] = {
    "pay": lambda person, form: person.receive_payment(form["id"], form.get("amount") or None),
    "unpay": lambda person, form: person.remove_payment(form["id"]),
    "void": lambda person, form: person.void(form["kind"], form["id"]),
    "delete": lambda person, form: person.delete(form["kind"], form["id"]),
    "line": edit_line,
    "change": lambda person, form: person.change(
        form["kind"], form["id"], **{form["field"]: form["value"]}
    ),
    "rename": lambda person, form: person.rename(form["kind"], form["id"], form["value"]),
    "deactivate": lambda person, form: person.deactivate(form["kind"], form["id"]),
    "reactivate": lambda person, form: person.reactivate(form["kind"], form["id"]),
    "invoice": lambda person, form: person.create_invoice(
        form["customer"], form["amount"], item=form["item"], number=form.get("number", "")
    ),
    "prefer": lambda person, form: person.prefer(
        form["group"], **{form["name"]: form["value"] == "true"}
    ),
    "close": lambda person, form: person.close_books(form["value"]),
    "disconnect": lambda person, form: person.disconnect(),
    "expire": lambda person, form: person.let_subscription_end(),
    "renew": lambda person, form: person.renew_subscription(),
}


def answer(qbo: QuickBooks, request: Request) -> Response:
    """A page, or an action followed by the page that it came from."""
    path = request.path.removeprefix(HOME.rstrip("/")).strip("/")
    realm, _, rest = path.partition("/")
    company = qbo.companies.get(realm)
    with qbo.lock:
        if request.method == "POST":
            return _act(qbo, company, path, request.form())
        if not path:
            return html_answer(_home(qbo))
        if company is None:
            return html_answer(page("Not found", tag("h1", "There is no such company")), 404)
        return _show(company, rest)


def _show(company: Company, rest: str) -> Response:
    section, _, id = rest.partition("/")
    trail = ((TITLE, HOME), (company.name, f"{HOME}{company.realm}/"))
    try:
        title, body = record_pages.content(company, section or "invoices", id)
    except Refused:
        title, body = "Not found", [tag("p", "There is nothing here any more.")]
    tabs = record_pages.tabs(company, section or "invoices")
    return html_answer(page(title, tag("h1", title), tabs, *body, trail=trail))


def _act(qbo: QuickBooks, company: Company | None, path: str, form: Form) -> Response:
    back = form.get("back", HOME)
    try:
        if path == "arm":
            assert qbo.world  # noqa: S101 - it serves this page
            qbo.world.arm(qbo.name, form["fault"], on=form["on"], times=int(form["times"] or 1))
        elif company is not None and form.get("verb") in ACTIONS:
            ACTIONS[form["verb"]](Person(qbo, company), form)
        else:
            raise ValueError("There is no such action.")
    except (Refused, ValueError, InvalidOperation, KeyError) as refused:
        said = refused.reasons[0][1] if isinstance(refused, Refused) else str(refused)
        body = [tag("h1", "QuickBooks says no"), tag("p", said), tag("a", "Back", href=back)]
        return html_answer(page("Refused", *body), 400)
    return redirect(back if back.startswith("/__sim/") else HOME, SEE_OTHER)


def _home(qbo: QuickBooks) -> str:
    cards = [
        tag(
            "li",
            tag("a", company.name, href=f"{HOME}{realm}/"),
            tag("p", SCENARIOS[company.scenario].about),
            tag("small", f"Realm {realm}"),
        )
        for realm, company in qbo.companies.items()
    ]
    keys = [[app.client_id, app.client_secret, ", ".join(app.redirect_uris) or "none"]
            for app in qbo.oauth.apps.values()]  # fmt: skip
    usage = qbo.handle.usage()
    body = [
        tag("h1", TITLE), tag("ul", *cards, class_="cards"),
        tag("h2", "Apps that may connect"), table(["Client id", "Secret", "Leads back to"], keys),
        tag("h2", "Let something go wrong"), _arming(qbo),
        tag("h2", "Usage"),
        table(["What", "How often"], [
            ["Metered reads", str(sum(usage["reads"].values()))],
            ["Writes", str(sum(usage["writes"].values()))],
            ["Requests over a limit", str(sum(usage["violations"].values()))],
        ], numbers=(1,)),
    ]  # fmt: skip
    return page(TITLE, *body)


def _arming(qbo: QuickBooks) -> Markup:
    """A form that arms a fault for the next requests."""
    known = {**common.COMMON, **qbo.faults}
    choices = [tag("option", f"{name}: {known[name].about}", value=name) for name in sorted(known)]
    kinds = [tag("option", name) for name in (*common.KINDS, "any")]
    armed = qbo.world.faults.rules if qbo.world else []
    waiting = [f"{rule.name} on {rule.on}" for rule in armed if rule.hits < (rule.times or 1)]
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
