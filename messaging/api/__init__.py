"""The native API of this app."""
