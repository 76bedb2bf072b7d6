"""Every kind of record that is simulated, and which rules are its own."""

from __future__ import annotations

from functools import partial

from . import lists, names, payments, records, sales
from . import time_activities as times
from .company import Act, Doc
from .kind import Kind, nothing
from .refusals import business

# QuickBooks knows these too; the simulator refuses them loudly.
OTHERS = frozenset(
    (
        "Attachable", "Bill", "BillPayment", "Budget", "CreditCardPayment", "CustomerType",
        "Deposit", "Entitlements", "Estimate", "InventoryAdjustment", "JournalCode",
        "JournalEntry", "Purchase", "PurchaseOrder", "RecurringTransaction", "RefundReceipt",
        "ReimburseCharge", "Reports", "SalesReceipt", "TaxClassification", "TaxPayment",
        "Transfer", "Upload", "VendorCredit",
    )
)  # fmt: skip


def _settle_invoice(act: Act, before: Doc | None, after: Doc | None) -> None:
    times.settle_time(act, before, after)
    if before is None and after is not None and (payment := payments.apply_credits(act, after)):
        records.create(act, KINDS["Payment"], payment)
    if after is not None and before is not None and after.get("_voided"):
        payments.release(act, "Invoice", after["Id"])


def _check_delete_sale(act: Act, doc: Doc) -> None:
    """A document with payments must be unlinked first."""
    sales.check_period(act, doc)
    if any(link["TxnType"] == "Payment" for link in doc.get("LinkedTxn", [])):
        raise business("This transaction is linked to others. Unlink them before you delete it.")


def _check_delete_payment(act: Act, doc: Doc) -> None:
    sales.check_period(act, doc)
    payments.check_deposited(act, doc)


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "Invoice", "transaction", sales.prepare_invoice, _settle_invoice, _check_delete_sale,
            sales.void_invoice, transaction=True, sendable=True, printable=True,
        ),
        Kind(
            "CreditMemo", "transaction", sales.prepare_credit, nothing, _check_delete_sale,
            transaction=True, printable=True,
        ),
        Kind(
            "Payment", "transaction", payments.prepare_payment, payments.settle_payment,
            _check_delete_payment, payments.void_payment, transaction=True,
        ),
        Kind(
            "TimeActivity", "time", times.prepare_time,
            check_delete=times.check_delete_time, transaction=True,
        ),
        Kind("Customer", "name", names.prepare_customer),
        Kind("Vendor", "name", names.prepare_vendor),
        Kind("Employee", "name", names.prepare_employee),
        Kind("Item", "item", lists.prepare_item),
        Kind("Account", "account", lists.prepare_account),
        Kind("Term", "term", lists.prepare_term),
        Kind("Class", "class", lists.prepare_class),
        Kind("Department", "department", lists.prepare_department),
        Kind("PaymentMethod", "method", partial(lists.prepare_named, "PaymentMethod")),
        Kind("CompanyCurrency", "currency", lists.prepare_currency),
        Kind("TaxAgency", "agency", lists.prepare_agency),
    )
}  # fmt: skip

# Read by clients, written by the tax service or by nobody.
READ_ONLY = frozenset({"TaxCode", "TaxRate", "CompanyInfo", "Preferences", "ExchangeRate"})
BY_PATH = {name.lower(): name for name in (*KINDS, *READ_ONLY, *OTHERS)}
