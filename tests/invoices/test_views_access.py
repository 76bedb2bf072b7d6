"""Who may open which page of invoices and batches: one table, every role."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from atera_invoicing.roles import TABLE, Role
from invoices import paying
from invoices.models import Batch, Payment
from invoices.urls import urlpatterns
from tests import make
from tests.invoices import web

PAGES = {
    "list": "invoices.view_invoice",
    "look-preview": "whitelabel.view_branding",
    "export": "invoices.download_invoice",
    "new": "invoices.change_invoice",
    "new-totals": "invoices.change_invoice",
    "detail": "invoices.view_invoice",
    "pdf": "invoices.download_invoice",
    "edit": "invoices.change_invoice",
    "edit-totals": "invoices.change_invoice",
    "issue": "invoices.issue_invoice",
    "renumber": "invoices.renumber_invoice",
    "void": "invoices.void_invoice",
    "delete": "invoices.change_invoice",
    "email": "invoices.change_invoice",
    "payment-new": "invoices.record_payment",
    "payment-remove": "invoices.record_payment",
    "download": "invoices.download_invoice",
    "download-file": "invoices.download_invoice",
    "batches": "invoices.preview_batch",
    "batch-new": "invoices.preview_batch",
    "batch-panel": "invoices.preview_batch",
    "batch-row": "invoices.preview_batch",
    "batch-preview": "invoices.preview_batch",
    "batch": "invoices.preview_batch",
    "batch-progress": "invoices.preview_batch",
    "batch-issue": "invoices.issue_invoice",
    "batch-delete": "invoices.delete_batch",
    "batch-download": "invoices.download_invoice",
}
ALONE = (
    "list",
    "look-preview",
    "export",
    "new",
    "new-totals",
    "batches",
    "batch-new",
    "batch-panel",
)
ELSEWHERE = {  # asked without what they are for, they lead back; a file is its owner's alone
    "batch-panel": 302, "batch-row": 302, "batch-download": 302, "download": 404,
    "download-file": 404,
}  # fmt: skip


def address(page: str) -> str:
    """The page of a row that exists."""
    if page in ALONE:
        return reverse(f"invoices:{page}")
    if page in ("batch-preview", "batch-row"):
        return reverse(f"invoices:{page}", args=[make.hourly().pk])
    if page == "payment-remove":
        return reverse(f"invoices:{page}", args=[payment().pk])
    row = web.batch() if page.startswith("batch") else web.draft()
    kind = ["pdf"] if page == "batch-download" else []
    return reverse(f"invoices:{page}", args=[row.pk, *kind])


def payment() -> Payment:
    return paying.record(
        web.issued(), amount=Decimal(40), received_on=make.day("2026-11-12"), by=None,
        now=timezone.now(),
    )  # fmt: skip


def test_no_page_is_missing_in_the_table():
    assert set(PAGES) == {pattern.name for pattern in urlpatterns}


@pytest.mark.parametrize("role", Role.values)
@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_for_the_roles_of_the_table_only(client_as, page, role):
    answer = client_as(role).get(address(page))
    allowed = role in TABLE[PAGES[page]]
    assert answer.status_code == (ELSEWHERE.get(page, 200) if allowed else 403)


@pytest.mark.parametrize("page", PAGES)
def test_nobody_sees_a_page_without_logging_in(client_as, page):
    answer = client_as("anonymous").get(address(page))
    assert answer.status_code == 302
    assert answer.url.startswith("/accounts/login/")


@pytest.mark.parametrize("page", ["detail", "edit", "issue", "void", "delete", "email", "pdf"])
def test_an_unknown_invoice_is_not_found(client_as, page):
    answer = client_as("owner").get(f"/invoices/987654/{'' if page == 'detail' else page + '/'}")
    assert answer.status_code == 404


@pytest.mark.parametrize("role", Role.values)
def test_ticking_needs_the_permission_to_preview(client_as, role):
    contract = make.retainer(start_date="2026-10-01", end_date="2026-10-31")
    form, client = web.batch_form(contract), client_as(role)
    allowed = 200 if role in TABLE["invoices.preview_batch"] else 403
    row = reverse("invoices:batch-row", args=[contract.pk])
    preview = reverse("invoices:batch-preview", args=[contract.pk])
    for url in (reverse("invoices:batch-panel"), row, preview):
        assert client.post(url, form).status_code == allowed


def test_who_may_only_look_cannot_save_a_batch(client_as):
    make.retainer(start_date="2026-10-01", end_date="2026-10-31")
    answer = client_as("read-only").post(reverse("invoices:batch-new"), web.batch_form(save="1"))
    assert answer.status_code == 403
    assert not Batch.objects.exists()


def test_bulk_issue_needs_the_permission(client_as):
    draft = web.draft()
    form = {"action": "issue", "selected": draft.pk}
    assert client_as("bookkeeper").post(reverse("invoices:list"), form).status_code == 403
    draft.refresh_from_db()
    assert draft.is_draft


@pytest.mark.parametrize("role", Role.values)
def test_sums_of_a_form_are_for_those_who_may_send_it(client_as, role):
    client = client_as(role)
    for page in ("new-totals", "edit-totals"):
        status = client.post(address(page), web.line_form({"description": "x"})).status_code
        assert status == (200 if role in TABLE["invoices.change_invoice"] else 403)
