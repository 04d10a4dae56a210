import django.db.models.deletion
import invoicing.lib.clock
import invoicing.lib.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0006_payment_metadata'),
        ('businesses', '0003_require_approval'),
    ]

    operations = [
        migrations.CreateModel(
            name='UploadedFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=invoicing.lib.ids.uuid7, editable=False, unique=True)),
                ('created_at', models.DateTimeField(default=invoicing.lib.clock.now, editable=False)),
                ('name', models.CharField(max_length=200)),
                ('media_type', models.CharField(max_length=100)),
                ('size', models.PositiveBigIntegerField(help_text='In bytes; null where nobody said.', null=True)),
                ('url', models.CharField(editable=False, max_length=2000, null=True)),
                ('business', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='businesses.business')),
                ('stored', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='businesses.storedfile')),
            ],
            options={
                'verbose_name': 'file',
                'indexes': [models.Index(fields=['business', '-id'], name='file_of')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('stored__isnull', True), ('url__isnull', False)), models.Q(('stored__isnull', False), ('url__isnull', True)), _connector='OR'), name='file_here_or_elsewhere')],
            },
        ),
        migrations.CreateModel(
            name='Attachment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=invoicing.lib.ids.uuid7, editable=False, unique=True)),
                ('created_at', models.DateTimeField(default=invoicing.lib.clock.now, editable=False)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('business', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='businesses.business')),
                ('credit_note', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='attachments', to='billing.creditnote')),
                ('file', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attachments', to='billing.uploadedfile')),
                ('invoice', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='attachments', to='billing.invoice')),
                ('quotation', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='attachments', to='billing.quotation')),
            ],
            options={
                'constraints': [
                    models.CheckConstraint(condition=models.Q(models.Q(('credit_note__isnull', True), ('invoice__isnull', False), ('quotation__isnull', True)), models.Q(('credit_note__isnull', True), ('invoice__isnull', True), ('quotation__isnull', False)), models.Q(('credit_note__isnull', False), ('invoice__isnull', True), ('quotation__isnull', True)), _connector='OR'), name='attachment_of_one_document'),
                    models.UniqueConstraint(fields=('business', 'invoice', 'file'), name='attachment_of_invoice_once'),
                    models.UniqueConstraint(fields=('business', 'quotation', 'file'), name='attachment_of_quotation_once'),
                    models.UniqueConstraint(fields=('business', 'credit_note', 'file'), name='attachment_of_credit_note_once'),
                ],
            },
        ),
    ]
