"""Reports over a whole business: ageing, revenue, taxes, and the numbers of a series; each currency for itself."""
