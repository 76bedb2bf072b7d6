from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounting', '0009_looking'),
    ]

    operations = [
        migrations.AddField(
            model_name='link',
            name='sent_as',
            field=models.JSONField(help_text='The record as it was first sent under this key.', null=True),
        ),
    ]
