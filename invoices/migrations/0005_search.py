from django.db import migrations

from atera_invoicing import trigrams


class Migration(migrations.Migration):
    dependencies = [("invoices", "0004_list_indexes")]
    operations = [
        trigrams.index(
            "invoice_search", "invoices_invoice", "number", "bill_to_name", "po_number"
        )
    ]
