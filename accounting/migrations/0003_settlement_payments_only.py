from django.db import migrations


class Migration(migrations.Migration):
    """Apart from the copying: PostgreSQL alters no table that a transaction has just written to."""

    dependencies = [('accounting', '0002_settlement_payments')]

    operations = [migrations.RemoveField(model_name='settlement', name='payment')]
