"""QuickBooks Online as the export benchmark meets it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from accounting.documents import MARKER
from accounting.providers.port import Company

from .service import KEY, Kept, Paper, Service, chunks

INCOME = "select%20*%20from%20Account%20where%20AccountType%20%3D%20'Income'"


class QuickBooks(Service):
    """40 batches of 30 documents a minute, 500 requests a minute, 10 a second."""

    app, setting = "qbo", "QBO"
    flags = ("--client-id", KEY, "--client-secret", KEY)
    batch, a_minute = 30, 40
    sends = "POST /v3/company/*/batch"

    @property
    def settings(self) -> dict[str, Any]:
        return {
            "client_id": KEY, "client_secret": KEY, "api": f"{self.url}/qbo", "app": "",
            "environment": f"{self.url}/qbo/.well-known/openid_sandbox_configuration",
            "webhook_tokens": [KEY],
        }  # fmt: skip

    def sign_in(self) -> str:
        tokens: dict[str, str] = self.control("qbo/connect")
        self.company, self.access = tokens["realm"], tokens["access_token"]
        return tokens["refresh_token"]

    def chosen(self, company: Company) -> dict[str, Any]:
        return {"income_account_id": self._income()}

    def customers(self, names: Sequence[str]) -> list[str]:
        return self._create("Customer", [{"DisplayName": name} for name in names])

    def items(self, names: Sequence[str]) -> list[str]:
        sold = {"Type": "Service", "IncomeAccountRef": {"value": self._income()}}
        return self._create("Item", [{"Name": name, **sold} for name in names])

    def put(self, body: bytes) -> bytes:
        query = f"?minorversion=75&requestid={uuid.uuid4()}"
        return self.raw("POST", f"/qbo/v3/company/{self.company}/batch{query}", body)

    @staticmethod
    def build(papers: Sequence[Paper]) -> bytes:
        items = [
            {
                "bId": str(place),
                "operation": "create",
                "Invoice": {
                    "DocNumber": paper.number,
                    "CustomerRef": {"value": paper.customer},
                    "TxnDate": paper.date,
                    "DueDate": paper.due,
                    "BillEmail": {"Address": paper.email},
                    "Line": [
                        {
                            "DetailType": "SalesItemLineDetail",
                            "Amount": float(row.net),
                            "Description": row.text,
                            "SalesItemLineDetail": {
                                "ItemRef": {"value": row.item},
                                "TaxCodeRef": {"value": "NON"},
                                "Qty": float(row.quantity),
                                "UnitPrice": float(row.price),
                            },
                        }
                        for row in paper.rows
                    ],
                },
            }
            for place, paper in enumerate(papers, 1)
        ]
        return json.dumps({"BatchItemRequest": items}).encode()

    @staticmethod
    def parse(answer: bytes) -> Kept:
        documents = [item["Invoice"] for item in json.loads(answer)["BatchItemResponse"]]
        return [
            (each["Id"], each["SyncToken"], each["DocNumber"], Decimal(str(each["TotalAmt"])))
            for each in documents
        ]

    def arrived(self) -> list[str]:
        marks = [doc["PrivateNote"] for doc in self.ledger()["companies"][self.company]["Invoice"]]
        return [mark for mark in marks if mark.startswith(MARKER)]

    def _income(self) -> str:
        answer = self.ask("GET", f"/qbo/v3/company/{self.company}/query?query={INCOME}")
        return str(answer["QueryResponse"]["Account"][0]["Id"])

    def _create(self, kind: str, records: Sequence[dict[str, Any]]) -> list[str]:
        ids = []
        for some in chunks(records, self.batch):
            items = [
                {"bId": str(n), "operation": "create", kind: record}
                for n, record in enumerate(some)
            ]
            answer = json.loads(self.put(json.dumps({"BatchItemRequest": items}).encode()))
            ids += [item[kind]["Id"] for item in answer["BatchItemResponse"]]
        return ids
