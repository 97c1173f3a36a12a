"""``%appsync`` and ``%%appsync``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gql.transport.exceptions import TransportQueryError
from graphql import OperationDefinitionNode, OperationType, get_operation_ast
from IPython.core.magic import Magics, line_cell_magic, magics_class
from IPython.display import display

from ..data.paginate import paginate
from ..exceptions import ConfigurationError
from ..http.request_body import gql
from .arguments import COMMANDS, QueryArguments, command_of, query_arguments
from .card import card_lines
from .connections import Connection, Connections
from .live import EventLog, SubscriptionReader, follow
from .markup import card_html, card_text, mime_bundle, pre_html, rows_html, rows_text
from .problems import is_expected, problem_text
from .result import Result
from .sign_in import Prompts, sign_in
from .variables import variables_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from gql import GraphQLRequest
    from graphql import DocumentNode

__all__ = ["AppSyncMagics", "CellError"]

_SHOWN = 20
"""Events of a subscription in the live table; all are in the record."""


class CellError(Exception):
    """Ends a cell with a text in place of a traceback."""

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows in place of a traceback.

        https://ipython.readthedocs.io/en/stable/config/integrating.html
        """
        return [str(self)]


@magics_class
class AppSyncMagics(Magics):
    """The magics, and the connections that they have made."""

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self.connections = Connections()

    @line_cell_magic
    def appsync(self, line: str, cell: str | None = None) -> Any:
        """Connect, sign in, and execute GraphQL; ``%appsync help`` lists the commands."""
        document: list[DocumentNode] = []
        try:
            if cell is None:
                return self._command(line)
            return self._execute(query_arguments(line), cell, document)
        except KeyboardInterrupt:
            raise CellError(_interrupted(document)) from None
        except Exception as error:
            if not is_expected(error):
                raise
            self._keep_data(error)
            text = problem_text(error, document[0] if document else None)
            raise CellError(text) from None

    # -- commands ---------------------------------------------------------------------

    def _command(self, line: str) -> None:
        command, options = command_of(line)
        if command == "help":
            _show(pre_html(COMMANDS), COMMANDS)
        elif command == "connect":
            made = self.connections.add(
                options["file"], options["name"], mode=options["auth"], user=options["user"]
            )
            self._show_card(made)
        elif command == "use":
            self._show_card(self.connections.use(options["name"]))
        elif command == "status":
            connection = self.connections.get(options["on"])
            connection.check()
            self._show_card(connection)
        elif command == "sign-in":
            self._sign_in(options)
        else:
            connection = self.connections.get(options["on"])
            connection.store().blocking.sign_out()
            _show(pre_html("Signed out."), "Signed out.")

    def _sign_in(self, options: dict[str, Any]) -> None:
        store = sign_in(self.connections.get(options["on"]), options, Prompts(_show))
        status = store.status()
        text = f"Signed in as {status.username} (user pool {status.user_pool_id})."
        _show(pre_html(text), text)

    def _show_card(self, connection: Connection) -> None:
        status = connection.store().status() if connection.has_user_pool else None
        lines = card_lines(
            url=connection.config.url,
            mode=connection.mode,
            user_pool_id=connection.config.user_pool_id,
            status=status,
            others=self.connections.others(connection),
        )
        title = f"AppSync: {connection.name}"
        _show(card_html(title, lines), card_text(title, lines))

    # -- operations -------------------------------------------------------------------

    def _execute(self, options: QueryArguments, cell: str, document: list[DocumentNode]) -> Any:
        connection = self.connections.get(options.on)
        request = gql(cell)
        document.append(request.document)
        operation = _operation_of(request.document, options.operation)
        request.operation_name = options.operation
        shell: Any = self.shell
        request.variable_values = variables_of(
            operation,
            json_text=options.vars,
            pairs=options.var,
            evaluate=lambda expression: eval(expression, shell.user_ns),  # noqa: S307 - the user's
            namespace=shell.user_ns,
            paginated=options.paginate is not None,
        )
        auth = None if options.auth is None else connection.auth(options.auth)
        if operation.operation is OperationType.SUBSCRIPTION:
            return self._subscribe(connection, request, options, auth)
        result = Result(_data_of(connection, request, options, auth))
        found = _converted(result, options.to)
        if options.save:
            shell.user_ns[options.save] = found
        return found

    def _subscribe(
        self, connection: Connection, request: GraphQLRequest, options: QueryArguments, auth: Any
    ) -> None:
        """Show a table that grows, until an interrupt; it stays as a record."""
        log = EventLog()
        replace: list[Callable[[str, str], None]] = []

        def update() -> None:
            if replace:
                replace[0](*_log_markup(log))
            else:
                replace.append(_show(*_log_markup(log)))

        arguments = {} if auth is None else {"auth": auth}
        reader = SubscriptionReader(connection.client, request, **arguments)
        try:
            follow(reader, log, until=options.until, update=update)
        finally:
            if options.save:
                shell: Any = self.shell
                shell.user_ns[options.save] = _converted(Result(log.events), options.to)

    def _keep_data(self, error: BaseException) -> None:
        """Show the data that came beside errors."""
        data = getattr(error, "data", None)
        if isinstance(error, TransportQueryError) and isinstance(data, dict) and any(data.values()):
            display(Result(data))  # type: ignore[no-untyped-call]


def _interrupted(document: list[DocumentNode]) -> str:
    found = [d for part in document for d in part.definitions]
    mutation = any(getattr(d, "operation", None) is OperationType.MUTATION for d in found)
    return "Interrupted." + " The mutation may have been executed." * mutation


def _operation_of(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operation = get_operation_ast(document, name)
    if operation is None:
        found = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
        names = ", ".join(d.name.value for d in found if d.name)
        if not found:
            raise ConfigurationError("The cell has no operation, only fragments.")
        raise ConfigurationError(
            f"The cell has {len(found)} operations: choose one with --operation NAME ({names})."
        )
    return operation


def _data_of(
    connection: Connection, request: GraphQLRequest, options: QueryArguments, auth: Any
) -> Any:
    arguments = {} if auth is None else {"extra_args": {"auth": auth}}
    if options.paginate is None:
        return connection.client.execute(request, **arguments)
    items = paginate(
        connection.client,
        request,
        options.paginate,
        limit=options.limit,
        execute_args=arguments or None,
    )
    return list(items)


def _converted(result: Result, to: str | None) -> Any:
    if to == "df":
        return result.to_pandas()
    if to == "polars":
        return result.to_polars()
    return result.data if to == "data" else result


def _log_markup(log: EventLog) -> tuple[str, str]:
    events = log.events[-_SHOWN:]
    data = [next(iter(event.values()), None) if len(event) == 1 else event for event in events]
    hidden = len(log.events) - len(events)
    title = log.title + (f"; the last {_SHOWN} are shown" if hidden else "")
    gaps = "".join(f"\nEvents may have been missed: {reason}" for reason in log.gaps[-3:])
    return rows_html(title + gaps, data), rows_text(title + gaps, data)


def _show(markup: str, text: str) -> Callable[[str, str], None]:
    """Display HTML and text; return a function that replaces them."""
    handle = display(mime_bundle(markup, text), raw=True, display_id=True)  # type: ignore[no-untyped-call]

    def replace(markup: str, text: str) -> None:
        if handle is not None:
            handle.update(mime_bundle(markup, text), raw=True)

    return replace
