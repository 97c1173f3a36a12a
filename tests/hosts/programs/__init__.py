"""What the hosts run: small programs that ask the API for several users."""
