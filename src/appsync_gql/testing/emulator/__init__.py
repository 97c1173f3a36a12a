"""A local AppSync API and Cognito user pool on loopback, for tests."""
