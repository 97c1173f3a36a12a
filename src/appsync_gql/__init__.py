"""A gql transport for AWS AppSync whose tokens never expire under a request."""

__version__ = "0.1.0"
