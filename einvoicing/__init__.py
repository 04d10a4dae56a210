"""Documents as data, and pure functions of them."""
