"""The tax categories of EN 16931 (UNCL 5305)."""

from django.db import models


class TaxCategory(models.TextChoices):
    """Why a line bears the rate it bears."""

    STANDARD = "S", "Standard rate"
    ZERO = "Z", "Zero rated"
    EXEMPT = "E", "Exempt"
    REVERSE_CHARGE = "AE", "Reverse charge"
    INTRA_COMMUNITY = "K", "Intra-community supply"
    EXPORT = "G", "Export"
    OUTSIDE_SCOPE = "O", "Outside the scope of tax"
