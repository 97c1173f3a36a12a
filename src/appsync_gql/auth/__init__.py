"""Authorization modes: the headers that authorize one operation."""
