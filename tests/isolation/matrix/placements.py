"""Objects by their place: whose they are, in which collection they are, and which users have which right on them.

The rights are stated here independently of the code under test.
"""

from enum import Enum

from tests.access import PEOPLE


class Right(Enum):
    """A right on an object. Those who have one that is not SEE can also see the object."""

    SEE = "see"
    CHANGE = "change"
    WRITE = "add and remove documents of a collection"
    MANAGE = "change a collection and the access to it"
    RESET = "reset the password of a user"
    GROUP = "change the groups of a user"


Users = frozenset[str]
Rights = dict[Right, Users]

EVERYONE: Users = frozenset(PEOPLE)
NO_ONE: Users = frozenset()
ADMINS: Users = frozenset({"admin", "local"})
MEMBERS: Users = frozenset({"reader", "writer", "manager"}) | ADMINS
WRITERS: Users = frozenset({"writer", "manager"}) | ADMINS
MANAGERS: Users = frozenset({"manager"}) | ADMINS

OWN, FOREIGN = "of the user", "of another user"
WRITABLE, ASSIGNED, UNASSIGNED = "writable by everyone", "assigned to some", "assigned to no one"
"""Collections: everyone may write into the first, `reader`, `writer` and `manager` are members of the second."""
LENT = "of another user in the collection assigned to some"
DELETED, NEVER, OTHER_TYPE = "deleted", "never existed", "of another type"


def _seen(see: Users, **others: Users) -> Rights:
    return {Right.SEE: see} | {Right[name.upper()]: users for name, users in others.items()}


_OF_DOCUMENTS: dict[str, Rights] = {
    OWN: _seen(EVERYONE, change=EVERYONE),
    FOREIGN: _seen(NO_ONE),
    WRITABLE: _seen(EVERYONE, change=EVERYONE),
    ASSIGNED: _seen(MEMBERS, change=WRITERS),
    LENT: _seen(MEMBERS, change=NO_ONE),
    UNASSIGNED: _seen(ADMINS, change=ADMINS),
}
_OF_ONE_USER: dict[str, Rights] = {OWN: _seen(EVERYONE), FOREIGN: _seen(NO_ONE)}

PLACEMENTS: dict[str, dict[str, Rights]] = {
    "Document": _OF_DOCUMENTS,
    "Chunk": _OF_DOCUMENTS,
    "Session": _OF_ONE_USER,
    "Message": _OF_ONE_USER,
    "Prompt": _OF_ONE_USER,
    "Login": _OF_ONE_USER,
    "ApiKey": _OF_ONE_USER,
    "User": {
        OWN: _seen(EVERYONE, change=EVERYONE, reset=NO_ONE, group=ADMINS),
        FOREIGN: _seen(MANAGERS, change=ADMINS, reset=ADMINS, group=ADMINS),
    },
    "Group": {OWN: _seen(EVERYONE), FOREIGN: _seen(MANAGERS)},
    "Collection": {
        WRITABLE: _seen(EVERYONE, write=EVERYONE, manage=ADMINS),
        ASSIGNED: _seen(MEMBERS, write=WRITERS, manage=MANAGERS),
        UNASSIGNED: _seen(ADMINS, write=ADMINS, manage=ADMINS),
    },
    "Invitation": {FOREIGN: _seen(ADMINS)},
    "AuditEntry": {FOREIGN: _seen(frozenset({"local"}))},
    "Model": {FOREIGN: _seen(EVERYONE)},
    "Provider": {FOREIGN: _seen(EVERYONE)},
}
"""For each type and place, the users who have each right. A message is an answer; prompts are messages, too.
An administrator's key with the limit WRITE has the rights of a user. Users see other users and their
groups if they manage a collection."""

UNKNOWN: dict[str, Rights] = {DELETED: _seen(NO_ONE), NEVER: _seen(NO_ONE), OTHER_TYPE: _seen(NO_ONE)}
"""Places of ids that find nothing, for every type."""
NOT_DELETED = frozenset({"Model", "Provider"})
"""Types whose objects are not rows."""


def places_of(kinds: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return every type and place of an id for an argument that accepts these types."""
    found = [(kind, place) for kind in kinds for place in (*PLACEMENTS[kind], DELETED, NEVER)]
    typed = [] if len(kinds) == len(PLACEMENTS) else [(kinds[0], OTHER_TYPE)]
    return [each for each in found if each[1] != DELETED or each[0] not in NOT_DELETED] + typed


def rights_on(kind: str, place: str) -> Rights:
    return (PLACEMENTS[kind] | UNKNOWN)[place]
