"""Xero as the export benchmark meets it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.conf import settings

from accounting.providers.port import Company
from accounting.providers.xero.mapping import ITEM
from tests.many import PREFIX

from .service import KEY, Kept, Paper, Service, chunks

API = "/xero/api.xro/2.0"
SALES = "200"  # the account that every organisation begins with


class Xero(Service):
    """60 requests a minute, 5 at once and 5,000 a day for an organisation; about 50 invoices in
    one.
    """

    app, setting = "xero", "XERO"
    flags = ("--xero-client-id", KEY, "--xero-client-secret", KEY)
    batch, a_minute = 50, 60
    sends = "PUT /api.xro/2.0/Invoices"

    @property
    def settings(self) -> dict[str, Any]:
        return {
            **settings.XERO, "client_id": KEY, "client_secret": KEY, "api": f"{self.url}/xero",
            "app": "", "webhook_keys": [KEY], "calls_per_day": 5000,
            "address": "http://localhost:8000",
        }  # fmt: skip

    def sign_in(self) -> str:
        tokens: dict[str, str] = self.control("xero/connect")
        self.company, self.access = tokens["tenant"], tokens["access_token"]
        return tokens["refresh_token"]

    def chosen(self, company: Company) -> dict[str, Any]:
        return {
            "income_account_id": SALES, "untaxed_id": company.facts["untaxed_id"],
            "options": {"status": "AUTHORISED"},
        }  # fmt: skip

    def customers(self, names: Sequence[str]) -> list[str]:
        made = self._create("Contacts", [{"Name": name} for name in names])
        return [str(contact["ContactID"]) for contact in made]

    def items(self, names: Sequence[str]) -> list[str]:
        sold = {"IsSold": True, "SalesDetails": {"AccountCode": SALES}}
        made = self._create("Items", [{"Code": name, "Name": name, **sold} for name in names])
        return [f"{ITEM}{item['Code']}" for item in made]

    def papers(self, count: int, customers: Sequence[str], items: Sequence[str]) -> list[Paper]:
        return super().papers(count, customers, [item.removeprefix(ITEM) for item in items])

    def put(self, body: bytes) -> bytes:
        return self._put("Invoices", body, "&unitdp=4")

    @staticmethod
    def build(papers: Sequence[Paper]) -> bytes:
        invoices = [
            {
                "Type": "ACCREC",
                "Status": "AUTHORISED",
                "InvoiceNumber": paper.number,
                "Contact": {"ContactID": paper.customer},
                "Date": paper.date,
                "DueDate": paper.due,
                "CurrencyCode": "USD",
                "LineAmountTypes": "Exclusive",
                "LineItems": [
                    {
                        "Description": row.text,
                        "Quantity": float(row.quantity),
                        "UnitAmount": float(row.price),
                        "ItemCode": row.item,
                        "TaxType": "NONE",
                    }
                    for row in paper.rows
                ],
            }
            for paper in papers
        ]
        return json.dumps({"Invoices": invoices}).encode()

    @staticmethod
    def parse(answer: bytes) -> Kept:
        return [
            (
                each["InvoiceID"], each["UpdatedDateUTC"], each["InvoiceNumber"],
                Decimal(str(each["Total"])),
            )
            for each in json.loads(answer)["Invoices"]
        ]  # fmt: skip

    def arrived(self) -> list[str]:
        docs = self.ledger()["organisations"][self.company]["Invoice"]
        return [doc["InvoiceNumber"] for doc in docs if doc["InvoiceNumber"].startswith(PREFIX)]

    def _create(self, kind: str, records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        made = []
        for some in chunks(records, self.batch):
            made += json.loads(self._put(kind, json.dumps({kind: some}).encode()))[kind]
        return made

    def _put(self, kind: str, body: bytes, query: str = "") -> bytes:
        return self.raw(
            "PUT", f"{API}/{kind}?summarizeErrors=false{query}", body,
            Xero_Tenant_Id=self.company, Idempotency_Key=str(uuid.uuid4()),
        )  # fmt: skip
