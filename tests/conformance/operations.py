"""The operations of `tests/operations/`, for tools and clients."""

from dataclasses import dataclass
from pathlib import Path

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    Visitor,
    parse,
    print_ast,
    visit,
)
from graphql.language.ast import DefinitionNode

from tests.paths import ROOT

FOLDER = ROOT / "tests" / "operations"
SCHEMA = ROOT / "schema" / "schema.graphql"


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation with the fragments that it needs; `kind` is query, mutation or subscription."""

    name: str
    kind: str
    text: str


def operation_files() -> list[Path]:
    return sorted(FOLDER.glob("*.graphql"))


def document() -> DocumentNode:
    """Return all operations and fragments as one document."""
    return parse("\n".join(file.read_text(encoding="utf-8") for file in operation_files()))


def operations() -> list[Operation]:
    definitions = document().definitions
    fragments = {node.name.value: node for node in definitions if isinstance(node, FragmentDefinitionNode)}
    return [
        Operation(node.name.value, node.operation.value, _with_fragments(node, fragments))
        for node in definitions
        if isinstance(node, OperationDefinitionNode) and node.name
    ]


def _with_fragments(node: OperationDefinitionNode, fragments: dict[str, FragmentDefinitionNode]) -> str:
    needed: dict[str, DefinitionNode] = {}
    waiting = _spreads(node)
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed[name] = fragments[name]
            waiting += _spreads(fragments[name])
    return "\n\n".join(print_ast(part) for part in (node, *needed.values()))


class _Spreads(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: object) -> None:
        self.names.append(node.name.value)


def _spreads(node: DefinitionNode) -> list[str]:
    found = _Spreads()
    visit(node, found)
    return found.names
