"""Every root field of the schema, over HTTP, by every kind of credentials: who is rejected, and how.

The operations are generated from the schema with values of the right types and ids of objects that never existed, so a
field that is added is tested without further work. What a permitted field finds is tested in `tests/isolation`.
"""

from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
)

from persistence.database.database import Database
from records.access import AccountsMode, KeyLimit, Role
from records.ids import SessionId
from schema.build import build_schema
from schema.common import global_ids
from schema.permissions import LIMITS, PERMISSIONS
from tests.accounts.server import EMAIL, AccountsServer, open_accounts

SCHEMA = build_schema()._schema
PERSONAS = {
    "nobody": (None, None),
    "forged": (None, None),
    "user": (Role.USER, None),
    "admin": (Role.ADMIN, None),
    "superadmin": (Role.SUPERADMIN, None),
    **{f"key of a user, {limit.value}": (Role.USER, limit) for limit in (KeyLimit.READ, KeyLimit.WRITE)},
    **{f"key of the superadmin, {limit.value}": (Role.SUPERADMIN, limit) for limit in KeyLimit},
}
"""The role and the limit of the API key of each kind of credentials; no role for nobody."""


def value_of(kind: GraphQLInputType) -> Any:
    """Return a value of an input type: ids that never existed, and the smallest values of other types."""
    if isinstance(kind, GraphQLNonNull):
        return value_of(kind.of_type)
    if isinstance(kind, GraphQLList):
        return [value_of(kind.of_type)]
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    if isinstance(kind, GraphQLInputObjectType):
        required = {name: field for name, field in kind.fields.items() if isinstance(field.type, GraphQLNonNull)}
        chosen = required or (dict([next(iter(kind.fields.items()))]) if kind.is_one_of else {})
        return {name: value_of(field.type) for name, field in chosen.items()}
    values = {"ID": global_ids.SESSION.encode(SessionId(404)), "Int": 1, "Float": 1.0, "Boolean": False}
    return values.get(kind.name, "x")


def selection_of(kind: Any) -> str:
    named = get_named_type(kind)
    return "" if is_leaf_type(named) else "{ __typename }"


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    """Return the name, the document and the variables of an operation for each root field of queries and mutations."""
    found = []
    for root, word in ((SCHEMA.query_type, "query"), (SCHEMA.mutation_type, "mutation")):
        assert isinstance(root, GraphQLObjectType)
        for name, field in root.fields.items():
            found.append((name, *_operation(word, name, field)))
    return found


def _operation(word: str, name: str, field: GraphQLField) -> tuple[str, dict[str, Any]]:
    needed = {key: each for key, each in field.args.items() if isinstance(each.type, GraphQLNonNull)}
    declared = ", ".join(f"${key}: {each.type}" for key, each in needed.items())
    passed = ", ".join(f"{key}: ${key}" for key in needed)
    head = f"{word} ({declared}) {{ {name}({passed})" if needed else f"{word} {{ {name}"
    return f"{head} {selection_of(field.type)} }}", {key: value_of(each.type) for key, each in needed.items()}


def expected(name: str, persona: str) -> str | None:
    """Return the code with which a field is rejected before it is executed; None if it is executed."""
    role, limit = PERSONAS[persona]
    permission = PERMISSIONS[name]
    if role is None:
        return None if permission.is_open else "UNAUTHENTICATED"
    if permission.is_open and permission.limit is not None:
        return None
    if limit is not None and (permission.limit is None or LIMITS.index(limit) < LIMITS.index(permission.limit)):
        return "FORBIDDEN"
    return "FORBIDDEN" if permission.is_for_admins and role is Role.USER else None


async def credentials(server: AccountsServer, persona: str) -> str | None:
    role, limit = PERSONAS[persona]
    if role is None:
        return None if persona == "nobody" else "a.forged.token"
    token = await server.token() if role is Role.SUPERADMIN else await server.add_user("ben@example.org", role.value)
    return token if limit is None else await server.api_key(token, limit.value)


@pytest.mark.parametrize("persona", PERSONAS)
async def test_every_root_field_is_rejected_or_executed_as_its_permission_states(
    database: Database, tmp_path: Path, persona: str
) -> None:
    async with open_accounts(database, tmp_path, AccountsMode.INVITATION) as server:
        await server.set_up()
        secret = await credentials(server, persona)
        found: dict[str, str | None] = {}
        for name, document, variables in operations():
            if name == "logOut" and expected(name, persona) is None:
                continue  # it would end the log-in of the test
            async with server.client(secret) as client:
                reply = await client.post("/graphql", json={"query": document, "variables": variables})
            codes = [error.get("extensions", {}).get("code") for error in reply.json().get("errors", ())]
            gate = next((code for code in codes if code in ("FORBIDDEN", "UNAUTHENTICATED")), None)
            found[name] = gate
            assert reply.status_code == (401 if gate == "UNAUTHENTICATED" else 200), (name, reply.text)
        assert found == {name: expected(name, persona) for name in found}
        assert len(found) >= len(operations()) - 1
        users = (await server.run("{ users { nodes { email role active } } }", await server.token()))["users"]["nodes"]
        assert next(user for user in users if user["email"] == EMAIL) == {
            "email": EMAIL, "role": "SUPERADMIN", "active": True,
        }, "no operation of the matrix changed the superadmin"  # fmt: skip


def test_every_operation_selects_a_result_type() -> None:
    unions = [field.type for field in SCHEMA.mutation_type.fields.values()] if SCHEMA.mutation_type else []
    assert all(isinstance(get_named_type(each), GraphQLUnionType) for each in unions)
