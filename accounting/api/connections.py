"""A connection: how it stands, its set-up step by step, and its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounting import (
    obstacles,
    outbox,
    past,
    progress,
    refreshing,
    restoring,
    staging,
    tasks,
    wizard,
)
from accounting.forms import SettingsForm
from accounting.models import Connection
from accounting.providers import registry
from accounting.providers.port import Kind, ProviderError
from accounting.sides import SIDES
from atera_invoicing.errors import Refused
from atera_invoicing.problems import Invalid
from atera_invoicing.viewsets import (
    Endpoint,
    Listing,
    Retrieving,
    RowSerializer,
    StrictSerializer,
)

from .shared import CHANGE, EXPORT, MOST, SEE


class ConnectionSerializer(RowSerializer):
    class Meta:
        model = Connection
        fields = read_only_fields = [
            "id", "provider", "state", "company_id", "company_name", "company_url", "currency",
            "tax_mode", "numbering", "auto_export", "go_live", "lost_at", "lost_reason",
            "paused_at", "held_until", "held_reason", "polled_at", "committed_at", "closed_at",
        ]  # fmt: skip


class ProgressSerializer(serializers.Serializer):
    """How far the export is. `eta` is empty while nothing moves; `still` says why."""

    left = serializers.IntegerField()
    done = serializers.IntegerField()
    checking = serializers.IntegerField()
    needs_you = serializers.IntegerField()
    eta = serializers.DateTimeField(allow_null=True)
    still = serializers.CharField()


class StartSerializer(StrictSerializer):
    provider = serializers.ChoiceField(list(registry.KNOWN))


class SettingsSerializer(StrictSerializer):
    """What a person chooses about a connection; only what the company allows is taken."""

    tax_mode = serializers.ChoiceField(Connection.TaxMode.choices, required=False)
    untaxed_id = serializers.CharField(max_length=64, required=False, allow_blank=True)
    income_account_id = serializers.CharField(max_length=64, required=False, allow_blank=True)
    fallback_item_id = serializers.CharField(max_length=64, required=False, allow_blank=True)
    numbering = serializers.ChoiceField(Connection.Numbering.choices, required=False)
    auto_export = serializers.ChoiceField(Connection.AutoExport.choices, required=False)
    go_live = serializers.DateField(required=False)


class ProblemSerializer(serializers.Serializer):
    """What stands against the commit, and at which step it is mended."""

    code = serializers.CharField()
    step = serializers.CharField()
    message = serializers.CharField()
    count = serializers.IntegerField()


class SetupSerializer(serializers.Serializer):
    """Where a set-up stands. Without problems it can be committed."""

    version = serializers.IntegerField(help_text="Goes with the commit: a later one is refused.")
    step = serializers.CharField()
    held_by = serializers.IntegerField(source="held_by_id", allow_null=True)
    problems = ProblemSerializer(many=True)
    warnings = ProblemSerializer(many=True)


class ValueSerializer(serializers.Serializer):
    """A field of ours before and after, in words."""

    what = serializers.CharField()
    record = serializers.CharField(source="row")
    field = serializers.CharField(source="label")  # type: ignore[assignment]
    before = serializers.CharField(source="shown_before")
    after = serializers.CharField(source="shown_after")


class ArrivalSerializer(serializers.Serializer):
    """A record of theirs that becomes one of ours."""

    kind = serializers.CharField(source="link.kind")
    remote_id = serializers.CharField(source="link.remote_id")
    record = serializers.CharField(source="row")


class ReviewSerializer(SetupSerializer):
    """Everything that the commit changes here."""

    changes = ValueSerializer(many=True)
    arrivals = ArrivalSerializer(many=True)


class VersionSerializer(StrictSerializer):
    version = serializers.IntegerField(min_value=1, help_text="The one that was reviewed.")


class DecisionSerializer(StrictSerializer):
    """One decision on many links. Without `links` it is for all of the kind that wait: `confirm`
    takes those of the same name or code, `create` and `skip` those that nothing was found for.
    """

    kind = serializers.ChoiceField([kind.value for kind in SIDES])
    decision = serializers.ChoiceField(["confirm", "create", "skip", "undo", "theirs", "ours"])
    links = serializers.ListField(
        child=serializers.IntegerField(min_value=1), min_length=1, max_length=MOST, required=False
    )


class ImportSerializer(StrictSerializer):
    """Records of theirs that become ours, or stay there after all. Without ids all of them."""

    kind = serializers.ChoiceField(["customer", "item", "tax"])
    decision = serializers.ChoiceField(["import", "leave"])
    remote_ids = serializers.ListField(
        child=serializers.CharField(max_length=64), min_length=1, max_length=MOST, required=False
    )


class CountSerializer(serializers.Serializer):
    changed = serializers.IntegerField()


class LookSerializer(StrictSerializer):
    after = serializers.IntegerField(min_value=0, default=0, help_text="The invoice to go on from.")


class LookedSerializer(serializers.Serializer):
    """What a look found; ask again with `after` until it is empty."""

    looked_at = serializers.IntegerField()
    linked = serializers.IntegerField()
    after = serializers.IntegerField(allow_null=True)


class ReadSerializer(serializers.Serializer):
    """What changed here because the lists were read anew."""

    changes = ValueSerializer(many=True)


class EndSerializer(serializers.Serializer):
    """What disconnecting does. `digest` stays the same as long as that is the same."""

    digest = serializers.CharField()
    changes = ValueSerializer(many=True, source="restoration.changes")
    revived = serializers.ListField(child=serializers.CharField(), source="restoration.revived")
    removed = serializers.ListField(child=serializers.CharField(), source="restoration.removed")
    copies = serializers.ListField(child=serializers.CharField(), source="restoration.copies")
    cancelled = serializers.IntegerField(help_text="Exports that were not sent and will not be.")
    under_way = serializers.IntegerField(help_text="While there are any, it is refused.")
    invoices = serializers.IntegerField(help_text="Invoices there, which both sides keep.")


class DigestSerializer(StrictSerializer):
    digest = serializers.CharField(max_length=100, help_text="Of the list that was looked at.")


class ConnectionViewSet(Listing, Retrieving, Endpoint):
    """Connections to accounting systems, ended ones too. Secrets are never shown. One that is being
    set up changes nothing until it is committed; the consent itself is given in a browser.
    """

    queryset = Connection.objects.all()
    serializer_class = row_serializer = ConnectionSerializer
    # These ask the provider, which is never done in a transaction, and are safe to repeat.
    reads = ("abandon", "disconnect_now", "refresh_lists", "find_old_invoices")
    permissions = {
        "list": SEE, "retrieve": SEE, "progress": SEE, "pause": EXPORT, "resume": EXPORT,
        "create": CHANGE, "partial_update": CHANGE, "setup": CHANGE, "take_over": CHANGE,
        "decide": CHANGE, "bring": CHANGE, "find_old_invoices": CHANGE, "review": CHANGE,
        "commit": CHANGE, "abandon": CHANGE, "refresh_lists": CHANGE, "disconnect": CHANGE,
        "disconnect_now": CHANGE,
    }  # fmt: skip

    @extend_schema(request=StartSerializer, responses={201: ConnectionSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Begin to set up a connection, or go on with one's own. The consent is given on the
        Accounting page.
        """
        provider = self.given(StartSerializer)["provider"]
        if not registry.is_configured(provider):
            raise Refused("not_configured", "This installation has no credentials for it yet.")
        return self.located(wizard.start(provider, by=request.user, now=self.now))

    @extend_schema(request=SettingsSerializer)
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change the settings; they hold for exports from now on."""
        connection, given = self.get_object(), self.given(SettingsSerializer)
        form = SettingsForm(
            {name: getattr(connection, name) for name in SettingsForm.base_fields} | given,
            connection=connection,
        )
        if wrong := [name for name in form.errors if name in given or name not in form.fields]:
            raise Invalid(
                [
                    {"pointer": f"/{name}", "code": "invalid", "detail": str(form.errors[name][0])}
                    for name in wrong
                ]
            )
        wizard.choose(connection, given, by=request.user, now=self.now)
        return Response(self.shown(connection))

    @extend_schema(responses=ProgressSerializer)
    @action(detail=True)
    def progress(self, request: Request, pk: str) -> Response:
        """How far the export is, and when it will be done."""
        made = progress.of(self.get_object(), now=self.now)
        return Response(ProgressSerializer(made).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        """Send nothing new for now."""
        return Response(self.shown(outbox.pause(self.get_object(), now=self.now)))

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        """Go on sending."""
        connection = outbox.resume(self.get_object(), now=self.now)
        tasks.ring(connection)
        return Response(self.shown(connection))

    @extend_schema(responses=SetupSerializer)
    @action(detail=True)
    def setup(self, request: Request, pk: str) -> Response:
        """Where the set-up stands, and everything that keeps it from being committed."""
        return Response(SetupSerializer(standing(self.get_object())).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"], url_path="take-over")
    def take_over(self, request: Request, pk: str) -> Response:
        """Set up from now on what somebody else began."""
        taken = wizard.take_over(self.get_object(), by=request.user, now=self.now)
        return Response(self.shown(taken))

    @extend_schema(request=DecisionSerializer, responses=CountSerializer)
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, pk: str) -> Response:
        """Decide what becomes of records of ours. On a connection in use it holds at once."""
        given = self.given(DecisionSerializer)
        connection, kind, links = self.get_object(), Kind(given["kind"]), given.get("links")
        by: dict[str, Any] = {"by": request.user, "now": self.now}
        verbs: dict[str, Callable[[], int]] = {
            "confirm": lambda: (
                staging.confirm_sure(connection, kind, **by)
                if links is None
                else staging.confirm(connection, links, **by)
            ),
            "create": lambda: staging.create_there(connection, links, kind, **by),
            "skip": lambda: staging.leave_out(connection, links, kind, **by),
            "undo": lambda: staging.reconsider(connection, named(links), **by),
            "theirs": lambda: staging.keep_price(connection, links, theirs=True, **by),
            "ours": lambda: staging.keep_price(connection, links, theirs=False, **by),
        }
        return Response({"changed": verbs[given["decision"]]()})

    @extend_schema(request=ImportSerializer, responses=CountSerializer)
    @action(detail=True, methods=["post"], url_path="import")
    def bring(self, request: Request, pk: str) -> Response:
        """Import records that exist only there, or take that back."""
        given = self.given(ImportSerializer)
        verb = staging.bring_in if given["decision"] == "import" else staging.leave_there
        ids = given.get("remote_ids")
        count = verb(self.get_object(), Kind(given["kind"]), ids, by=request.user, now=self.now)
        return Response({"changed": count})

    @extend_schema(request=LookSerializer, responses=LookedSerializer)
    @action(detail=True, methods=["post"], url_path="find-old-invoices")
    def find_old_invoices(self, request: Request, pk: str) -> Response:
        """Look for invoices that were there before us, and link them: they are not sent again."""
        after = self.given(LookSerializer)["after"]
        connection = self.get_object()
        found = asked(lambda: past.look(connection, after=after, by=request.user, now=self.now))
        return Response(LookedSerializer(found).data)

    @extend_schema(responses=ReviewSerializer)
    @action(detail=True)
    def review(self, request: Request, pk: str) -> Response:
        """Everything that the commit will change here, value by value."""
        connection = self.get_object()
        plan = wizard.review(connection, now=self.now)
        shown = {**standing(connection), "changes": plan.changes(), "arrivals": plan.arrivals}
        return Response(ReviewSerializer(shown).data)

    @extend_schema(request=VersionSerializer)
    @action(detail=True, methods=["post"])
    def commit(self, request: Request, pk: str) -> Response:
        """Put the set-up into force: all of it, or nothing."""
        version = self.given(VersionSerializer)["version"]
        done = wizard.commit(self.get_object(), version=version, by=request.user, now=self.now)
        return Response(self.shown(done))

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def abandon(self, request: Request, pk: str) -> Response:
        """Cancel the set-up; nothing but itself was changed."""
        connection = self.get_object()
        wizard.abandon(connection, by=request.user, now=self.now)
        return Response(self.shown(connection))

    @extend_schema(request=None, responses=ReadSerializer)
    @action(detail=True, methods=["post"], url_path="refresh-lists")
    def refresh_lists(self, request: Request, pk: str) -> Response:
        """Read customers, items, taxes and accounts anew. It takes as long as the provider does."""
        connection, by = self.get_object(), request.user
        staging.hold_for(connection, by=by)
        today = timezone.localdate()
        read = asked(lambda: refreshing.everything(connection, today=today, now=self.now, by=by))
        return Response(ReadSerializer({"changes": read.changes}).data)

    @extend_schema(responses=EndSerializer)
    @action(detail=True)
    def disconnect(self, request: Request, pk: str) -> Response:
        """Everything that disconnecting will do. Writes nothing."""
        return Response(EndSerializer(restoring.plan(in_use(self.get_object()))).data)

    @extend_schema(request=DigestSerializer)
    @disconnect.mapping.post
    def disconnect_now(self, request: Request, pk: str) -> Response:
        """Do what the list says: the configuration is as it was before connecting."""
        digest = self.given(DigestSerializer)["digest"]
        connection = self.get_object()
        restoring.disconnect(connection, by=request.user, now=self.now, digest=digest)
        return Response(self.shown(connection))


def standing(connection: Connection) -> dict[str, Any]:
    """A set-up as `SetupSerializer` shows it."""
    if not connection.is_draft:
        raise Refused("ended", "This connection is not being set up.")
    return {
        "version": connection.version,
        "step": connection.step,
        "held_by_id": connection.held_by_id,
        "problems": obstacles.problems(connection),
        "warnings": obstacles.warnings(connection),
    }


def in_use(connection: Connection) -> Connection:
    if not connection.is_active:
        raise Refused("not_connected", "This connection is not in use.")
    return connection


def named(links: list[int] | None) -> list[int]:
    if links is None:
        raise Refused("nothing_chosen", "Name the links.", field="links")
    return links


def asked(question: Callable[[], Any]) -> Any:
    """What the provider answers; a reason to try later or to connect again when it does not."""
    try:
        return question()
    except ProviderError as error:
        raise Refused("provider", error.message) from None
