"""A local AppSync and Cognito, and what else tests need."""
