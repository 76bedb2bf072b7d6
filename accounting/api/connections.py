"""A connection: how it stands, its set-up step by step, and its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounting import (
    company,
    connected,
    connecting,
    obstacles,
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
from atera_invoicing.errors import Refused
from atera_invoicing.problems import Invalid
from atera_invoicing.viewsets import (
    Endpoint,
    Listing,
    Retrieving,
)

from .shapes import (
    ChosenSerializer,
    CompanySerializer,
    ConnectionSerializer,
    CountSerializer,
    DecisionSerializer,
    DigestSerializer,
    EndSerializer,
    ImportSerializer,
    LookedSerializer,
    LookSerializer,
    ProgressSerializer,
    ReadSerializer,
    ReviewSerializer,
    SettingsSerializer,
    SetupSerializer,
    StartSerializer,
    UnlinkSerializer,
    VersionSerializer,
)
from .shared import CHANGE, EXPORT, SEE


class ConnectionViewSet(Listing, Retrieving, Endpoint):
    """Connections to accounting systems, ended ones too. Secrets are never shown. One that is being
    set up changes nothing until it is committed; the consent itself is given in a browser.
    """

    queryset = Connection.objects.all()
    serializer_class = row_serializer = ConnectionSerializer
    # These ask the provider, which is never done in a transaction, and are safe to repeat.
    reads = ("choose_company", "abandon", "disconnect_now", "refresh_lists", "find_old_invoices")
    permissions = {
        "list": SEE, "retrieve": SEE, "progress": SEE, "companies": CHANGE,
        "choose_company": CHANGE, "pause": EXPORT, "resume": EXPORT,
        "create": CHANGE, "partial_update": CHANGE, "setup": CHANGE, "take_over": CHANGE,
        "decide": CHANGE, "bring": CHANGE, "find_old_invoices": CHANGE,
        "unlink_old_invoices": CHANGE, "review": CHANGE,
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

    @extend_schema(responses=CompanySerializer(many=True))
    @action(detail=True, pagination_class=None)
    def companies(self, request: Request, pk: str) -> Response:
        """The companies that the last consent opened, when one of them is to be chosen."""
        return Response(CompanySerializer(connecting.choices(self.get_object()), many=True).data)

    @extend_schema(request=ChosenSerializer)
    @companies.mapping.post
    def choose_company(self, request: Request, pk: str) -> Response:
        """Choose one of them. Another one than before begins the matching anew."""
        connection, id = self.get_object(), self.given(ChosenSerializer)["company"]
        company.choose(connection, id, by=request.user, now=self.now)
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
        return Response(self.shown(connected.pause(self.get_object(), now=self.now)))

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        """Go on sending."""
        connection = connected.resume(self.get_object(), now=self.now)
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

    @extend_schema(request=UnlinkSerializer, responses=CountSerializer)
    @action(detail=True, methods=["post"], url_path="unlink-old-invoices")
    def unlink_old_invoices(self, request: Request, pk: str) -> Response:
        """Take links of old invoices back, while the set-up is not committed."""
        ids = self.given(UnlinkSerializer)["invoices"]
        count = past.unlink(self.get_object(), ids, by=request.user, now=self.now)
        return Response({"changed": count})

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
        tasks.ring_look(done)
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
        plan = restoring.plan(in_use(self.get_object()), now=self.now)
        return Response(EndSerializer(plan).data)

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
