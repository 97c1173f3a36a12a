"""Tests against programs of other projects, which run on loopback."""
