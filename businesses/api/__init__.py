"""The caller's own business and key."""
