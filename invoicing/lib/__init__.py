"""Leaves: small modules that import nothing of ours."""
