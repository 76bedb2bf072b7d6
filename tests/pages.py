"""What the tests of every app's pages share: who may open a page, and text that means harm."""

from __future__ import annotations

from typing import Any

from django.test import Client

from atera_invoicing.roles import TABLE, Role

ROLES = [*Role.values, "anonymous"]
HOSTILE = "<script>alert(1)</script>{{ 7|add:7 }}{% debug %} 😀"
INERT = "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7|add:7 }}{% debug %} 😀"


def check_role(client: Client, role: str, url: str, permission: str) -> None:
    """200 for the roles of the permission, 403 for the others, the log-in for strangers."""
    response = client.get(url)
    if role == "anonymous":
        assert response.status_code == 302
        assert response.url.startswith("/accounts/login/?next=")
        return
    assert response.status_code == (200 if role in TABLE[permission] else 403)


def refused(response: Any, words: str, status: int = 422) -> None:
    """The form came back with this sentence."""
    assert response.status_code == status, response.status_code
    assert words in response.text, response.context["form"].errors.as_text()


def rates(*rows: dict[str, Any], known: int = 0) -> dict[str, Any]:
    """The rows of a formset as a browser sends them."""
    sent = {"form-TOTAL_FORMS": len(rows), "form-INITIAL_FORMS": known}
    for number, row in enumerate(rows):
        sent |= {f"form-{number}-{name}": value for name, value in row.items()}
    return sent
