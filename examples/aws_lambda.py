"""An AWS Lambda function that queries AppSync, authorized by its role (IAM).

In AWS only the first part is needed, with your API's URL in the variable API_URL. This script
calls the handler against a local emulator that verifies signatures: python examples/aws_lambda.py
Needs ``pip install "appsync-gql[testing]"``.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any

import botocore.auth
import botocore.credentials  # noqa: F401 - with the line above: what the first signature needs
from gql import Client

from appsync_gql import BlockingAppSyncTransport, IamAuth, gql
from appsync_gql.testing import Emulator

ITEM = "query Item($id: ID!) { item(id: $id) { id name } }"


@lru_cache
def client() -> Client:
    """Return the client, created once for each execution environment."""
    return Client(transport=BlockingAppSyncTransport(os.environ["API_URL"], auth=IamAuth()))


def handler(event: dict[str, Any], _context: object) -> Any:
    """Return an item; called by AWS Lambda."""
    return client().execute(gql(ITEM, variable_values={"id": event["id"]}))["item"]


def main() -> None:
    """Call the handler as AWS Lambda does, with temporary credentials in the environment."""
    with Emulator.in_thread(iam_credentials={}, region="eu-west-1") as emulator:
        role = emulator.issue_iam_credentials(lifetime=3600)
        os.environ |= {
            "API_URL": emulator.graphql_url,
            "AWS_ACCESS_KEY_ID": role.access_key_id,
            "AWS_SECRET_ACCESS_KEY": str(role.secret_access_key),
            "AWS_SESSION_TOKEN": str(role.session_token),
            "AWS_DEFAULT_REGION": "eu-west-1",
        }
        for number in range(3):
            print(handler({"id": str(number)}, None))


if __name__ == "__main__":
    main()
