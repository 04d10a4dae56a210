"""Whom a business bills."""
