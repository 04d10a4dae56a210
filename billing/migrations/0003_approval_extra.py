from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0002_credit_notes_refunds_adjustments'),
        ('businesses', '0003_require_approval'),
        ('customers', '0003_slug_extra'),
    ]

    operations = [
        migrations.AddField(
            model_name='creditnote',
            name='extra',
            field=models.JSONField(default=dict, editable=False, help_text='What another wire format only keeps and gives back, by its name.'),
        ),
        migrations.AddField(
            model_name='invoice',
            name='approval',
            field=models.CharField(choices=[('pending', 'Waits for approval'), ('approved', 'Approved'), ('rejected', 'Rejected')], editable=False, max_length=10, null=True),
        ),
        migrations.AddField(
            model_name='invoice',
            name='approval_comment',
            field=models.CharField(editable=False, max_length=1000, null=True),
        ),
        migrations.AddField(
            model_name='invoice',
            name='extra',
            field=models.JSONField(default=dict, editable=False, help_text='What another wire format only keeps and gives back, by its name.'),
        ),
        migrations.AddField(
            model_name='product',
            name='extra',
            field=models.JSONField(default=dict, editable=False, help_text='What another wire format only keeps and gives back, by its name.'),
        ),
        migrations.AddField(
            model_name='quotation',
            name='extra',
            field=models.JSONField(default=dict, editable=False, help_text='What another wire format only keeps and gives back, by its name.'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(('approval', None), ('approval__in', ['pending', 'approved', 'rejected']), _connector='OR'), name='invoice_approval_known'),
        ),
    ]
