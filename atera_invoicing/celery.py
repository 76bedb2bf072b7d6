"""The Celery application.

Messages are hints: the rows they point to are the truth, and beat rings again for whatever is due.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "atera_invoicing.settings")

app = Celery("atera_invoicing")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
