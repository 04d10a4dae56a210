"""Products, documents, payments, the ledger, balances and statements."""
