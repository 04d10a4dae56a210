"""Other systems' wire formats over the same services: authentication spelt their way, pure mappings, and no rule of their own.

Each folder is one format and knows no other. To add one: a folder with `authentication`, `errors`, `ids`, `mapping`,
`views` and `urls`, a line in invoicing/urls.py, its rows in dialects/tests/test_scopes.py, and a page in docs/formats.
"""
