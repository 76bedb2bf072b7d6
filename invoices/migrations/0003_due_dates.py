"""Every invoice has a due date: the day on it and the days to pay, as the verbs always wrote it."""

import datetime as dt

from django.db import migrations


def complete(apps, schema_editor):
    for name in ("Invoice", "HistoricalInvoice"):
        model = apps.get_model("invoices", name)
        for invoice in model.objects.filter(due_date=None).iterator():
            due = invoice.invoice_date + dt.timedelta(days=invoice.payment_days)
            model.objects.filter(pk=invoice.pk).update(due_date=due)


class Migration(migrations.Migration):
    dependencies = [("invoices", "0002_discount_words")]
    operations = [migrations.RunPython(complete, migrations.RunPython.noop, elidable=True)]
