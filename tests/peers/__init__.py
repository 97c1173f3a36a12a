"""Tests against programs that nobody of this project wrote, started here on loopback."""
