"""What a connection, its set-up and its end look like over REST."""

from __future__ import annotations

from rest_framework import serializers

from accounting.models import Connection
from accounting.providers import registry
from accounting.sides import SIDES
from atera_invoicing.viewsets import RowSerializer, StrictSerializer

from .shared import MOST


class ConnectionSerializer(RowSerializer):
    class Meta:
        model = Connection
        fields = read_only_fields = [
            "id", "provider", "state", "company_id", "company_name", "company_url", "currency",
            "tax_mode", "untaxed_id", "income_account_id", "fallback_item_id", "numbering",
            "auto_export", "go_live", "options", "lost_at", "lost_reason", "paused_at",
            "held_until", "held_reason", "polled_at", "look_refused", "swept_at", "committed_at",
            "closed_at",
        ]  # fmt: skip


class ProgressSerializer(serializers.Serializer):
    """How far the export is. `eta` is empty while nothing moves; `still` says why."""

    left = serializers.IntegerField()
    done = serializers.IntegerField()
    checking = serializers.IntegerField()
    needs_you = serializers.IntegerField()
    eta = serializers.DateTimeField(allow_null=True)
    still = serializers.CharField()
    resumes_at = serializers.DateTimeField(
        allow_null=True, help_text="When it goes on by itself, if nothing moves now."
    )


class StartSerializer(StrictSerializer):
    provider = serializers.ChoiceField(list(registry.KNOWN))


class CompanySerializer(serializers.Serializer):
    """A company that a consent opened."""

    id = serializers.CharField()
    name = serializers.CharField()


class ChosenSerializer(StrictSerializer):
    company = serializers.CharField(max_length=64, help_text="Its id.")


class SettingsSerializer(StrictSerializer):
    """What a person chooses about a connection; only what the company allows is taken."""

    tax_mode = serializers.ChoiceField(Connection.TaxMode.choices, required=False)
    untaxed_id = serializers.CharField(max_length=64, required=False, allow_blank=True)
    income_account_id = serializers.CharField(max_length=64, required=False, allow_blank=True)
    fallback_item_id = serializers.CharField(max_length=64, required=False, allow_blank=True)
    numbering = serializers.ChoiceField(Connection.Numbering.choices, required=False)
    auto_export = serializers.ChoiceField(Connection.AutoExport.choices, required=False)
    go_live = serializers.DateField(required=False)
    options = serializers.DictField(
        child=serializers.CharField(max_length=64, allow_blank=True), required=False,
        help_text="What only this accounting system lets people choose, by key.",
    )  # fmt: skip


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


class UnlinkSerializer(StrictSerializer):
    """Invoices of ours whose staged links go."""

    invoices = serializers.ListField(
        child=serializers.IntegerField(min_value=1), min_length=1, max_length=MOST
    )


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
    left = serializers.IntegerField(
        help_text="Exports that may be there: nobody waits for their answers any more."
    )
    invoices = serializers.IntegerField(help_text="Invoices there, which both sides keep.")


class DigestSerializer(StrictSerializer):
    digest = serializers.CharField(max_length=100, help_text="Of the list that was looked at.")
