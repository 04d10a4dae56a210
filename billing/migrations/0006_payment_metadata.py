from django.db import migrations, models

KEPT = 'What another wire format only keeps and gives back, by its name.'


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0005_pending_lines'),
    ]

    operations = [
        migrations.AddField(
            model_name='adjustment',
            name='extra',
            field=models.JSONField(default=dict, editable=False, help_text=KEPT),
        ),
        migrations.AddField(
            model_name='adjustment',
            name='metadata',
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name='payment',
            name='extra',
            field=models.JSONField(default=dict, editable=False, help_text=KEPT),
        ),
        migrations.AddField(
            model_name='payment',
            name='metadata',
            field=models.JSONField(blank=True, default=dict),
        ),
    ]
