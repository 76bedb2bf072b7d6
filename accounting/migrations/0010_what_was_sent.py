from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounting', '0008_draft_there'),
    ]

    operations = [
        migrations.AddField(
            model_name='link',
            name='sent_as',
            field=models.JSONField(help_text='The record as it was first sent under this key.', null=True),
        ),
    ]
