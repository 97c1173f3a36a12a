"""The token store: the current tokens of one user, and how they are renewed."""
