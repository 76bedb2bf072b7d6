"""Uploaded files between their dry run and their import. Each is its owner's alone, for a day."""

from __future__ import annotations

import datetime as dt
import uuid

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from . import csvfiles, imports
from .errors import Refused
from .models import Upload, User

KEPT = dt.timedelta(days=1)


def keep(file: UploadedFile, importer: imports.Import, *, by: User, now: dt.datetime) -> Upload:
    """Store a file that can be read as this kind; drops uploads that are over a day old."""
    if (file.size or 0) > csvfiles.MAX_BYTES:
        csvfiles.refuse_size()
    content = file.read()
    imports.check(importer, content)
    Upload.objects.filter(created_at__lt=now - KEPT).delete()
    return Upload.objects.create(
        kind=importer.kind, name=str(file.name)[-200:], content=content, by=by, created_at=now
    )


@transaction.atomic
def commit(
    uid: uuid.UUID, importer: imports.Import, *, fingerprint: str, by: User, now: dt.datetime
) -> Upload:
    """Import a file once, as its dry run with this fingerprint said. All rows or none."""
    upload = Upload.objects.select_for_update().get(uid=uid, by=by)
    if upload.imported_at:
        raise Refused("already_imported", "This file is imported already.")
    plan = imports.commit(importer, bytes(upload.content), fingerprint=fingerprint, by=by, now=now)
    upload.result = {action.value: plan.count(action) for action in imports.Action}
    upload.imported_at, upload.content = now, b""
    upload.save()
    return upload
