"""What every endpoint shares: thin doors from JSON to a verb and back.

Lists read plain rows with the columns that their serializer declares and never build model
instances; a single object goes through the serializer. Writing validates the fields, then the model
(`full_clean`), then calls the verb, which knows the rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from datetime import UTC
from functools import cache
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django_filters.widgets import SuffixedMultiWidget
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from . import idempotency
from .problems import Invalid, Malformed, pointed

PAGING = frozenset({"cursor", "page_size"})
PRICES = "contracts.view_prices"


class UTCDateTimeField(serializers.DateTimeField):
    """A moment. Without an offset it is read as UTC; it is always written in UTC."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"default_timezone": UTC, **kwargs})


class Strict:
    """Refuses fields that don't exist or can't be written, instead of passing over them."""

    def to_internal_value(self: Any, data: Any) -> Any:
        if isinstance(data, Mapping):
            writable = {name for name, field in self.fields.items() if not field.read_only}
            if unknown := sorted(set(data) - writable):
                raise serializers.ValidationError(
                    {
                        name: [serializers.ErrorDetail(self._why_not(name), "not_writable")]
                        for name in unknown
                    }
                )
        return super().to_internal_value(data)  # type: ignore[misc]

    def _why_not(self: Any, name: str) -> str:
        return "This can't be written." if name in self.fields else "There is no such field."


class StrictSerializer(Strict, serializers.Serializer):
    """A body that is no row of a table."""


class RelatedField(serializers.PrimaryKeyRelatedField):
    """The id of another object: a whole number, never a rounded one."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, (int, str)):
            self.fail("incorrect_type", data_type=type(data).__name__)
        return super().to_internal_value(data)


class RowSerializer(Strict, serializers.ModelSerializer):
    """Declares what a resource shows and takes.

    Uniqueness and the like are left to the model's own validation. `Meta.prices` names the fields
    that people without sight of prices neither see nor set; `Meta.fixed` those that are set once,
    on creation.
    """

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.DateTimeField: UTCDateTimeField,
    }

    serializer_related_field = RelatedField

    def get_validators(self) -> list:
        return []

    def build_standard_field(self, field_name: str, model_field: Any) -> Any:
        field_class, kwargs = super().build_standard_field(field_name, model_field)
        kwargs.pop("validators", None)
        return field_class, kwargs

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        request = self.context.get("request")
        if request is not None and request.user.is_authenticated:
            for name in _hidden(type(self), request.user.has_perm(PRICES)):
                fields.pop(name, None)
        if self.instance is not None and not isinstance(self.instance, models.QuerySet):
            for name in getattr(self.Meta, "fixed", ()):  # type: ignore[attr-defined]
                fields[name].read_only = True
        return fields


def _hidden(serializer: type[RowSerializer], may_see_prices: bool) -> Iterable[str]:
    return () if may_see_prices else getattr(serializer.Meta, "prices", ())  # type: ignore[attr-defined]


@cache
def _columns(serializer: type[RowSerializer], may_see_prices: bool) -> dict[str, str]:
    """The serializer's fields as paths for `values_list`."""
    columns = {}
    hidden = _hidden(serializer, may_see_prices)
    for name, field in serializer().fields.items():
        if name not in hidden and not field.write_only:
            path = str(field.source).replace(".", "__")
            related = isinstance(field, serializers.PrimaryKeyRelatedField)
            columns[name] = f"{path}_id" if related else path
    return columns


@contextmanager
def validation(at: str = "") -> Any:
    """Turns a model's validation errors inside into problems with pointers below `at`."""
    try:
        yield
    except ValidationError as error:
        raise Invalid(pointed(error, at)) from error


