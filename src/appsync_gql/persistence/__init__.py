"""The durable copy of the tokens: load, save, delete, lock."""
