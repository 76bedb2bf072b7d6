"""REST: invoices, from draft to void."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from atera_invoicing import bulk
from atera_invoicing.errors import Refused
from atera_invoicing.problems import Malformed
from atera_invoicing.rest import OrjsonRenderer, PdfRenderer
from atera_invoicing.viewsets import Deleting, Endpoint, Listing, Retrieving, validation
from invoices import downloads, lifecycle, numbering, paper, pdf
from invoices.filters import InvoiceFilter
from invoices.models import Invoice, InvoiceLine, status_of

from .payments import ReasonSerializer
from .shapes import (
    LINE_COLUMNS,
    EventSerializer,
    InvoiceChangeSerializer,
    InvoiceInputSerializer,
    InvoiceListSerializer,
    InvoiceRow,
    InvoiceSerializer,
    RenumberSerializer,
)

SEE, CHANGE = "invoices.view_invoice", "invoices.change_invoice"
IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, description="The ETag as read; a stale one is 412."
)
INCLUDE = OpenApiParameter("include", str, enum=["lines"], description="`lines`: with their lines.")
LINE_PATHS = [
    f"{name}_id" if name in ("item", "ticket", "tax_rate") else name for name in LINE_COLUMNS
]


class Stale(APIException):
    status_code = 412
    default_code = "stale"
    default_detail = "Somebody changed this invoice after you read it. Read it again."


class Unavailable(APIException):
    status_code = 503
    default_code = "pdf_unavailable"


@extend_schema_view(list=extend_schema(responses=InvoiceListSerializer, parameters=[INCLUDE]))
class InvoiceViewSet(Listing, Retrieving, Deleting, Endpoint):
    """Invoices. POST writes a freestyle draft; an issued one changes only through its verbs."""

    queryset = Invoice.objects.select_related("customer")
    serializer_class = InvoiceSerializer
    row_serializer = InvoiceRow
    filterset_class = InvoiceFilter
    list_parameters = frozenset({"include"})
    permissions = {
        "list": SEE,
        "retrieve": SEE,
        "create": CHANGE,
        "partial_update": CHANGE,
        "destroy": CHANGE,
        "issue": "invoices.issue_invoice",
        "renumber": "invoices.renumber_invoice",
        "void": "invoices.void_invoice",
        "pdf": "invoices.download_invoice",
        "events": SEE,
    }

    def get_queryset(self) -> QuerySet[Invoice]:
        if self.action == "list":
            return super().get_queryset()
        rows = super().get_queryset().with_status(timezone.localdate())
        return rows.prefetch_related("lines__claims")

    def columns(self) -> dict[str, str]:
        """The place of `status` is taken by a column, until `finish` says what it is."""
        return super().columns() | {"status": "voided_at"}

    def finish(self, rows: list[dict[str, Any]]) -> None:
        """The status; with `include=lines`, the lines of the whole page in one query."""
        today = timezone.localdate()
        for row in rows:
            row["status"] = status_of(row, today)
        include = self.request.query_params.get("include")
        if include is None:
            return
        if include != "lines":
            raise Malformed("include can be lines.", "invalid", parameter="include")
        lines: dict[int, list[dict]] = {row["id"]: [] for row in rows}
        found = InvoiceLine.objects.filter(invoice__in=list(lines)).order_by("invoice", "position")
        for invoice_id, *values in bulk.read(found.values_list("invoice_id", *LINE_PATHS)):
            lines[invoice_id].append(dict(zip(LINE_COLUMNS, values, strict=True)))
        for row in rows:
            row["lines"] = lines[row["id"]]

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return _tagged(super().retrieve(request, *args, **kwargs))

    @extend_schema(request=InvoiceInputSerializer, responses={201: InvoiceSerializer})
    def create(self, request: Request) -> Response:
        """Write a freestyle draft."""
        data = {"invoice_date": timezone.localdate(), **self.given(InvoiceInputSerializer)}
        with validation():
            invoice = lifecycle.create(data.pop("customer"), **data, by=request.user, now=self.now)
        return _tagged(self.located(invoice))

    @extend_schema(
        request=InvoiceChangeSerializer, responses=InvoiceSerializer, parameters=[IF_MATCH]
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a draft, or the e-mail of an issued invoice."""
        invoice = self.get_object()
        data = self.given(InvoiceChangeSerializer, instance=invoice, partial=True)
        self._refuse_stale(invoice)
        with validation():
            self._change(invoice, data)
        return _tagged(Response(self.shown(invoice)))

    def _change(self, invoice: Invoice, data: dict[str, Any]) -> None:
        signed = {"by": self.request.user, "now": self.now}
        version = data.pop("version", invoice.version)
        if not invoice.is_draft and set(data) == {"email"}:
            if version != invoice.version:
                raise Refused("stale", Stale.default_detail, version=invoice.version)
            lifecycle.set_email(invoice, email=data["email"], **signed)
            return
        lifecycle.edit(
            invoice,
            version=version,
            lines=data.pop("lines", None),
            release=data.pop("release", ()),
            header=data,
            **signed,
        )

    def _refuse_stale(self, invoice: Invoice) -> None:
        wanted = self.request.headers.get("If-Match")
        if wanted is not None and wanted not in (_tag(invoice.version), "*"):
            raise Stale

    def delete_by_verb(self, instance: Invoice) -> None:
        """Delete a draft; the work it billed is free again."""
        lifecycle.delete_draft(instance, by=self.request.user, now=self.now)

    @extend_schema(request=None, responses=InvoiceSerializer)
    @action(detail=True, methods=["post"])
    def issue(self, request: Request, pk: str) -> Response:
        """Give a draft its number and its look for good."""
        return self._acted(lifecycle.issue)

    @extend_schema(request=RenumberSerializer, responses=InvoiceSerializer)
    @action(detail=True, methods=["post"])
    def renumber(self, request: Request, pk: str) -> Response:
        """Another number, while it is neither sent nor exported."""
        return self._acted(numbering.renumber, **self.given(RenumberSerializer))

    @extend_schema(request=ReasonSerializer, responses=InvoiceSerializer)
    @action(detail=True, methods=["post"])
    def void(self, request: Request, pk: str) -> Response:
        """Cancel an issued invoice; the work it billed is free again."""
        return self._acted(lifecycle.void, **self.given(ReasonSerializer))

    def _acted(self, verb: Any, **kwargs: Any) -> Response:
        invoice = self.get_object()
        self._refuse_stale(invoice)
        verb(invoice, by=self.request.user, now=self.now, **kwargs)
        return _tagged(Response(self.shown(invoice)))

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    @action(detail=True, renderer_classes=[PdfRenderer, OrjsonRenderer])
    def pdf(self, request: Request, pk: str) -> HttpResponseBase:
        """The invoice as PDF; of a draft, as it would look now."""
        invoice = self.get_object()
        if problem := pdf.available():
            raise Unavailable(problem)
        content = downloads.stored(paper.of(invoice)).read_bytes()
        downloads.note(invoice, by=request.user, now=self.now)
        name = f'attachment; filename="{invoice.number or f"draft-{invoice.pk}"}.pdf"'
        headers = {"Content-Disposition": name.replace("/", "-")}
        return Response(content, headers=headers, content_type="application/pdf")

    @extend_schema(responses=EventSerializer(many=True), filters=False)
    @action(detail=True, pagination_class=None)
    def events(self, request: Request, pk: str) -> Response:
        """Who did what, and when; the newest first."""
        rows = self.get_object().events.select_related("by")
        return Response(EventSerializer(rows, many=True).data)


def _tag(version: int) -> str:
    return f'"{version}"'


def _tagged(response: Response) -> Response:
    response.headers["ETag"] = _tag(response.data["version"])
    return response
