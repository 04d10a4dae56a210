from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('businesses', '0002_audit_chain_public_links_credit_settings'),
    ]

    operations = [
        migrations.AddField(
            model_name='business',
            name='require_approval',
            field=models.BooleanField(default=False, help_text='An owner or admin approves a draft before it is issued.', verbose_name='approve invoices first'),
        ),
    ]
