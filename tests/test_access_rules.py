"""Rules of access: every store method takes the scope of its caller, and only `bootstrap/` has the scope of the server."""

import ast
import inspect
from collections.abc import Iterator
from importlib import import_module

import pytest

from services.interfaces.access.api_key_store import ApiKeyStore
from services.interfaces.access.audit_store import AuditStore
from services.interfaces.access.collection_store import CollectionStore
from services.interfaces.access.erasure_store import ErasureStore
from services.interfaces.access.grant_store import GrantStore
from services.interfaces.access.group_store import GroupStore
from services.interfaces.access.invitation_store import InvitationStore
from services.interfaces.access.login_store import LoginStore
from services.interfaces.access.user_store import UserStore
from services.interfaces.chunk_store import ChunkStore
from services.interfaces.document_store import DocumentStore
from services.interfaces.message_store import MessageStore
from services.interfaces.session_store import SessionStore
from services.interfaces.statistics_store import StatisticsStore
from services.interfaces.usage_store import UsageStore
from tests.paths import ROOT
from tests.support.source import modules, public_methods

SCOPED: tuple[type, ...] = (
    SessionStore, MessageStore, DocumentStore, ChunkStore, UserStore, LoginStore, ApiKeyStore, InvitationStore, AuditStore,
    CollectionStore, GrantStore, GroupStore, ErasureStore, UsageStore, StatisticsStore,
)  # fmt: skip
AUTHENTICATING = {
    "LoginStore": {"create", "find_user", "use_refresh_token", "end_all", "end_family", "remove_expired"},
    "ApiKeyStore": {"find_by_prefix", "set_used"},
    "InvitationStore": {"find_valid"},
    "AuditStore": {"add", "add_attempt"},
    "CollectionStore": {"members"},
    "ErasureStore": {"interrupted_users", "finish_user"},
}
"""Methods of scoped stores without a scope: they authenticate a request, act on a log-in whose secret was presented, or
select the users who receive an event."""
UNSCOPED = {
    "IngestionStore": "the jobs of the server; it is opened with the scope of the server's own work",
    "StagingStore": "the jobs of the server; it is opened with the scope of the server's own work",
    "KeywordIndex": "its searches take the scope first; its other methods read no rows",
    "VectorIndex": "searches the documents that DocumentStore.resolve_scope returned",
    "ModelSettingsStore": "settings of the server",
    "Originals": "files by their content, whose hash is read from a document of the scope",
    "StorageTotals": "numbers without content",
    "AccountStore": "resolves the scope",
    "LoginDelayStore": "counts attempts of people who are not logged in",
    "SecretKeys": "keys of the server",
}
"""Interfaces of stores whose methods take no scope, with the reason."""
SCOPES = ("AccessScope", "AnyScope")


def interfaces() -> Iterator[type]:
    """Yield the interfaces that `services/interfaces/` declares."""
    for path in sorted((ROOT / "services" / "interfaces").rglob("[a-z]*.py")):
        module = import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
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
    for name in AUTHENTICATING.get(interface.__name__, ()):
        del methods[name]
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


MODE_PACKAGES = ("records/access/", "services/access/", "schema/access/", "bootstrap/", "settings.py")
"""The places that know whether the server has accounts. Everywhere else, one person is the only one of many users."""


def test_only_access_distinguishes_servers_with_and_without_accounts() -> None:
    distinguishing = {
        name
        for name, tree in modules().items()
        if not name.startswith(("tests/", "benchmarks/", *MODE_PACKAGES))
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr == "has_accounts")
        or (isinstance(node, ast.Name) and node.id == "AccountsMode")
    }
    assert distinguishing == set()
