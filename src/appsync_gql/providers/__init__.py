"""Identity-provider adapters: sign in, refresh, revoke."""
