"""Runs that take minutes: fleets, kills and soaks."""
