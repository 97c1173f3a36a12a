"""Which parts of a query are pages: where their items, tokens and variables are. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphql import (
    ArgumentNode,
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    NameNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    Visitor,
    get_operation_ast,
    visit,
)

from ..exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["PageField", "page_fields", "skipping"]

_SKIP = DirectiveNode(
    name=NameNode(value="skip"),
    arguments=(ArgumentNode(name=NameNode(value="if"), value=BooleanValueNode(value=True)),),
)

_Fragments = dict[str, FragmentDefinitionNode]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageField:
    """One list of a query that comes in pages.

    Attributes:
        path: as the caller wrote it.
        keys: the response names from ``data`` to the page.
        items: the response name of its ``items``.
        token: the response name of its ``nextToken``.
        token_variable: the variable in the argument ``nextToken``.
        size_variable: the variable in the argument ``limit``; ``None`` without.
    """

    path: str
    keys: tuple[str, ...]
    items: str
    token: str
    token_variable: str
    size_variable: str | None


def page_fields(
    document: DocumentNode, operation_name: str | None, paths: list[str]
) -> list[PageField]:
    """Return the lists at these paths of a query.

    Args:
        document: the query.
        operation_name: which of its operations; ``None`` if there is one only.
        paths: response names separated by dots, such as ``listTodos`` or ``getUser.todos``.

    Raises:
        ConfigurationError: the query can't be repeated for further pages; the message says what
            is missing in it.
    """
    operation = get_operation_ast(document, operation_name)
    if operation is None or operation.operation is not OperationType.QUERY:
        raise _wrong("paginate() needs one query; give operation_name if there are several.")
    fragments = _fragments_of(document)
    fields = [_page_field(operation, fragments, path) for path in paths]
    variables = [field.token_variable for field in fields]
    for variable in variables:
        if variables.count(variable) > 1:
            raise _wrong(
                f"Several lists use the variable ${variable} as their nextToken: each needs a "
                "variable of its own."
            )
    return fields


def skipping(
    document: DocumentNode, operation_name: str | None, fields: list[PageField]
) -> DocumentNode:
    """Return the query with ``@skip(if: true)`` at these lists, whose last page has come."""
    operation = get_operation_ast(document, operation_name)
    if operation is None or not fields:
        return document
    fragments = _fragments_of(document)
    # By identity, since equal fields may stand in several places.
    skipped = {id(node) for field in fields for node in _nodes_at(operation, fragments, field.keys)}
    changed: DocumentNode = visit(document, _AddSkip(skipped))
    return changed


class _AddSkip(Visitor):
    def __init__(self, skipped: set[int]) -> None:
        super().__init__()
        self._skipped = skipped

    def enter_field(self, node: FieldNode, *_context: Any) -> FieldNode | None:
        if id(node) not in self._skipped:
            return None
        return FieldNode(
            alias=node.alias,
            name=node.name,
            arguments=node.arguments,
            directives=(*(node.directives or ()), _SKIP),
            selection_set=node.selection_set,
        )


def _page_field(operation: OperationDefinitionNode, fragments: _Fragments, path: str) -> PageField:
    keys = tuple(path.split("."))
    nodes = _nodes_at(operation, fragments, keys)
    names = {
        child.name.value: key
        for node in nodes
        for key, child in _children(node.selection_set, fragments)
    }
    for name in ("items", "nextToken"):
        if name not in names:
            raise _wrong(f"The query does not select {name!r} of {path}: {{ items nextToken }}.")
    token = _variable(nodes[0], "nextToken")
    if token is None:
        raise _wrong(
            f"{path} of the query has no variable for its next page: declare $nextToken: String "
            "and pass the argument (nextToken: $nextToken)."
        )
    return PageField(
        path=path,
        keys=keys,
        items=names["items"],
        token=names["nextToken"],
        token_variable=token,
        size_variable=_variable(nodes[0], "limit"),
    )


def _nodes_at(
    operation: OperationDefinitionNode, fragments: _Fragments, keys: tuple[str, ...]
) -> list[FieldNode]:
    """Return the nodes of a field; a query may name one field several times."""
    selections: list[SelectionSetNode | None] = [operation.selection_set]
    nodes: list[FieldNode] = []
    for depth, key in enumerate(keys):
        found = [pair for s in selections for pair in _children(s, fragments)]
        nodes = [node for name, node in found if name == key]
        if not nodes:
            above = ".".join(keys[:depth]) or "The query"
            there = ", ".join(dict.fromkeys(name for name, _ in found)) or "nothing"
            raise _wrong(f"{above} does not select {key!r}; it selects {there}.")
        selections = [node.selection_set for node in nodes]
    return nodes


def _children(
    selection_set: SelectionSetNode | None, fragments: _Fragments
) -> Iterator[tuple[str, FieldNode]]:
    """Yield the fields of a selection with their response names, those of fragments too."""
    for selection in selection_set.selections if selection_set else ():
        if isinstance(selection, FieldNode):
            yield (selection.alias or selection.name).value, selection
        elif isinstance(selection, InlineFragmentNode):
            yield from _children(selection.selection_set, fragments)
        elif isinstance(selection, FragmentSpreadNode) and selection.name.value in fragments:
            name = selection.name.value
            # A fragment that contains itself is invalid, and must not be followed for ever.
            others = {other: f for other, f in fragments.items() if other != name}
            yield from _children(fragments[name].selection_set, others)


def _variable(node: FieldNode, argument: str) -> str | None:
    for given in node.arguments or ():
        if given.name.value == argument and isinstance(given.value, VariableNode):
            return given.value.name.value
    return None


def _fragments_of(document: DocumentNode) -> _Fragments:
    found = (d for d in document.definitions if isinstance(d, FragmentDefinitionNode))
    return {fragment.name.value: fragment for fragment in found}


def _wrong(message: str) -> ConfigurationError:
    return ConfigurationError(message, setting="query")
