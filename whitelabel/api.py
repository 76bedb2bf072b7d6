"""REST: the look of documents. There is one; changing it makes a new version."""

from __future__ import annotations

import io
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from atera_invoicing.viewsets import Endpoint, RowSerializer, validation

from . import logos, looks
from .models import Branding

SEE, CHANGE = "whitelabel.view_branding", "whitelabel.change_branding"


class ImageParser(BaseParser):
    """A picture as the whole body. What it really is, is found out by looking inside."""

    media_type = "image/*"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> bytes:
        return stream.read(logos.MOST_BYTES + 1)


class BrandingSerializer(RowSerializer):
    version = serializers.IntegerField(source="pk", read_only=True)
    has_logo = serializers.SerializerMethodField()

    class Meta:
        model = Branding
        fields = [
            "version",
            "has_logo",
            "color",
            "company_name",
            "company_address",
            "company_email",
            "company_phone",
            "company_website",
            "tax_number",
            "title",
            "payment_instructions",
            "terms",
            "footer",
            "paper",
            "date_format",
            "number_prefix",
            "number_width",
            "created_at",
        ]
        read_only_fields = ["created_at"]

    def get_has_logo(self, branding: Branding) -> bool:
        return branding.logo_id is not None


class BrandingViewSet(Endpoint):
    """The look in force. An issued invoice keeps the one that it was issued with."""

    queryset = Branding.objects.all()
    serializer_class = BrandingSerializer
    http_method_names = ["get", "patch", "put", "delete", "head", "options"]
    permissions = {
        "retrieve": SEE,
        "partial_update": CHANGE,
        "set_logo": CHANGE,
        "remove_logo": CHANGE,
    }

    def get_object(self) -> Branding:
        return Branding.current()

    def retrieve(self, request: Request) -> Response:
        """The look in force."""
        self.refuse_unknown_parameters()
        return Response(self.get_serializer(Branding.current()).data)

    def partial_update(self, request: Request) -> Response:
        """Make a new version with these changes."""
        serializer = self.get_serializer(Branding.current(), data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        return self._save(serializer.validated_data)

    @extend_schema(request={"image/png": OpenApiTypes.BINARY}, responses=BrandingSerializer)
    def set_logo(self, request: Request) -> Response:
        """Send a PNG, JPEG or WebP as the body."""
        picture = request.data or b""  # no body at all arrives as an empty mapping
        return self._save({"logo": logos.accept(io.BytesIO(picture))})

    @extend_schema(responses=BrandingSerializer)
    def remove_logo(self, request: Request) -> Response:
        """Show the company's name instead of a logo."""
        return self._save({"logo": None})

    def get_parsers(self) -> list[BaseParser]:
        put = self.request is not None and self.request.method == "PUT"
        return [ImageParser()] if put else super().get_parsers()

    def _save(self, fields: dict[str, Any]) -> Response:
        with validation():
            branding = looks.save(fields, by=self.request.user, now=self.now)
        return Response(self.get_serializer(branding).data)
