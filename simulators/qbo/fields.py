"""Which fields QuickBooks Online knows, by type. Names and types follow Intuit's published schemas
(Finance.xsd, Apache-2.0); lengths follow its API reference.

Notation: `Name`, `Name<=21` (most characters), `Name:Type`, and `Name!` for what the server sets, whatever was
sent. `refused` are fields that QuickBooks knows and this simulator does not: using one is refused loudly.
"""

# ruff: noqa: E501 - the tables below read better in one piece

from __future__ import annotations

import re
from dataclasses import dataclass

PLAIN = ("text", "number", "whole", "flag", "day", "moment", "ref")
_WORD = re.compile(r"(?P<name>\w+)(?::(?P<type>\w+))?(?:<=(?P<most>\d+))?(?P<server>!)?")


@dataclass(frozen=True)
class Field:
    """One field: a plain type of `PLAIN`, a choice of `choices.CHOICES`, or a type of `TYPES`."""

    type: str
    many: bool = False
    most: int | None = None
    server: bool = False
    refused: bool = False


def _type(refused: str = "", **groups: str) -> dict[str, Field]:
    """Fields from words, grouped by plain type, or under `part`, `list` and `choice` with a type each."""
    fields = {name: Field("text", refused=True) for name in refused.split()}
    for group, words in groups.items():
        for word in words.split():
            found = _WORD.fullmatch(word)
            assert found, word  # noqa: S101 - a slip in the tables below
            most = int(found["most"]) if found["most"] else None
            fields[found["name"]] = Field(
                found["type"] or group, group == "list", most, bool(found["server"])
            )
    return fields


_RECORD = {
    "text": "Id SyncToken domain!", "flag": "sparse", "part": "MetaData:ModificationMetaData!",
    "choice": "status:EntityStatusEnum!",
}  # fmt: skip


def _record(refused: str = "", **groups: str) -> dict[str, Field]:
    """A type that has an identity and versions."""
    groups = {
        name: f"{groups.get(name, '')} {_RECORD.get(name, '')}" for name in {*groups, *_RECORD}
    }
    return _type(refused, **groups)


_SALE = {
    "text": "DocNumber<=21 PrivateNote<=4000 TrackingNum FOB<=15 PONumber<=15 TransactionLocationType "
    "PaymentRefNum TxnSource",
    "number": "ExchangeRate Balance! TotalAmt! HomeBalance! HomeTotalAmt! HomeTotalCostAmount! "
    "TotalCostAmount!",
    "flag": "ApplyTaxAfterDiscount AutoDocNumber FreeFormAddress!",
    "day": "TxnDate DueDate ShipDate",
    "ref": "CustomerRef CurrencyRef SalesTermRef ClassRef DepartmentRef DepositToAccountRef ShipMethodRef "
    "PaymentMethodRef ARAccountRef SalesRepRef TemplateRef ProjectRef RecurDataRef! TaxExemptionRef!",
    "part": "BillAddr:PhysicalAddress ShipAddr:PhysicalAddress ShipFromAddr:PhysicalAddress "
    "BillEmail:EmailAddress<=100 BillEmailCc:EmailAddress<=200 BillEmailBcc:EmailAddress<=200 "
    "CustomerMemo:MemoRef<=1000 TxnTaxDetail:TxnTaxDetail DeliveryInfo:TransactionDeliveryInfo!",
    "list": "Line:Line LinkedTxn:LinkedTxn CustomField:CustomField",
    "choice": "EmailStatus:EmailStatusEnum PrintStatus:PrintStatusEnum "
    "GlobalTaxCalculation:GlobalTaxCalculationEnum",
}  # fmt: skip


def _sale(refused: str, **more: str) -> dict[str, Field]:
    groups = {name: f"{_SALE.get(name, '')} {more.get(name, '')}" for name in {*_SALE, *more}}
    return _record(
        f"{refused} AttachableRef CheckPayment CreditCardPayment DiscountAmt DiscountRate FinanceCharge "
        "GovtTxnRefIdentifier PaymentType RecurringInfo RemitToRef ShippingTaxIncludedInTotalTax Tag "
        "TaxFormNum TaxFormType TxnApprovalInfo TxnStatus TxnSubType",
        **groups,
    )


_PERSON = {
    "text": "DisplayName<=500 Title<=16 GivenName<=100 MiddleName<=100 FamilyName<=100 Suffix<=16 "
    "CompanyName<=100 PrintOnCheckName<=100 Notes<=1024 FullyQualifiedName!",
    "flag": "Active Organization",
    "part": "PrimaryPhone:TelephoneNumber AlternatePhone:TelephoneNumber Mobile:TelephoneNumber "
    "Fax:TelephoneNumber PrimaryEmailAddr:EmailAddress<=100 WebAddr:WebSiteAddress",
    "ref": "DefaultTaxCodeRef",
}  # fmt: skip


