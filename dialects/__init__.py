"""Other systems' wire formats over the same services: authentication spelt their way, pure mappings, and no rule of their own.

Each folder is one format and knows no other. To add one: a folder with a view of its own (`door.py`, a subclass of
`dialects.door.DialectView`), inputs, a mapping, views, urls and tests (routes × scopes, another tenant's ids); a line in
invoicing/urls.py and in `dialects/refusals.py`; and a page in docs/formats.
"""
