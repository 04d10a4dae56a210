"""Customers, contacts and notes under /api/v1."""
