from django.db import migrations, models
from django.utils.text import slugify

BATCH = 1000


def give_slugs(apps, schema_editor):
    """As customers/services makes them; the oldest customer of a name has it alone."""
    customers = apps.get_model('customers', 'Customer').objects.filter(slug=None).order_by('pk')
    seen, rows = set(), []
    for customer in customers.only('pk', 'business_id', 'name', 'number').iterator(BATCH):
        word = slugify(customer.name, allow_unicode=True)[:40].strip('-_') or 'customer'
        customer.slug = word
        if (customer.business_id, word) in seen:
            customer.slug = f'{word}-{slugify(customer.number, allow_unicode=True)[:30]}'
        if (customer.business_id, customer.slug) in seen:
            customer.slug = f'{word}-{customer.pk}'
        seen.add((customer.business_id, customer.slug))
        rows.append(customer)
        if len(rows) == BATCH:
            customers.bulk_update(rows, ['slug'])
            rows.clear()
    customers.bulk_update(rows, ['slug'])


class Migration(migrations.Migration):

    dependencies = [
        ('businesses', '0003_require_approval'),
        ('customers', '0002_customer_tags'),
    ]

    operations = [
        migrations.AddField(
            model_name='customer',
            name='extra',
            field=models.JSONField(default=dict, editable=False, help_text='What another wire format only keeps and gives back, by its name.'),
        ),
        migrations.AddField(
            model_name='customer',
            name='slug',
            field=models.CharField(editable=False, help_text='The name as a word of a URL; for ever.', max_length=80, null=True),
        ),
        migrations.RunPython(give_slugs, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name='customer',
            constraint=models.UniqueConstraint(fields=('business', 'slug'), name='customer_slug_once'),
        ),
    ]
