"""``python -m appsync_gql`` runs the command line, as ``appsync-gql`` does."""

from __future__ import annotations

from .cli import main

if __name__ == "__main__":
    main()
