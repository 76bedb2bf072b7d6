from django.db import migrations

from atera_invoicing import trigrams


class Migration(migrations.Migration):
    dependencies = [("contracts", "0004_list_indexes")]
    operations = [trigrams.index("ticket_search", "contracts_ticket", "number", "title")]
