"""The GraphQL API: authorizes callers and executes operations. It opens no sockets."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from graphql import FieldNode, GraphQLError, execute

from .executable_schema import executable
from .field_authorization import not_authorized
from .operations import Operation, OperationReader
from .responses import ApiResponse, field_error, malformed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .authorization import Authorization, AuthorizationRequest
    from .resolvers import Caller, Resolvers

__all__ = ["Api"]


class Api:
    """One API: a schema with resolvers, and the authorization modes that protect it.

    Args:
        schema: in SDL.
        resolvers: see :data:`Resolvers`.
        authorization: the API's modes.

    Attributes:
        schema: the executable schema.
        authorization: as given.
    """

    def __init__(self, schema: str, resolvers: Resolvers, authorization: Authorization) -> None:
        self.authorization = authorization
        self.schema = executable(
            schema,
            resolvers,
            single_mode=authorization.single_mode,
            default_mode=authorization.default_mode,
            denied_fields=authorization.denies_fields,
        )
        self._reader = OperationReader(self.schema)

    def read(self, raw: bytes, *, realtime: bool = False) -> Operation:
        """Read the operation out of a body; see :meth:`OperationReader.read`."""
        return self._reader.read(raw, realtime=realtime)

    async def authorize(self, request: AuthorizationRequest) -> Caller:
        """Return who sent the request.

        Raises:
            AuthorizationFailed: AppSync would refuse the request.
        """
        return await self.authorization.authorize(request)

    async def execute(
        self, caller: Caller, operation: Operation, root: Mapping[str, Any] | None = None
    ) -> ApiResponse:
        """Execute an operation; return the reason if it can't be executed.

        Args:
            caller: who sent it.
            operation: what to execute.
            root: for a subscription, the event by the field's name; ``None`` for no event.
        """
        if operation.problem is not None or operation.document is None:
            return operation.problem or malformed("Unable to parse GraphQL query.")
        outcome = execute(
            self.schema,
            operation.document,
            root_value=root,
            context_value=caller,
            variable_values=operation.variables,
            operation_name=operation.chosen,
        )
        result = await outcome if inspect.isawaitable(outcome) else outcome
        body: dict[str, Any] = {"data": result.data}
        if result.errors:
            body["errors"] = [field_error(e) for e in result.errors]
        return ApiResponse(200, body)

    def deny(self, operation: Operation) -> ApiResponse:
        """Respond as if the caller had no permission for any root field; execute nothing."""
        if operation.problem is not None or operation.node is None:
            return operation.problem or malformed("Unable to parse GraphQL query.")
        owner = (operation.kind or "").capitalize()
        data: dict[str, None] = {}
        errors = []
        for node in operation.node.selection_set.selections:
            if isinstance(node, FieldNode):
                key = node.alias.value if node.alias else node.name.value
                denial = not_authorized(owner, node.name.value)
                error = GraphQLError(str(denial), [node], path=[key], original_error=denial)
                data[key] = None
                errors.append(field_error(error))
        return ApiResponse(200, {"data": data, "errors": errors})
