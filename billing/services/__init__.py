"""Every write of billing, one function each."""
