"""The commands of ``appsync-gql``, one module for each group."""