class Endpoint(viewsets.GenericViewSet):
    """A resource: `permissions` by action, `row_serializer` for the columns of its list."""

    permissions: ClassVar[dict[str, str]] = {}
    reads: ClassVar[tuple[str, ...]] = ()
    row_serializer: ClassVar[type[RowSerializer]]
    list_parameters: ClassVar[frozenset[str]] = frozenset()
    lookup_value_regex = "[0-9]{1,18}"
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method == "POST" and self.action not in self.reads and self.action:
            handler = self.post  # type: ignore[has-type]
            self.post = lambda *a, **k: idempotency.once(request, lambda: handler(*a, **k))

    def get_serializer_class(self) -> Any:
        return self.row_serializer if self.action == "list" else super().get_serializer_class()

    def check(self, instance: models.Model) -> None:
        """The model's own validation, before a verb sees the instance."""
        with validation():
            instance.full_clean()

    @property
    def now(self) -> Any:
        return timezone.now()

    @property
    def own_parameters(self) -> frozenset[str]:
        """Query parameters that are not the filter set's."""
        return PAGING | self.list_parameters

    def columns(self) -> dict[str, str]:
        return _columns(self.row_serializer, self.request.user.has_perm(PRICES))

    def refuse_unknown_parameters(self) -> None:
        given = set(self.request.query_params)
        if not given <= self.own_parameters:
            filterset = getattr(self, "filterset_class", None)
            allowed = self.own_parameters | (_parameters(filterset) if filterset else set())
            for name in sorted(given - allowed):
                message = (
                    f"There is no parameter {name[:60]!r}. Known: {', '.join(sorted(allowed))}."
                )
                raise Malformed(message, "unknown_parameter", parameter=name[:60])

    def located(self, instance: models.Model, status: int = 201) -> Response:
        """The object as it now is, with its address."""
        address = reverse(f"{self.basename}-detail", args=[instance.pk], request=self.request)
        return Response(self.shown(instance), status=status, headers={"Location": address})

    def shown(self, instance: models.Model) -> Any:
        """The object read afresh, as GET answers it."""
        fresh = self.get_queryset().get(pk=instance.pk)
        return self.get_serializer_class()(fresh, context=self.get_serializer_context()).data

    def given(self, serializer: type[serializers.Serializer], **kwargs: Any) -> dict[str, Any]:
        """The validated body of an action."""
        form = serializer(data=self.request.data, context=self.get_serializer_context(), **kwargs)
        form.is_valid(raise_exception=True)
        return form.validated_data


@cache
def _parameters(filterset: Any) -> set[str]:
    names: set[str] = set()
    for name, field in filterset().form.fields.items():
        widget = field.widget
        many = isinstance(widget, SuffixedMultiWidget)
        names |= {widget.suffixed(name, s) for s in widget.suffixes} if many else {name}
    return names


class Listing:
    """GET on the collection: filtered, ordered, a page at a time, as plain rows."""

    def list(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        queryset = self.filter_queryset(self.get_queryset())
        rows = self.paginate_queryset(queryset)
        self.finish(rows)
        return self.get_paginated_response(rows)

    def finish(self, rows: list[dict[str, Any]]) -> None:
        """A chance to add to the rows what is not a column, with a query per page."""


class Retrieving:
    def retrieve(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        self.refuse_unknown_parameters()
        instance = self.get_object()
        return Response(self.get_serializer(instance).data)


class Creating:
    """POST on the collection."""

    def create(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return self.located(self.create_by_verb(serializer.validated_data))

    def create_by_verb(self: Any, data: dict[str, Any]) -> models.Model:
        raise NotImplementedError


class Changing:
    """PATCH on an object."""

    def partial_update(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        instance = self.get_object()
        serializer = self.get_serializer(instance, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        self.change_by_verb(instance, serializer.validated_data)
        return Response(self.shown(instance))

    def change_by_verb(self: Any, instance: Any, data: dict[str, Any]) -> None:
        raise NotImplementedError


class Deleting:
    """DELETE on an object."""

    def destroy(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        self.delete_by_verb(self.get_object())
        return Response(status=204)

    def delete_by_verb(self: Any, instance: Any) -> None:
        raise NotImplementedError


class Archiving:
    """POST `archive` and `restore` on an object that may be in use and so can't be deleted."""

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def archive(self: Any, request: Request, pk: str) -> Response:
        """Put it aside: it stays where it was used and is not offered any more."""
        instance = self.get_object()
        self.archive_by_verb(instance)
        return Response(self.shown(instance))

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def restore(self: Any, request: Request, pk: str) -> Response:
        """Offer it again."""
        instance = self.get_object()
        with validation():
            self.restore_by_verb(instance)
        return Response(self.shown(instance))


def assign(instance: models.Model, data: Mapping[str, Any]) -> models.Model:
    """Set the given fields on an instance."""
    for name, value in data.items():
        setattr(instance, name, value)
    return instance
