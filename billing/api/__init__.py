"""The native API of billing: parse, get, call, represent."""
