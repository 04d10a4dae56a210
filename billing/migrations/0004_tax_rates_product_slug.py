import businesses.models
import django.core.validators
import django.db.models.deletion
import invoicing.lib.clock
import invoicing.lib.ids
from django.db import migrations, models
from django.utils.text import slugify

BATCH = 1000
CODE = django.core.validators.RegexValidator('\\A[A-Za-z0-9_-][A-Za-z0-9._-]{0,49}\\Z', 'Expected at most 50 letters, digits, hyphens, underscores and dots, not a dot at first.')


def give_slugs(apps, schema_editor):
    """As billing/services/products makes them; the oldest product of a name has it alone."""
    products = apps.get_model('billing', 'Product').objects.filter(slug=None).order_by('pk')
    seen, rows = set(), []
    for product in products.only('pk', 'business_id', 'name', 'uuid').iterator(BATCH):
        word = slugify(product.name)[:30].strip('-_') or 'item'
        product.slug = word
        if (product.business_id, word) in seen:
            product.slug = f'{word}-{product.uuid.hex[-12:]}'
        if (product.business_id, product.slug) in seen:
            product.slug = product.uuid.hex
        seen.add((product.business_id, product.slug))
        rows.append(product)
        if len(rows) == BATCH:
            products.bulk_update(rows, ['slug'])
            rows.clear()
    products.bulk_update(rows, ['slug'])


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0003_approval_extra'),
        ('businesses', '0003_require_approval'),
    ]

    operations = [
        migrations.CreateModel(
            name='TaxRate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=invoicing.lib.ids.uuid7, editable=False, unique=True)),
                ('created_at', models.DateTimeField(default=invoicing.lib.clock.now, editable=False)),
                ('code', models.CharField(blank=True, help_text='Made from the name, where it is empty.', max_length=50, validators=[CODE])),
                ('name', models.CharField(max_length=200)),
                ('rate', models.DecimalField(decimal_places=4, max_digits=7, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)])),
                ('tax_category', models.CharField(choices=[('S', 'Standard rate'), ('Z', 'Zero rated'), ('E', 'Exempt'), ('AE', 'Reverse charge'), ('K', 'Intra-community supply'), ('G', 'Export'), ('O', 'Outside the scope of tax')], default='S', max_length=2)),
                ('active', models.BooleanField(default=True)),
                ('metadata', models.JSONField(blank=True, default=dict)),
                ('extra', models.JSONField(default=dict, editable=False, help_text='What another wire format only keeps and gives back, by its name.')),
                ('name_folded', models.CharField(editable=False, max_length=400)),
                ('deleted_at', models.DateTimeField(editable=False, null=True)),
                ('updated_at', businesses.models.UpdatedAt(editable=False)),
                ('business', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='businesses.business')),
            ],
            options={
                'indexes': [
                    models.Index(fields=['business', '-id'], name='tax_rate_newest'),
                    models.Index(fields=['business', 'name_folded', 'id'], name='tax_rate_by_name'),
                    models.Index(fields=['business', 'updated_at', 'id'], name='tax_rate_by_update'),
                ],
                'constraints': [models.UniqueConstraint(fields=('business', 'code'), name='tax_rate_code_once')],
            },
        ),
        migrations.AddField(
            model_name='product',
            name='slug',
            field=models.CharField(editable=False, help_text='The name as a word of a URL, or what a program chose; for ever.', max_length=50, null=True, validators=[CODE]),
        ),
        migrations.RunPython(give_slugs, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name='product',
            constraint=models.UniqueConstraint(fields=('business', 'slug'), name='product_slug_once'),
        ),
    ]
