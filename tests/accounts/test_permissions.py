"""The permission of every root field."""

import pytest

from records.access import NOBODY, AccessScope, KeyLimit, Role, Viewer
from records.errors import Forbidden, Unauthenticated
from records.ids import UserId
from schema.build import build_schema
from schema.permissions import ADMIN, LOGIN, OPEN, PERMISSIONS, READ, WRITE, authorize
from tests.fakes.access import KEY

ROOTS = {
    name: root.name
    for root in (lambda schema: (schema.query_type, schema.mutation_type, schema.subscription_type))(
        build_schema()._schema
    )
    if root is not None
    for name in root.fields
}


def viewer(role: Role | None, limit: KeyLimit | None = None) -> Viewer:
    if role is None:
        return Viewer(NOBODY, problem="Log in.")
    return Viewer(AccessScope(UserId(1), role, limit), api_key=None if limit is None else KEY)


def test_every_root_field_has_a_permission() -> None:
    assert set(ROOTS) == set(PERMISSIONS) - {"__typename", "__schema", "__type"}


def test_no_mutation_is_permitted_to_keys_for_reading() -> None:
    assert [name for name, root in ROOTS.items() if root == "Mutation" and PERMISSIONS[name] == READ] == []


def test_nobody_uses_open_fields_only() -> None:
    for name, permission in PERMISSIONS.items():
        if permission.is_open:
            authorize(viewer(None), [name])
        else:
            with pytest.raises(Unauthenticated, match="Log in"):
                authorize(viewer(None), ["viewer", name])


@pytest.mark.parametrize(
    ("permission", "limits", "roles"),
    [
        (OPEN, set(KeyLimit), set(Role)),
        (READ, set(KeyLimit), set(Role)),
        (WRITE, {KeyLimit.WRITE, KeyLimit.ADMIN}, set(Role)),
        (ADMIN, {KeyLimit.ADMIN}, {Role.ADMIN, Role.SUPERADMIN}),
        (LOGIN, set[KeyLimit](), set(Role)),
    ],
)
def test_roles_and_limits_of_keys(permission: object, limits: set[KeyLimit], roles: set[Role]) -> None:
    name = next(name for name, each in PERMISSIONS.items() if each is permission)
    for role in Role:
        assert permits(viewer(role), name) is (role in roles)
        for limit in KeyLimit:
            assert permits(viewer(role, limit), name) is (role in roles and limit in limits)


def permits(viewer: Viewer, name: str) -> bool:
    try:
        authorize(viewer, [name])
    except Forbidden:
        return False
    return True
