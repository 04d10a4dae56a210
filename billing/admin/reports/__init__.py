"""The reports of the admin: ageing, revenue, taxes and numbers; open to everybody who may view."""
