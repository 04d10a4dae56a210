"""How people's dates are written."""
