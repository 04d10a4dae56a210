import businesses.models
import django.db.models.deletion
import invoicing.lib.clock
import invoicing.lib.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0004_tax_rates_product_slug'),
        ('businesses', '0003_require_approval'),
        ('customers', '0003_slug_extra'),
    ]

    operations = [
        migrations.CreateModel(
            name='PendingLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=invoicing.lib.ids.uuid7, editable=False, unique=True)),
                ('created_at', models.DateTimeField(default=invoicing.lib.clock.now, editable=False)),
                ('currency', models.CharField(max_length=3)),
                ('description', models.TextField()),
                ('quantity', models.DecimalField(decimal_places=6, max_digits=21)),
                ('unit', models.CharField(blank=True, max_length=30, null=True)),
                ('unit_price', models.DecimalField(decimal_places=6, max_digits=21)),
                ('product_code', models.CharField(blank=True, max_length=50, null=True)),
                ('discount_rate', models.DecimalField(blank=True, decimal_places=4, max_digits=7, null=True)),
                ('tax_rate', models.DecimalField(decimal_places=4, default=0, max_digits=7)),
                ('tax_category', models.CharField(choices=[('S', 'Standard rate'), ('Z', 'Zero rated'), ('E', 'Exempt'), ('AE', 'Reverse charge'), ('K', 'Intra-community supply'), ('G', 'Export'), ('O', 'Outside the scope of tax')], default='S', max_length=2)),
                ('exemption_reason', models.CharField(blank=True, max_length=255, null=True)),
                ('gross_minor', models.BigIntegerField()),
                ('discount_minor', models.BigIntegerField(default=0)),
                ('net_minor', models.BigIntegerField()),
                ('metadata', models.JSONField(blank=True, default=dict)),
                ('extra', models.JSONField(default=dict, editable=False, help_text='What another wire format only keeps and gives back, by its name.')),
                ('updated_at', businesses.models.UpdatedAt(editable=False)),
                ('business', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='businesses.business')),
                ('customer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.customer')),
                ('product', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='billing.product')),
            ],
            options={
                'indexes': [models.Index(fields=['business', 'customer', '-id'], name='pending_line_of_customer')],
            },
        ),
    ]