def _person(refused: str, **more: str) -> dict[str, Field]:
    groups = {name: f"{_PERSON.get(name, '')} {more.get(name, '')}" for name in {*_PERSON, *more}}
    return _record(
        f"{refused} AttachableRef CustomField IntuitId OtherAddr OtherContactInfo UserId V4IDPseudonym",
        **groups,
    )


TYPES: dict[str, dict[str, Field]] = {
    "Invoice": _sale(
        "AutoPayEligible CfdiUse ConvenienceFeeDetail EnabledSurchargeInfo FinancingProductType "
        "GlobalInfo GratuityEnabled InvoiceEx LessCIS SchedulePayEligible ScheduledPaymentId "
        "SubscriptionPaymentsSetting TxnRetainageDetail Exportation PaymentDetailsMessage",
        number="Deposit",
        flag="AllowIPNPayment AllowOnlinePayment AllowOnlineCreditCardPayment AllowOnlineACHPayment "
        "AllowOnlinePayPalPayment AllowOnlineAffirmPayment",
        text="InvoiceLink! InvoiceLinkSecurityCode! callToAction! invoiceStatus!",
        day="InvoiceLinkExpiryDate!",
        moment="ECloudStatusTimeStamp!",
        list="invoiceStatusLog:StatusInfo!",
        choice="EInvoiceStatus:ETransactionStatusEnum!",
    ),
    "CreditMemo": _sale("CreditMemoEx", number="RemainingCredit!", ref="InvoiceRef"),
    "Payment": _record(
        "AttachableRef CheckPayment CreditCardPayment CustomField PaymentEx PaymentExtendedType "
        "PaymentType RecurringInfo RemitToRef Tag TaxFormNum TaxFormType TxnApprovalInfo TxnStatus "
        "TxnSubType TxnTaxDetail",
        text="DocNumber<=21 PaymentRefNum<=21 PrivateNote<=4000 TransactionLocationType TxnSource",
        number="TotalAmt ExchangeRate UnappliedAmt! HomeTotalCostAmount! TotalCostAmount!",
        flag="ProcessPayment",
        day="TxnDate",
        ref="CustomerRef CurrencyRef PaymentMethodRef DepositToAccountRef ARAccountRef DepartmentRef "
        "ProjectRef RecurDataRef!",
        list="Line:Line LinkedTxn:LinkedTxn",
    ),
    "TimeActivity": _record(
        "AttachableRef BreakHours BreakMinutes BreakSeconds CustomField HoursInEmployeeTimeZone "
        "OtherNameRef PayrollItemRef TimeActivityEx TimeZone",
        text="Description<=4000",
        number="HourlyRate CostRate",
        whole="Hours Minutes Seconds TimeChargeId!",
        flag="Taxable",
        day="TxnDate",
        moment="StartTime EndTime",
        ref="EmployeeRef VendorRef CustomerRef ItemRef ClassRef DepartmentRef ProjectRef",
        choice="NameOf:TimeActivityTypeEnum BillableStatus:BillableStatusEnum",
    ),
    "Customer": _person(
        "AcctNum AltContactName CCDetail ClientCompanyId ContactName CustomerEx IsCISContractor JobInfo "
        "OverDueBalance PriceLevelRef RootCustomerRef SalesRepRef TDSEnabled TaxRateRef TaxRegime "
        "TotalExpense TotalRevenue",
        text="PreferredDeliveryMethod ResaleNum PrimaryTaxIdentifier SecondaryTaxIdentifier "
        "BusinessNumber GSTIN GSTRegistrationType TaxExemptionReasonId ClientEntityId! Source!",
        number="Balance! BalanceWithJobs! CreditLimit",
        whole="Level!",
        flag="Job BillWithParent Taxable IsProject",
        day="OpenBalanceDate",
        ref="ParentRef CurrencyRef SalesTermRef PaymentMethodRef ARAccountRef CustomerTypeRef "
        "TaxGroupCodeRef",
        part="BillAddr:PhysicalAddress ShipAddr:PhysicalAddress",
    ),
    "Vendor": _person(
        "AgencyVerificationStatus AgencyVerificationStatusMsg AgencyVerificationTSUTC AltContactName "
        "CISRate CompanyRegistrationNumber ContactName HasTPAR IsSubContractor OpenBalanceDate "
        "ParentRef PrefillAccountRef ShipAddr SubcontractorType T4AEligible T5018Eligible TDSEnabled "
        "TDSEntityTypeId TDSOverrideThreshold TDSSectionTypeId TaxCountry TaxIdEffectiveDate "
        "VendorEx VendorPaymentBankDetail VendorTypeRef",
        text="AcctNum<=100 TaxIdentifier TaxReportingBasis BusinessNumber GSTIN GSTRegistrationType "
        "Source!",
        number="Balance! BillRate CostRate CreditLimit",
        flag="Vendor1099",
        ref="TermRef CurrencyRef APAccountRef",
        part="BillAddr:PhysicalAddress",
    ),
    "Employee": _person(
        "EmployeeEx EmployeeType UseTimeEntry",
        text="EmployeeNumber SSN",
        number="BillRate CostRate",
        flag="BillableTime",
        day="BirthDate HiredDate ReleasedDate",
        part="PrimaryAddr:PhysicalAddress",
        choice="Gender:gender",
    ),
    "Item": _record(
        "AttachableRef AvgCost BuildPoint COGSAccountRef CustomExtensions CustomField "
        "DeferredRevenue DepositToAccountRef ItemAssemblyDetail ItemEx ItemGroupDetail ManPartNum "
        "PaymentMethodRef PercentBased PrintGroupedItems QtyOnPurchaseOrder QtyOnSalesOrder RatePercent "
        "ReorderPoint SpecialItem SpecialItemType UOMSetRef UQCDisplayText UQCId",
        text="Name<=100 Sku<=100 Description<=4000 PurchaseDesc<=1000 FullyQualifiedName! ServiceType "
        "ItemCategoryType Source!",
        number="UnitPrice PurchaseCost QtyOnHand AbatementRate ReverseChargeRate",
        whole="Level!",
        flag="Active Taxable SubItem TrackQtyOnHand SalesTaxIncluded PurchaseTaxIncluded",
        day="InvStartDate",
        ref="IncomeAccountRef ExpenseAccountRef AssetAccountRef SalesTaxCodeRef PurchaseTaxCodeRef "
        "ParentRef ClassRef PrefVendorRef TaxClassificationRef",
        choice="Type:ItemTypeEnum",
    ),
    "Account": _record(
        "AccountEx AccountPurposes AcctNumExtn AttachableRef BankNum CustomField FIName JournalCodeRef "
        "OnlineBankingEnabled OpeningBalance OpeningBalanceDate TaxAccount TxnLocationType",
        text="Name<=100 AcctNum AccountSubType Description<=100 AccountAlias FullyQualifiedName!",
        number="CurrentBalance! CurrentBalanceWithSubAccounts!",
        flag="Active SubAccount",
        ref="ParentRef CurrencyRef TaxCodeRef",
        choice="AccountType:AccountTypeEnum Classification:AccountClassificationEnum!",
    ),
    "Term": _record(
        "AttachableRef CustomField SalesTermEx",
        text="Name<=31 Type!",
        number="DiscountPercent",
        whole="DueDays DiscountDays DayOfMonthDue DueNextMonthDays DiscountDayOfMonth",
        flag="Active",
    ),
    "Class": _record(
        "AttachableRef ClassEx CustomField",
        text="Name<=100 FullyQualifiedName!",
        flag="Active SubClass",
        ref="ParentRef",
    ),
    "Department": _record(
        "Address AttachableRef CustomField DepartmentEx",
        text="Name<=100 FullyQualifiedName!",
        flag="Active SubDepartment",
        ref="ParentRef",
    ),
    "PaymentMethod": _record(
        "AttachableRef CustomField PaymentMethodEx", text="Name<=31 Type", flag="Active"
    ),
    "CompanyCurrency": _record(
        "AttachableRef CompanyCurrencyEx CustomField", text="Code<=3 Name", flag="Active"
    ),
    "ExchangeRate": _record(
        "AttachableRef CustomField ExchangeRateEx",
        text="SourceCurrencyCode TargetCurrencyCode",
        number="Rate",
        day="AsOfDate",
    ),
    "TaxAgency": _record(
        text="DisplayName<=100 TaxRegistrationNumber",
        flag="TaxTrackedOnSales TaxTrackedOnPurchases",
    ),
    "TaxCode": _record(
        text="Name<=100 Description<=100",
        flag="Active Taxable TaxGroup Hidden",
        part="SalesTaxRateList:TaxRateList PurchaseTaxRateList:TaxRateList",
        choice="TaxCodeConfigType:GTMConfigTypeEnum",
    ),
    "TaxRate": _record(
        text="Name<=100 Description<=100",
        number="RateValue",
        flag="Active",
        ref="AgencyRef TaxReturnLineRef",
        list="EffectiveTaxRate:EffectiveTaxRate",
        choice="SpecialTaxType:SpecialTaxTypeEnum DisplayType:TaxRateDisplayTypeEnum",
    ),
    "Line": _type(
        "AccountBasedExpenseLineDetail CostAmount CustomExtensions DepositLineDetail "
        "GroupLineDetail HomeCostAmount ItemAdjustmentLineDetail ItemBasedExpenseLineDetail "
        "ItemReceiptLineDetail JournalEntryLineDetail LineEx PaymentLineDetail ProjectRef "
        "PurchaseOrderItemLineDetail Received ReimburseLineDetail SalesOrderItemLineDetail "
        "TDSLineDetail",
        text="Id Description<=4000",
        number="Amount",
        whole="LineNum",
        part="SalesItemLineDetail:SalesItemLineDetail DescriptionLineDetail:DescriptionLineDetail "
        "DiscountLineDetail:DiscountLineDetail SubTotalLineDetail:SubTotalLineDetail "
        "TaxLineDetail:TaxLineDetail",
        list="LinkedTxn:LinkedTxn CustomField:CustomField",
        choice="DetailType:LineDetailTypeEnum",
    ),
    "SalesItemLineDetail": _type(
        "DeferredRevenue DiscountAmt DiscountRate InventorySiteRef PriceLevelRef RatePercent "
        "RetainageAmount SalesItemLineDetailEx UOMRef UnitCostPrice MarkupInfo",
        number="Qty UnitPrice TaxInclusiveAmt",
        day="ServiceDate",
        ref="ItemRef ClassRef TaxCodeRef ItemAccountRef! TaxClassificationRef",
    ),
    "DescriptionLineDetail": _type("DescriptionLineDetailEx", day="ServiceDate", ref="TaxCodeRef"),
    "DiscountLineDetail": _type(
        "DiscountLineDetailEx DiscountRef ServiceDate",
        number="DiscountPercent",
        flag="PercentBased",
        ref="DiscountAccountRef ClassRef TaxCodeRef",
    ),
    "SubTotalLineDetail": _type("ServiceDate", ref="ItemRef"),
    "TaxLineDetail": _type(
        "OverrideDeltaAmount ServiceDate TaxLineDetailEx",
        number="NetAmountTaxable TaxPercent TaxInclusiveAmount",
        flag="PercentBased",
        ref="TaxRateRef",
    ),
    "TxnTaxDetail": _type(
        number="TotalTax",
        flag="UseAutomatedSalesTax",
        ref="TxnTaxCodeRef DefaultTaxCodeRef",
        list="TaxLine:Line",
        choice="TaxReviewStatus:TaxReviewStatusEnum!",
    ),
    "LinkedTxn": _type(text="TxnId TxnType TxnLineId"),
    "CustomField": _type(
        text="DefinitionId Name StringValue<=31",
        number="NumberValue",
        flag="BooleanValue",
        day="DateValue",
        choice="Type:CustomFieldTypeEnum",
    ),
    "PhysicalAddress": _type(
        text="Id Line1<=500 Line2<=500 Line3<=500 Line4<=500 Line5<=500 City<=255 Country<=255 CountryCode "
        "CountrySubDivisionCode<=255 County PostalCode<=31 PostalCodeSuffix Note Tag Lat! Long!"
    ),
    "EmailAddress": _type(text="Id Address Tag", flag="Default"),
    "TelephoneNumber": _type(
        text="Id AreaCode CountryCode DeviceType ExchangeCode Extension FreeFormNumber Tag",
        flag="Default",
    ),
    "WebSiteAddress": _type(text="Id Tag URI<=1000", flag="Default"),
    "MemoRef": _type(text="id value"),
    "TaxRateList": _type(text="originatingGroupId", list="TaxRateDetail:TaxRateDetail"),
    "TaxRateDetail": _type(
        whole="TaxOrder TaxOnTaxOrder",
        ref="TaxRateRef",
        choice="TaxTypeApplicable:TaxTypeApplicablityEnum",
    ),
    "EffectiveTaxRate": _type(
        "EffectiveTaxRateEx", number="RateValue", moment="EffectiveDate EndDate"
    ),
    "TransactionDeliveryInfo": _type(
        moment="DeliveryTime",
        choice="DeliveryType:DeliveryTypeEnum DeliveryErrorType:DeliveryErrorTypeEnum",
    ),
    "ModificationMetaData": _type(
        moment="CreateTime LastUpdatedTime LastChangedInQB",
        ref="CreatedByRef LastModifiedByRef",
        flag="Synchronized",
    ),
    "StatusInfo": _type(day="statusDate", text="status callToAction"),
}
