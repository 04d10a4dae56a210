from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('webhooks', '0002_replay_rotation_feed'),
    ]

    operations = [
        migrations.AlterField(
            model_name='endpoint',
            name='format',
            field=models.CharField(choices=[('oim', 'OnlineInvoiceMaker'), ('corebill', 'CoreBill'), ('invoiced', 'Invoiced')], default='oim', max_length=20),
        ),
    ]
