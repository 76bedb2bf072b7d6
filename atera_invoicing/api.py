"""The API: a line per resource, its schema and its documentation page."""

from __future__ import annotations

from django.urls import path, re_path
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView
from rest_framework.exceptions import NotFound
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import TemplateHTMLRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView

from accounting import api as accounting
from contracts import api as contracts
from customers import api as customers
from invoices import api as invoices
from whitelabel import api as whitelabel

from . import schema as _schema  # noqa: F401 - registers the key scheme
from .rest import OrjsonRenderer

LOOK = {"get": "retrieve", "patch": "partial_update"}
LOGO = {"put": "set_logo", "delete": "remove_logo"}

router = SimpleRouter()
router.register("customers", customers.CustomerViewSet)
router.register("contacts", customers.ContactViewSet)
router.register("tax-rates", contracts.TaxRateViewSet)
router.register("categories", contracts.CategoryViewSet)
router.register("catalog-items", contracts.CatalogItemViewSet)
router.register("contracts", contracts.ContractViewSet)
router.register("block-movements", contracts.BlockMovementViewSet)
router.register("usage-counts", contracts.UsageCountViewSet)
router.register("tickets", contracts.TicketViewSet)
router.register("time-entries", contracts.TimeEntryViewSet)
router.register("ticket-items", contracts.TicketItemViewSet)
router.register("batches", invoices.BatchViewSet)
router.register("invoices", invoices.InvoiceViewSet)
router.register("payments", invoices.PaymentViewSet)
router.register("accounting/connections", accounting.ConnectionViewSet)
router.register("accounting/links", accounting.LinkViewSet)
router.register("accounting/records", accounting.RecordViewSet)
router.register("accounting/exports", accounting.ExportViewSet)
router.register("accounting/remote-invoices", accounting.RemoteInvoiceViewSet)
router.register("accounting/findings", accounting.FindingViewSet)


class SchemaView(SpectacularJSONAPIView):
    """The OpenAPI document, for people who are logged in."""

    permission_classes = [IsAuthenticated]


class DocsView(SpectacularSwaggerSplitView):
    """The documentation page. It loads nothing from elsewhere and runs no inline script."""

    permission_classes = [IsAuthenticated]
    template_name = "api_docs.html"
    url_name = "api-schema"
    # Without the JSON renderer an error on this page could only be drawn by a template.
    renderer_classes = [TemplateHTMLRenderer, OrjsonRenderer]


class Nothing(APIView):
    """Any other address below /api/v1/ answers 404 as a problem, not as a page."""

    permission_classes: list = []
    authentication_classes: list = []
    schema = None

    def handle(self, request: Request, *args: object) -> Response:
        raise NotFound("There is nothing at this address.", "not_found")

    get = post = put = patch = delete = handle


urlpatterns = [
    *router.urls,
    path("branding/", whitelabel.BrandingViewSet.as_view(LOOK), name="api-branding"),
    path("branding/logo/", whitelabel.BrandingViewSet.as_view(LOGO), name="api-branding-logo"),
    path("schema/", SchemaView.as_view(), name="api-schema"),
    path("docs/", DocsView.as_view(), name="api-docs"),
    re_path(r"", Nothing.as_view()),
]
