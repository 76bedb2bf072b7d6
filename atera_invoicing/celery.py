"""The Celery application.

Messages are hints: the rows they point to are the truth, and beat rings again for whatever is due.
"""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "atera_invoicing.settings")

app = Celery("atera_invoicing")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_ready.connect
def look_at_once(**details: Any) -> None:
    """A worker that starts sees at once what is due, instead of when beat rings next."""
    for name in ("ring-for-due-work", "ring-for-due-exports"):
        entry = app.conf.beat_schedule[name]
        app.send_task(entry["task"], **entry["options"])
