"""AppSync's real-time protocol: one socket, many subscriptions that outlive it."""
