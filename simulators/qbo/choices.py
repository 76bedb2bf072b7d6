"""The values that a field of few values may have, and the fields by which records are found."""

# ruff: noqa: E501 - the tables below read better in one piece

from __future__ import annotations

CHOICES: dict[str, tuple[str, ...]] = {
    "EmailStatusEnum": ("NotSet", "NeedToSend", "EmailSent"),
    "PrintStatusEnum": ("NotSet", "NeedToPrint", "PrintComplete"),
    "GlobalTaxCalculationEnum": ("TaxExcluded", "TaxInclusive", "NotApplicable"),
    "LineDetailTypeEnum": (
        "SalesItemLineDetail", "DescriptionOnly", "DiscountLineDetail", "SubTotalLineDetail",
        "GroupLineDetail", "TaxLineDetail", "PaymentLineDetail", "ItemBasedExpenseLineDetail",
        "AccountBasedExpenseLineDetail", "DepositLineDetail", "PurchaseOrderItemLineDetail",
        "ItemReceiptLineDetail", "JournalEntryLineDetail", "SalesOrderItemLineDetail",
        "TDSLineDetail", "ReimburseLineDetail", "ItemAdjustmentLineDetail",
    ),
    "ItemTypeEnum": (
        "Service", "NonInventory", "Inventory", "Category", "Group", "Bundle", "Assembly",
        "Fixed Asset", "Other Charge", "Payment", "Subtotal", "Discount", "Tax", "Tax Group",
    ),
    "AccountTypeEnum": (
        "Bank", "Accounts Receivable", "Other Current Asset", "Fixed Asset", "Other Asset",
        "Accounts Payable", "Credit Card", "Other Current Liability", "Long Term Liability",
        "Equity", "Income", "Cost of Goods Sold", "Expense", "Other Income", "Other Expense",
        "Non-Posting",
    ),
    "AccountClassificationEnum": ("Asset", "Equity", "Expense", "Liability", "Revenue"),
    "BillableStatusEnum": ("Billable", "NotBillable", "HasBeenBilled"),
    "TimeActivityTypeEnum": ("Employee", "Vendor", "Other"),
    "CustomFieldTypeEnum": ("StringType", "BooleanType", "NumberType", "DateType"),
    "TaxReviewStatusEnum": ("NON_AST_TAX", "AST_TAX_OVERRIDE"),
    "TaxTypeApplicablityEnum": ("TaxOnAmount", "TaxOnAmountPlusTax", "TaxOnTax"),
    "GTMConfigTypeEnum": ("SYSTEM_GENERATED", "USER_DEFINED", "SCRA_DEFINED", "HIDDEN_AGENCY"),
    "SpecialTaxTypeEnum": (
        "NONE", "ZERO_RATE", "FOREIGN_TAX", "REVERSE_CHARGE", "ADJUSTMENT_RATE",
    ),
    "TaxRateDisplayTypeEnum": (
        "ReadOnly", "HideInTransactionForms", "HideInPrintedForms", "HideInAll",
    ),
    "DeliveryTypeEnum": ("Email", "Tradeshift"),
    "DeliveryErrorTypeEnum": (
        "Missing Info", "Undeliverable", "Delivery Server Down", "Bounced Email",
    ),
    "EntityStatusEnum": (
        "Deleted", "Voided", "Draft", "Pending", "InTransit", "Synchronized", "SyncError",
    ),
    "ETransactionStatusEnum": (
        "Sent", "Viewed", "Paid", "Delivered", "Delivery Error", "Updated", "Error", "Accepted",
        "Rejected", "Sent With ICN Error", "Disputed",
    ),
    "gender": ("Male", "Female"),
}  # fmt: skip

# Fields by which records can be found and ordered in a query. All can be found by Id and by times.
_TIMES = "Id MetaData.CreateTime MetaData.LastUpdatedTime"
FILTERS: dict[str, frozenset[str]] = {
    kind: frozenset(f"{_TIMES} {words}".split())
    for kind, words in {
        "Invoice": "DocNumber TxnDate DueDate CustomerRef Balance TotalAmt SalesTermRef ProjectRef",
        "CreditMemo": "DocNumber TxnDate CustomerRef Balance TotalAmt ProjectRef",
        "Payment": "TxnDate CustomerRef TotalAmt UnappliedAmt PaymentRefNum PaymentMethodRef ProjectRef",
        "TimeActivity": "TxnDate BillableStatus ProjectRef",
        "Customer": "DisplayName GivenName MiddleName FamilyName Title Suffix CompanyName "
        "FullyQualifiedName PrintOnCheckName PrimaryEmailAddr PrimaryPhone Active Job Taxable Balance "
        "ParentRef IsProject",
        "Vendor": "DisplayName GivenName FamilyName CompanyName PrintOnCheckName PrimaryEmailAddr Active "
        "Balance",
        "Employee": "DisplayName GivenName FamilyName PrintOnCheckName PrimaryEmailAddr Active",
        "Item": "Name FullyQualifiedName Type Active Sku UnitPrice Taxable Description SubItem ParentRef",
        "Account": "Name FullyQualifiedName AccountType AccountSubType Classification AcctNum Active "
        "SubAccount ParentRef",
        "Term": "Name Active Type DueDays",
        "Class": "Name FullyQualifiedName Active SubClass ParentRef",
        "Department": "Name FullyQualifiedName Active SubDepartment ParentRef",
        "PaymentMethod": "Name Active Type",
        "CompanyCurrency": "Code Name Active",
        "ExchangeRate": "SourceCurrencyCode AsOfDate",
        "TaxAgency": "DisplayName",
        "TaxCode": "Name Active Taxable TaxGroup Hidden",
        "TaxRate": "Name Active RateValue",
        "CompanyInfo": "",
        "Preferences": "",
    }.items()
}
