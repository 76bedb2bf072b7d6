"""Who may do what: one table, read by every page and every endpoint.

A permission names a verb on a noun, `app.verb_noun`, and is asked with `user.has_perm`.
"""

from __future__ import annotations

from django.db import models


class Role(models.TextChoices):
    OWNER = "owner", "Owner"
    BILLING = "billing", "Billing"
    TECHNICIAN = "technician", "Technician"
    BOOKKEEPER = "bookkeeper", "Bookkeeper"
    READ_ONLY = "read-only", "Read-only"


O, B, T, K, R = Role.OWNER, Role.BILLING, Role.TECHNICIAN, Role.BOOKKEEPER, Role.READ_ONLY  # noqa: E741

TABLE: dict[str, frozenset[Role]] = {
    permission: frozenset(roles)
    for permission, roles in {
        # customers
        "customers.view_customer": {O, B, T, K, R},
        "customers.change_customer": {O, B},
        # what things cost
        "contracts.view_catalog": {O, B, K, R},
        "contracts.change_catalog": {O, B},
        "contracts.view_contract": {O, B, K, R},
        "contracts.change_contract": {O, B},
        "contracts.view_prices": {O, B, K, R},
        "contracts.change_usage": {O, B},
        # work
        "contracts.view_ticket": {O, B, T, R},
        "contracts.change_ticket": {O, B, T},
        "contracts.delete_ticket": {O, B},
        "contracts.log_time": {O, B, T},
        "contracts.change_any_time": {O, B},
        "contracts.view_any_time": {O, B, R},
        # invoices
        "invoices.view_invoice": {O, B, K, R},
        "invoices.preview_batch": {O, B, R},
        "invoices.write_batch": {O, B},
        "invoices.bill_early": {O, B},
        "invoices.delete_batch": {O, B},
        "invoices.change_invoice": {O, B},
        "invoices.issue_invoice": {O, B},
        "invoices.renumber_invoice": {O, B},
        "invoices.void_invoice": {O, B},
        "invoices.record_payment": {O, B, K},
        "invoices.download_invoice": {O, B, K, R},
        # look
        "whitelabel.view_branding": {O, B, K, R},
        "whitelabel.change_branding": {O, B},
        # the accounting system
        "accounting.view_connection": {O, B, K, R},
        "accounting.change_connection": {O},
        "accounting.export": {O, B},
        "accounting.answer_finding": {O, B},
        # the installation
        "atera_invoicing.import_data": {O, B},
        "atera_invoicing.change_installation": {O},
        "atera_invoicing.change_user": {O},
        "atera_invoicing.use_api_key": {O, B, T, K, R},
    }.items()
}


def permissions(role: str) -> set[str]:
    """Everything that a role may do."""
    return {permission for permission, roles in TABLE.items() if role in roles}
