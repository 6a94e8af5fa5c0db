"""Rules of access: every store method takes the scope of its caller, and only `bootstrap/` has the scope of the server."""

import ast
import inspect
from collections.abc import Iterator
from importlib import import_module

import pytest

from services.interfaces.chunk_store import ChunkStore
from services.interfaces.document_store import DocumentStore
from services.interfaces.message_store import MessageStore
from services.interfaces.session_store import SessionStore
from tests.paths import ROOT
from tests.support.source import modules, public_methods

SCOPED: tuple[type, ...] = (SessionStore, MessageStore, DocumentStore, ChunkStore)
UNSCOPED = {
    "IngestionStore": "the jobs of the server; it is opened with the scope of the server's own work",
    "StagingStore": "the jobs of the server; it is opened with the scope of the server's own work",
    "KeywordIndex": "its searches take the scope first; its other methods read no rows",
    "VectorIndex": "searches the documents that DocumentStore.resolve_scope returned",
    "ModelSettingsStore": "settings of the server",
    "Originals": "files by their content, whose hash is read from a document of the scope",
    "StorageTotals": "numbers without content",
    "UserStore": "resolves the scope",
}
"""Interfaces of stores whose methods take no scope, with the reason."""
SCOPES = ("AccessScope", "AnyScope")


def interfaces() -> Iterator[type]:
    """Yield the interfaces that `services/interfaces/` declares."""
    for path in sorted((ROOT / "services" / "interfaces").glob("[a-z]*.py")):
        module = import_module(f"services.interfaces.{path.stem}")
        yield from (
            each for each in vars(module).values() if inspect.isclass(each) and each.__module__ == module.__name__
        )


def test_every_interface_of_a_store_is_scoped_or_has_a_reason() -> None:
    assert {each.__name__ for each in interfaces()} == {each.__name__ for each in SCOPED} | set(UNSCOPED)


@pytest.mark.parametrize("interface", SCOPED)
def test_every_method_of_a_scoped_store_takes_the_scope_first(interface: type) -> None:
    source = ast.parse(inspect.getsource(interface)).body[0]
    assert isinstance(source, ast.ClassDef)
    methods = {each.name: each.args for each in source.body if isinstance(each, ast.AsyncFunctionDef)}
    assert sorted(methods) == sorted(public_methods(interface))
    for name, arguments in methods.items():
        scope = arguments.args[1]
        assert scope.arg == "scope", name
        assert scope.annotation is not None, name
        assert ast.unparse(scope.annotation) in SCOPES, name
        assert not arguments.defaults or len(arguments.defaults) < len(arguments.args) - 1, (
            f"{name} has a default scope"
        )


def test_only_one_module_makes_the_scope_of_the_server() -> None:
    makers = {
        name
        for name, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "SystemScope"
    }
    assert makers == {"records/access/system_scope.py"}
