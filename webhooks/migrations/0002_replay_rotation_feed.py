import businesses.models
import django.db.models.deletion
import invoicing.lib.clock
import invoicing.lib.ids
from django.db import migrations, models


def date_secrets(apps, schema_editor):
    """A secret that is there already is as old as its endpoint."""
    apps.get_model('webhooks', 'Endpoint').objects.update(secret_since=models.F('created_at'))


class Migration(migrations.Migration):

    dependencies = [
        ('businesses', '0002_audit_chain_public_links_credit_settings'),
        ('webhooks', '0001_events_endpoints_deliveries'),
    ]

    operations = [
        migrations.CreateModel(
            name='Replay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=invoicing.lib.ids.uuid7, editable=False, unique=True)),
                ('created_at', models.DateTimeField(default=invoicing.lib.clock.now, editable=False)),
                ('since', models.DateTimeField(null=True)),
                ('until', models.DateTimeField()),
                ('event_types', models.JSONField(default=list)),
                ('event_ids', models.JSONField(default=list)),
                ('states', models.JSONField(default=list)),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('running', 'Running'), ('done', 'Done'), ('stopped', 'Stopped')], default='queued', max_length=10)),
                ('count', models.PositiveIntegerField(default=0, help_text='How many events were found when it was asked for.')),
                ('done', models.PositiveIntegerField(default=0, help_text='How many of them are on their way (again).')),
                ('last_event', models.PositiveBigIntegerField(default=0)),
                ('updated_at', businesses.models.UpdatedAt(editable=False)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='attempt',
            name='attempt_once',
        ),
        migrations.RemoveConstraint(
            model_name='delivery',
            name='delivery_once',
        ),
        migrations.AddField(
            model_name='attempt',
            name='request_headers',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='attempt',
            name='url',
            field=models.CharField(default='', max_length=2000),
        ),
        migrations.AddField(
            model_name='endpoint',
            name='next_secret',
            field=models.TextField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='endpoint',
            name='next_secret_since',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='endpoint',
            name='secret_since',
            field=models.DateTimeField(default=invoicing.lib.clock.now, editable=False),
        ),
        migrations.AddField(
            model_name='event',
            name='position',
            field=models.PositiveBigIntegerField(editable=False, help_text='Its place in the catch-up feed of its business; see webhooks/feed.py.', null=True),
        ),
        migrations.AlterField(
            model_name='attempt',
            name='response',
            field=models.TextField(default='', help_text='The first 16 KiB of the answer.'),
        ),
        migrations.AlterField(
            model_name='endpoint',
            name='events',
            field=models.JSONField(help_text='Names of events, "invoice.*" for all of a kind, "*" for all.'),
        ),
        migrations.AlterField(
            model_name='endpoint',
            name='format',
            field=models.CharField(choices=[('oim', 'OnlineInvoiceMaker'), ('corebill', 'CoreBill')], default='oim', max_length=20),
        ),
        migrations.AlterField(
            model_name='endpoint',
            name='schedule',
            field=models.CharField(choices=[('oim', '1 min, 5 min, 30 min, 2 h, 24 h'), ('standard', '5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h')], default='oim', max_length=10),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('state', 'pending')), fields=['endpoint', 'next_attempt_at', 'id'], name='delivery_next'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('state', 'pending')), fields=['endpoint', 'event'], name='delivery_in_order'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('state__in', ['held', 'failed'])), fields=['endpoint', 'event'], name='delivery_not_made'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(('position', None)), fields=['business', 'id'], name='event_without_position'),
        ),
        migrations.AddConstraint(
            model_name='attempt',
            constraint=models.UniqueConstraint(fields=('delivery', 'business', 'number'), name='attempt_of_delivery_once'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(fields=('event', 'business', 'endpoint'), name='delivery_of_event_once'),
        ),
        migrations.AddConstraint(
            model_name='endpoint',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('next_secret', None), ('next_secret_since', None)), models.Q(('next_secret__isnull', False), ('next_secret_since__isnull', False)), _connector='OR'), name='endpoint_next_secret_dated'),
        ),
        migrations.AddConstraint(
            model_name='event',
            constraint=models.UniqueConstraint(fields=('business', 'position'), name='event_position_once'),
        ),
        migrations.AddField(
            model_name='replay',
            name='business',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='businesses.business'),
        ),
        migrations.AddField(
            model_name='replay',
            name='endpoint',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='replays', to='webhooks.endpoint'),
        ),
        migrations.AddIndex(
            model_name='replay',
            index=models.Index(fields=['business', 'endpoint', '-id'], name='replay_of_endpoint'),
        ),
        migrations.AddIndex(
            model_name='replay',
            index=models.Index(condition=models.Q(('state__in', ['queued', 'running'])), fields=['id'], name='replay_unfinished'),
        ),
        migrations.AddConstraint(
            model_name='replay',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['queued', 'running', 'done', 'stopped'])), name='replay_state_known'),
        ),
        migrations.RunPython(date_secrets, migrations.RunPython.noop),
    ]
