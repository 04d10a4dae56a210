from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

import businesses.models
import invoicing.lib.clock
import invoicing.lib.ids


class Migration(migrations.Migration):
    dependencies = [
        ("businesses", "0003_require_approval"),
        ("messaging", "0002_credit_note_mail"),
    ]

    operations = [
        migrations.CreateModel(
            name="Connection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uuid", models.UUIDField(default=invoicing.lib.ids.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(default=invoicing.lib.clock.now, editable=False)),
                ("provider", models.CharField(choices=[("twilio", "Twilio"), ("lob", "Lob")], max_length=10)),
                ("account", models.CharField(blank=True, max_length=64, verbose_name="account SID")),
                ("credential", models.TextField(editable=False)),
                ("credential_hint", models.CharField(editable=False, max_length=4)),
                ("sender", models.CharField(blank=True, max_length=64)),
                ("base_url", models.CharField(max_length=2000, verbose_name="base URL")),
                ("updated_at", businesses.models.UpdatedAt(editable=False)),
                (
                    "business",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="businesses.business",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("business", "provider"), name="connection_once"),
                    models.CheckConstraint(
                        condition=models.Q(("provider__in", ["twilio", "lob"])), name="connection_provider_known"
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="message",
            name="channel",
            field=models.CharField(
                choices=[("email", "E-mail"), ("sms", "Text message"), ("letter", "Letter")],
                default="email",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="postal",
            field=models.JSONField(blank=True, default=dict, editable=False, help_text="Of a letter: to and from."),
        ),
        migrations.AddField(
            model_name="message",
            name="provider_id",
            field=models.CharField(blank=True, default="", editable=False, max_length=64, verbose_name="provider's id"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="message",
            name="expected_delivery_date",
            field=models.DateField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="message",
            name="num_pages",
            field=models.PositiveSmallIntegerField(blank=True, editable=False, null=True, verbose_name="pages"),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(("channel__in", ["email", "sms", "letter"])), name="message_channel_known"
            ),
        ),
    ]
