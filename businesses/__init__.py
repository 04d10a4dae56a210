"""Who is calling and whose rows: tenants, members, keys, kept answers, audit, files."""
