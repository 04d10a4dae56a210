from django.db import migrations, models


def of_customer(table):
    return models.Index(
        fields=["business", "customer", "currency", "effective_on", "id"],
        include=["amount_minor", "recorded_at", "invoice"],
        name=table,
    )


class Migration(migrations.Migration):

    dependencies = [
        ("billing", "0007_files"),
    ]

    operations = [
        migrations.RemoveIndex("entry", "entries_of_customer"),
        migrations.AddIndex("entry", of_customer("entries_of_customer")),
        migrations.RemoveIndex("allocation", "allocations_of_customer"),
        migrations.AddIndex("allocation", of_customer("allocations_of_customer")),
        migrations.AddIndex(
            "duedate",
            models.Index(
                fields=["business", "invoice", "effective_on", "recorded_at", "id"],
                include=["due_date"],
                name="due_dates_of_invoice",
            ),
        ),
    ]
