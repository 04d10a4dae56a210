"""Reads over several models."""
