"""Imports: a file becomes a plan that people can read, and the plan becomes rows, all or none.

An `Import` names the columns of one kind of file and says what a row would do. Planning reads what
it needs in a few queries, whatever the number of rows; where only the verbs know a rule, they are
tried on all rows together. `commit` plans again under the locks and refuses when the outcome is not
the one that was looked at.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from . import cells, csvfiles
from .errors import Refused
from .models import User


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file. `parse` makes a value of a cell's text, "" unless it is required."""

    name: str
    help: str
    parse: Callable[[str], Any] = cells.text
    required: bool = False
    example: str = ""
    aliases: tuple[str, ...] = ()


class Record(NamedTuple):
    """A row whose cells could be read: a value for each column that the file has."""

    line: int
    values: dict[str, Any]


class Problem(NamedTuple):
    line: int
    column: str
    message: str


class Change(NamedTuple):
    """What becomes of one field, as people read it. `before` is empty for something new."""

    field: str
    before: str
    after: str


class Action(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"


class Step(NamedTuple):
    """What one row would do to `instance`, which carries the new values but is not saved."""

    line: int
    action: Action
    label: str
    changes: tuple[Change, ...]
    instance: Any


@dataclass(frozen=True, slots=True)
class Plan:
    """What a file would do. It can be committed when there are no problems."""

    steps: tuple[Step, ...]
    problems: tuple[Problem, ...]

    def count(self, action: str) -> int:
        return sum(step.action == action for step in self.steps)

    @property
    def to_write(self) -> list[Step]:
        """The steps that change something."""
        return [step for step in self.steps if step.action != Action.UNCHANGED]

    @property
    def bad_rows(self) -> int:
        return len({problem.line for problem in self.problems})

    @property
    def fingerprint(self) -> str:
        """The same for two plans exactly when they would do the same."""
        facts = [(s.line, s.action.value, s.label, s.instance.pk, *s.changes) for s in self.steps]
        return hashlib.sha256(repr((facts, self.problems)).encode()).hexdigest()


class BadRow(Exception):
    """Why a row can't be imported: pairs of a column and a sentence."""

    def __init__(self, *problems: tuple[str, str]) -> None:
        super().__init__(problems)
        self.problems = problems


class Import(ABC):
    """One kind of file. Subclasses live in the app whose rows they make."""

    kind: ClassVar[str]
    title: ClassVar[str]
    noun: ClassVar[str]
    about: ClassVar[str]
    columns: ClassVar[tuple[Column, ...]]

    @abstractmethod
    def look_up(self, records: Sequence[Record]) -> Any:
        """Everything that `plan` must know of the database, read in a few queries."""

    @abstractmethod
    def plan(self, record: Record, known: Any) -> Step:
        """What a row would do; raises BadRow. Adds what it would create to `known`."""

    def judge(self, steps: Sequence[Step]) -> list[Problem]:
        """Why these steps can't be written, as far as planning could not know. Leaves no trace."""
        return []

    @abstractmethod
    def write(self, steps: Sequence[Step], *, by: User, now: dt.datetime) -> None:
        """Save the instances of steps that create or update. Called in a transaction."""

    def lock(self, records: Sequence[Record]) -> None:
        """Take the locks that guard what these rows may change. Called in a transaction."""
        return

    def template(self) -> Iterable[bytes]:
        """A file with the header and an example, to start from."""
        header = [column.name for column in self.columns]
        return csvfiles.stream(header, [csvfiles.line(column.example for column in self.columns)])


def check(importer: Import, content: bytes) -> None:
    """Refuse a file that can't be read as this kind, whatever its rows say."""
    _records(importer, content)


def plan(importer: Import, content: bytes) -> Plan:
    """What committing this file would do, and every row that keeps it from being committed."""
    found = _plan(importer, *_records(importer, content))
    refused = importer.judge(found.to_write)
    bad = {problem.line for problem in refused}
    steps = tuple(step for step in found.steps if step.line not in bad)
    return Plan(steps, tuple(sorted((*found.problems, *refused))))


def commit(
    importer: Import, content: bytes, *, fingerprint: str, by: User, now: dt.datetime
) -> Plan:
    """Write what the plan with this fingerprint said, all or nothing."""
    records, problems = _records(importer, content)
    try:
        with transaction.atomic():
            importer.lock(records)
            current = _plan(importer, records, problems)
            if current.problems or current.fingerprint != fingerprint:
                raise _changed()
            importer.write(current.to_write, by=by, now=now)
    except (IntegrityError, Refused, ValidationError) as error:
        raise _changed() from error
    return current


def tried(
    steps: Sequence[Step],
    *,
    together: Callable[[Sequence[Step]], None],
    alone: Callable[[Step], None],
) -> list[Problem]:
    """What the verbs refuse of these steps; nothing stays of the attempt.

    All are stored `together`. Where that fails each half is, and so on down to the rows at fault,
    which are stored `alone` and say what is wrong with them.
    """
    if not steps:
        return []
    try:
        with transaction.atomic():
            if len(steps) > 1:
                together(steps)
            else:
                alone(steps[0])
            transaction.set_rollback(True)
        return []
    except (Refused, ValidationError, IntegrityError) as error:
        if len(steps) == 1:
            return [Problem(steps[0].line, *reason) for reason in _reasons(error)]
    middle = len(steps) // 2
    return [
        problem
        for half in (steps[:middle], steps[middle:])
        for problem in tried(half, together=together, alone=alone)
    ]


def assign(record: Record, instance: models.Model, values: dict[str, Any]) -> Step:
    """Set fields of an instance and say what that changes. `values` maps a field to its value.

    BadRow when a value does not fit its field. Foreign keys are taken as they are.
    """
    is_new = instance.pk is None
    changes = []
    for name, value in values.items():
        field = instance._meta.get_field(name)
        before = None if is_new else getattr(instance, field.attname)  # type: ignore[union-attr]
        after = value.pk if isinstance(value, models.Model) else value
        if before != after and (not is_new or after not in ("", None)):
            shown = "" if before is None else _shown(getattr(instance, name))
            changes.append(Change(name, shown, _shown(value)))
        setattr(instance, name, value)
    _clean(instance, values)
    action = Action.CREATE if is_new else Action.UPDATE if changes else Action.UNCHANGED
    return Step(record.line, action, str(instance), tuple(changes), instance)


def save(model: type[models.Model], steps: Sequence[Step], *, by: User) -> None:
    """Insert and update the steps' instances in a few statements, their history included."""
    new = [step.instance for step in steps if step.action == Action.CREATE]
    changed = [step.instance for step in steps if step.action == Action.UPDATE]
    fields = {
        change.field for step in steps if step.action == Action.UPDATE for change in step.changes
    }
    if new:
        bulk_create_with_history(
            new, model, batch_size=1000, default_user=by, default_change_reason="CSV import"
        )
    if changed:
        bulk_update_with_history(
            changed,
            model,
            sorted(fields),
            batch_size=200,
            default_user=by,
            default_change_reason="CSV import",
        )


def _records(importer: Import, content: bytes) -> tuple[list[Record], list[Problem]]:
    table = csvfiles.read(content)
    names = csvfiles.match(
        table.header,
        known={column.name: column.aliases for column in importer.columns},
        required=[column.name for column in importer.columns if column.required],
    )
    by_name = {column.name: column for column in importer.columns}
    columns = [by_name[name] for name in names]
    records, problems = [], []
    for row in table.rows:
        record, bad = _record(row, columns)
        problems += bad
        if not bad:
            records.append(record)
    return records, problems


def _record(row: csvfiles.Row, columns: Sequence[Column]) -> tuple[Record, list[Problem]]:
    values, problems = {}, []
    try:
        texts = csvfiles.fit(row, len(columns))
    except ValueError as error:
        return Record(row.line, {}), [Problem(row.line, "", str(error))]
    for column, text in zip(columns, texts, strict=True):
        if column.required and not text:
            problems.append(Problem(row.line, column.name, "This cell must not be empty."))
            continue
        try:
            values[column.name] = column.parse(text)
        except ValueError as error:
            problems.append(Problem(row.line, column.name, str(error)))
    return Record(row.line, values), problems


def _plan(importer: Import, records: Sequence[Record], problems: Sequence[Problem]) -> Plan:
    known = importer.look_up(records)
    steps: list[Step] = []
    found = list(problems)
    lines: dict[int, int] = {}
    for record in records:
        try:
            step = importer.plan(record, known)
            first = lines.setdefault(id(step.instance), record.line)
            if first != record.line:
                raise BadRow(("", f"Line {first} is about the same {importer.noun}."))
            steps.append(step)
        except BadRow as bad:
            found += [Problem(record.line, column, message) for column, message in bad.problems]
    return Plan(tuple(steps), tuple(sorted(found)))


def _reasons(error: Refused | ValidationError | IntegrityError) -> list[tuple[str, str]]:
    """Pairs of a column and a sentence."""
    match error:
        case Refused():
            return [(error.field, error.message)]
        case ValidationError():
            found = error.message_dict.items()
            return [("" if name == NON_FIELD_ERRORS else name, " ".join(t)) for name, t in found]
        case _:
            raise error


def _clean(instance: models.Model, values: dict[str, Any]) -> None:
    untouched = [
        field.name
        for field in instance._meta.concrete_fields
        if field.is_relation or field.name not in values
    ]
    try:
        instance.clean_fields(exclude=untouched)
    except ValidationError as error:
        raise BadRow(
            *((name, " ".join(messages)) for name, messages in error.message_dict.items())
        ) from error


def _shown(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return f"{value.normalize():f}"
        case dt.datetime():
            return timezone.localtime(value).strftime("%Y-%m-%d %H:%M")
        case _:
            return str(value)


def _changed() -> Refused:
    return Refused(
        "plan_changed",
        "The data has changed since you looked at this import, so nothing was imported. "
        "Look at the new list and import again.",
    )
