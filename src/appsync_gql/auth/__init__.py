"""Authorization modes: what gives headers to one operation."""
