"""The words on documents, in English, German, French and Spanish."""

from __future__ import annotations

from typing import Final

LANGUAGES: Final = ("en", "de", "fr", "es")

_TABLE: Final[dict[str, tuple[str, str, str, str]]] = {
    "invoice": ("Invoice", "Rechnung", "Facture", "Factura"),
    "quotation": ("Quotation", "Angebot", "Devis", "Presupuesto"),
    "credit_note": ("Credit note", "Rechnungskorrektur", "Avoir", "Nota de crédito"),
    "receipt": ("Receipt", "Zahlungsbestätigung", "Reçu", "Recibo"),
    "statement": ("Statement", "Kontoauszug", "Relevé de compte", "Estado de cuenta"),
    "draft": ("DRAFT", "ENTWURF", "BROUILLON", "BORRADOR"),
    "from": ("From", "Von", "De", "De"),
    "bill_to": ("Bill to", "Rechnung an", "Facturé à", "Facturar a"),
    "quote_for": ("Prepared for", "Angebot für", "Préparé pour", "Preparado para"),
    "customer": ("Customer", "Kunde", "Client", "Cliente"),
    "received_from": ("Received from", "Erhalten von", "Reçu de", "Recibido de"),
    "ship_to": ("Ship to", "Lieferung an", "Livré à", "Enviar a"),
    "attention": ("Attn. {name}", "z. Hd. {name}", "À l’att. de {name}", "A la atención de {name}"),
    "tax_id": ("Tax ID", "USt-IdNr.", "N° TVA", "NIF-IVA"),
    "registration": ("Reg. no.", "Register-Nr.", "N° RCS", "N.º de registro"),
    "number": ("Number", "Nummer", "Numéro", "Número"),
    "issue_date": ("Issue date", "Datum", "Date d’émission", "Fecha de emisión"),
    "due_date": ("Due date", "Fällig am", "Échéance", "Vencimiento"),
    "valid_until": ("Valid until", "Gültig bis", "Valable jusqu’au", "Válido hasta"),
    "delivery_date": ("Delivery date", "Lieferdatum", "Date de livraison", "Fecha de entrega"),
    "period": ("Period", "Zeitraum", "Période", "Período"),
    "purchase_order": ("Purchase order", "Bestellnummer", "Bon de commande", "Orden de compra"),
    "reference": ("Reference", "Referenz", "Référence", "Referencia"),
    "buyer_reference": ("Your reference", "Ihr Zeichen", "Votre référence", "Su referencia"),
    "payment_terms": ("Payment terms", "Zahlungsziel", "Conditions", "Condiciones de pago"),
    "description": ("Description", "Beschreibung", "Description", "Descripción"),
    "quantity": ("Qty", "Menge", "Qté", "Cant."),
    "unit_price": ("Unit price", "Einzelpreis", "Prix unitaire", "Precio unitario"),
    "discount": ("Discount", "Rabatt", "Remise", "Descuento"),
    "line_discounts": ("Line discounts", "Positionsrabatte", "Remises sur lignes", "Descuentos por línea"),
    "total_discount": ("Discount on total", "Gesamtrabatt", "Remise globale", "Descuento global"),
    "amount": ("Amount", "Betrag", "Montant", "Importe"),
    "tax": ("Tax", "USt.", "TVA", "IVA"),
    "vat": ("VAT", "USt.", "TVA", "IVA"),
    "tax_on": ("{tax} {rate} on {base}", "{tax} {rate} auf {base}", "{tax} {rate} sur {base}", "{tax} {rate} de {base}"),
    "gross": ("Total before discounts", "Summe vor Rabatt", "Total avant remises", "Total antes de descuentos"),
    "subtotal": ("Subtotal", "Nettobetrag", "Total HT", "Base imponible"),
    "total": ("Total", "Gesamtbetrag", "Total TTC", "Total"),
    "amount_due": ("Amount due", "Zu zahlen", "Montant à payer", "Importe a pagar"),
    "credit_total": ("Credit total", "Gutschriftbetrag", "Total de l’avoir", "Total del abono"),
    "due_on": ("due {date}", "fällig am {date}", "à payer avant le {date}", "vence el {date}"),
    "valid_to": ("valid until {date}", "gültig bis {date}", "valable jusqu’au {date}", "válido hasta {date}"),
    "payment_details": ("Payment details", "Bankverbindung", "Coordonnées bancaires", "Datos de pago"),
    "account_holder": ("Account holder", "Kontoinhaber", "Titulaire", "Titular"),
    "bank_name": ("Bank", "Bank", "Banque", "Banco"),
    "iban": ("IBAN", "IBAN", "IBAN", "IBAN"),
    "bic": ("BIC", "BIC", "BIC", "BIC"),
    "account_number": ("Account no.", "Kontonummer", "N° de compte", "N.º de cuenta"),
    "routing_number": ("Routing no.", "Bankleitzahl", "Code banque", "Código bancario"),
    "payment_reference": ("Payment reference", "Verwendungszweck", "Référence du paiement", "Concepto"),
    "scan_to_pay": ("Scan to pay", "Zum Zahlen scannen", "Scanner pour payer", "Escanee para pagar"),
    "notes": ("Notes", "Anmerkungen", "Remarques", "Notas"),
    "terms": ("Terms", "Bedingungen", "Conditions", "Condiciones"),
    "tax_notes": ("Tax information", "Steuerhinweis", "Mentions fiscales", "Información fiscal"),
    "tax_AE": ("Reverse charge", "Steuerschuldnerschaft des Leistungsempfängers", "Autoliquidation",
               "Inversión del sujeto pasivo"),
    "tax_E": ("Exempt from tax", "Steuerfrei", "Exonéré de TVA", "Exento de IVA"),
    "tax_K": ("Intra-Community supply", "Innergemeinschaftliche Lieferung", "Livraison intracommunautaire",
              "Entrega intracomunitaria"),
    "tax_G": ("Export, exempt from tax", "Steuerfreie Ausfuhrlieferung", "Exportation exonérée", "Exportación exenta"),
    "tax_O": ("Not subject to tax", "Nicht steuerbar", "Hors champ de TVA", "No sujeto a IVA"),
    "page": ("Page {page} of {pages}", "Seite {page} von {pages}", "Page {page} sur {pages}", "Página {page} de {pages}"),
    "payment_date": ("Payment date", "Zahlungsdatum", "Date de paiement", "Fecha de pago"),
    "method": ("Method", "Zahlungsart", "Mode de paiement", "Forma de pago"),
    "amount_received": ("Amount received", "Erhaltener Betrag", "Montant reçu", "Importe recibido"),
    "unallocated": ("Kept as credit", "Guthaben", "Avoir disponible", "Saldo a favor"),
    "allocated": ("Applied to invoices", "Mit Rechnungen verrechnet", "Imputé aux factures", "Aplicado a facturas"),
    "invoice_total": ("Invoice total", "Rechnungsbetrag", "Total facture", "Total factura"),
    "paid": ("Paid", "Bezahlt", "Payé", "Pagado"),
    "still_due": ("Still due", "Noch offen", "Reste dû", "Pendiente"),
    "method_bank_transfer": ("Bank transfer", "Überweisung", "Virement bancaire", "Transferencia bancaria"),
    "method_check": ("Check", "Scheck", "Chèque", "Cheque"),
    "method_cash": ("Cash", "Bar", "Espèces", "Efectivo"),
    "method_card": ("Card", "Karte", "Carte", "Tarjeta"),
    "method_direct_debit": ("Direct debit", "Lastschrift", "Prélèvement", "Domiciliación bancaria"),
    "method_other": ("Other", "Sonstige", "Autre", "Otro"),
    "date": ("Date", "Datum", "Date", "Fecha"),
    "as_of": ("As of", "Stand", "Arrêté au", "A fecha de"),
    "transaction": ("Transaction", "Vorgang", "Opération", "Movimiento"),
    "balance": ("Balance", "Saldo", "Solde", "Saldo"),
    "opening": ("Opening balance", "Anfangssaldo", "Solde initial", "Saldo inicial"),
    "closing": ("Closing balance", "Endsaldo", "Solde final", "Saldo final"),
    "due": ("Due", "Offen", "Dû", "Pendiente"),
    "days_overdue": ("Days overdue", "Tage überfällig", "Jours de retard", "Días de retraso"),
    "total_due": ("Total due", "Offener Gesamtbetrag", "Total dû", "Total pendiente"),
    "only_past_due": ("Overdue invoices only", "Nur überfällige Rechnungen", "Factures échues seulement",
                      "Solo facturas vencidas"),
    "nothing_due": ("Nothing is due.", "Es ist nichts offen.", "Aucun montant n’est dû.", "No hay importes pendientes."),
    "nothing_moved": ("No transactions in this period.", "Keine Vorgänge in diesem Zeitraum.",
                      "Aucune opération sur cette période.", "Sin movimientos en este período."),
    "ageing": ("Ageing", "Fälligkeiten", "Échéancier", "Antigüedad"),
    "current_minor": ("Current", "Nicht fällig", "Non échu", "No vencido"),
    "days_1_30_minor": ("1–30 days", "1–30 Tage", "1–30 jours", "1–30 días"),
    "days_31_60_minor": ("31–60 days", "31–60 Tage", "31–60 jours", "31–60 días"),
    "days_61_90_minor": ("61–90 days", "61–90 Tage", "61–90 jours", "61–90 días"),
    "over_90_minor": ("Over 90 days", "Über 90 Tage", "Plus de 90 jours", "Más de 90 días"),
    "credit_minor": ("Credit", "Guthaben", "Crédit", "Crédito"),
    "entry_invoice": ("Invoice", "Rechnung", "Facture", "Factura"),
    "entry_payment": ("Payment", "Zahlung", "Paiement", "Pago"),
    "entry_credit_note": ("Credit note", "Rechnungskorrektur", "Avoir", "Nota de crédito"),
    "entry_refund": ("Refund", "Erstattung", "Remboursement", "Reembolso"),
    "entry_write_off": ("Write-off", "Ausbuchung", "Passage en perte", "Cancelación de deuda"),
    "entry_reversal": ("Reversal", "Storno", "Annulation", "Anulación"),
    "entry_adjustment": ("Adjustment", "Korrektur", "Ajustement", "Ajuste"),
}  # fmt: skip


class Labels:
    """The words of one language; `labels["total"]`."""

    def __init__(self, language: str) -> None:
        short = language.replace("_", "-").split("-")[0].lower()
        self.language = short if short in LANGUAGES else "en"
        self._place = LANGUAGES.index(self.language)

    def __getitem__(self, key: str) -> str:
        return _TABLE[key][self._place]

    def get(self, key: str, default: str) -> str:
        """The word for `key`, or `default` where there is none."""
        return _TABLE[key][self._place] if key in _TABLE else default
