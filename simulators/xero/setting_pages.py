"""The pages of one organisation that tell how it is set up: accounts, tax rates, books, apps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..html import Markup, table, tag
from .forms import button_to, form
from .organisation import Organisation

if TYPE_CHECKING:
    from .app import Xero

TYPES = {
    "CURRENT": "Current asset", "CURRLIAB": "Current liability", "DIRECTCOSTS": "Direct costs",
    "OTHERINCOME": "Other income", "TERMLIAB": "Non-current liability",
}  # fmt: skip


def accounts(org: Organisation) -> list[Markup]:
    rows = []
    for doc in org.of("Account"):
        active = doc["Status"] == "ACTIVE"
        verb, word = ("close_account", "Archive") if active else ("open_account", "Restore")
        toggle = button_to(org, word, verb, "accounts", id=doc["Code"])
        own = not doc.get("SystemAccount")
        rows.append(
            [
                doc["Code"],
                doc["Name"],
                TYPES.get(doc["Type"], doc["Type"].capitalize()),
                doc["TaxType"],
                toggle if own else "",
            ]
        )
    return [
        table(["Code", "Name", "Type", "Tax", ""], rows), tag("h2", "Tax rates"),
        table(["Code", "Name", "Rate", "Status"], _taxes(org), numbers=(2,)),
    ]  # fmt: skip


def _taxes(org: Organisation) -> list[list[str]]:
    return [
        [
            doc["TaxType"], doc["Name"], f"{doc['EffectiveRate'].normalize():f} %",
            doc["Status"].capitalize(),
        ]
        for doc in org.of("TaxRate")
    ]  # fmt: skip


def settings(xero: Xero, org: Organisation) -> list[Markup]:
    locked = tag("input", name="value", type="date", value=org.info.get("PeriodLockDate", ""))
    apps = [
        xero.oauth.apps[each.client_id].name
        for each in xero.oauth.connections
        if each.tenant == org.tenant
    ]
    ways = ("lose", "Take the user's rights away") if org.rights else ("regain", "Give rights back")
    return [
        tag("h2", "Books"),
        form(org, "lock", "settings", "Save", tag("label", "Locked through", locked)),
        tag("h2", "Connected apps"),
        tag("p", ", ".join(apps) or "No app is connected."),
        tag(
            "div", button_to(org, "Disconnect the app", "disconnect", "settings") if apps else "",
            button_to(org, ways[1], ways[0], "settings"), class_="together",
        ),
    ]  # fmt: skip
