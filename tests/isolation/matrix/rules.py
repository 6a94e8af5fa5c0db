"""The table of the id arguments: for each id that a root field accepts, the type of its object and the right it needs."""

from dataclasses import dataclass, field
from typing import Any

from tests.isolation.matrix.placements import (
    ADMINS,
    ASSIGNED,
    EVERYONE,
    FOREIGN,
    OTHER_TYPE,
    OWN,
    PLACEMENTS,
    WRITABLE,
    Right,
    Users,
    rights_on,
)

FOUND, NOTHING, FORBIDDEN, REJECTED = "found", "nothing", "ForbiddenError", "rejected before execution"
ANY = tuple(PLACEMENTS)
PRINCIPALS = ("User", "Group")
SUPERADMIN: Users = frozenset({"local"})
WITH_LOG_IN: Users = EVERYONE - {"admin's key"}


@dataclass(frozen=True)
class Object:
    """An object that an operation names in another argument."""

    kind: str
    place: str


@dataclass(frozen=True)
class Rule:
    """An id argument: `kinds` are the types that it accepts, `right` is the right that the operation needs on the object."""

    kinds: tuple[str, ...]
    right: Right = Right.SEE
    users: Users = EVERYONE
    "The users who may use the root field."
    readers: Users = EVERYONE
    "The users for whom the field returns anything; it is empty for others, whatever the id."
    beside: tuple[Object, Right] | None = None
    "An object in another argument which is checked first, with the right that it needs."
    found: str = FOUND
    "The outcome for those who have the right: FOUND, or the type of an error that reports a state of the object."
    exceptions: dict[tuple[str, str], str] = field(default_factory=dict)
    "Other outcomes for users who have the right, by user and place."

    def outcome(self, user: str, kind: str, place: str) -> str:
        """Return the outcome that is expected for a user and an id."""
        if user not in self.users:
            return REJECTED
        if user not in self.readers:
            return NOTHING
        if place == OTHER_TYPE:
            return NOTHING  # all ids are decoded first, which depends on nothing but their text
        if self.beside is not None:
            named, right = self.beside
            first = _reach(user, rights_on(named.kind, named.place), right)
            if first != FOUND:
                return first
        reached = _reach(user, rights_on(kind, place), self.right)
        return self.exceptions.get((user, place), self.found) if reached == FOUND else reached


def _reach(user: str, rights: dict[Right, Users], right: Right) -> str:
    if user not in rights[Right.SEE]:
        return NOTHING
    return FOUND if user in rights[right] else FORBIDDEN


def _one(kind: str, right: Right = Right.SEE, users: Users = EVERYONE, **more: Any) -> Rule:
    return Rule((kind,), right, users, **more)


_CHANGE, _MANAGE = Right.CHANGE, Right.MANAGE
_MANAGED: dict[str, Any] = {"beside": (Object("Collection", ASSIGNED), Right.MANAGE)}
_WRITTEN: dict[str, Any] = {"beside": (Object("Collection", WRITABLE), Right.WRITE)}
_ENDED: dict[str, Any] = {"found": "ConflictError"}
"""The object is not in progress, so that it cannot be canceled."""
_MODEL, _ADMIN_MODEL = _one("Model"), _one("Model", users=ADMINS)

RULES: dict[str, Rule] = {
    "node.id": Rule(ANY),
    "nodes.ids": Rule(ANY),
    "document.id": _one("Document"),
    "documents.filter.sessionId": _one("Session"),
    "chunk.id": _one("Chunk"),
    "search.input.documentIds": _one("Document"),
    "search.input.collectionIds": _one("Collection"),
    "session.id": _one("Session"),
    "sessions.filter.documentId": _one("Document"),
    "message.id": _one("Message"),
    "models.filter.providerId": _one("Provider"),
    "model.id": _MODEL,
    "user.id": _one("User"),
    "users.filter.groupId": _one("Group"),
    "auditEntries.filter.actorId": _one("User", users=ADMINS, readers=SUPERADMIN),
    "auditEntries.filter.targetId": _one("Collection", users=ADMINS, readers=SUPERADMIN),
    "collection.id": _one("Collection"),
    "uploadDocument.input.sessionId": _one("Session"),
    "uploadDocument.input.collectionId": _one("Collection", Right.WRITE),
    "importDocument.input.sessionId": _one("Session"),
    "importDocument.input.collectionId": _one("Collection", Right.WRITE),
    "updateDocument.input.id": _one("Document", _CHANGE),
    "reprocessDocument.input.id": _one("Document", _CHANGE),
    "cancelIngestion.input.id": _one("Document", _CHANGE, **_ENDED),
    "deleteDocument.input.id": _one("Document", _CHANGE),
    "createSession.input.documentIds": _one("Document"),
    "createSession.input.collectionIds": _one("Collection"),
    "createSession.input.settings.modelId": _MODEL,
    "updateSession.input.id": _one("Session"),
    "updateSession.input.documentIds": _one("Document"),
    "updateSession.input.collectionIds": _one("Collection"),
    "updateSession.input.settings.modelId": _MODEL,
    "updateSession.input.headMessageId": _one("Message"),
    "deleteSession.input.id": _one("Session"),
    "forkSession.input.messageId": _one("Message"),
    "sendMessage.input.sessionId": _one("Session"),
    "sendMessage.input.documentIds": _one("Document"),
    "sendMessage.input.parentId": _one("Message"),
    "sendMessage.input.editsMessageId": _one("Prompt"),
    "regenerateMessage.input.messageId": _one("Message"),
    "regenerateMessage.input.modelId": _MODEL,
    "cancelGeneration.input.messageId": _one("Message", **_ENDED),
    "deleteMessage.input.id": _one("Message"),
    "rateMessage.input.id": _one("Message"),
    "loadModel.input.modelId": _ADMIN_MODEL,
    "unloadModel.input.modelId": _ADMIN_MODEL,
    "updateModelSettings.input.modelId": _ADMIN_MODEL,
    "deleteModel.input.modelId": _ADMIN_MODEL,
    "logOut.input.loginId": _one("Login", users=WITH_LOG_IN),
    "updateUser.input.id": _one("User", _CHANGE, WITH_LOG_IN),
    "updateUser.input.groupIds": _one("Group", users=WITH_LOG_IN, beside=(Object("User", OWN), Right.GROUP)),
    "updateUser.input.activeSessionId": _one("Session", users=WITH_LOG_IN),
    "deleteUser.input.id": _one("User", _CHANGE, WITH_LOG_IN, exceptions={("local", OWN): "ConflictError"}),
    "resetPassword.input.id": _one("User", Right.RESET, ADMINS),
    "createInvitation.input.groupIds": _one("Group", users=ADMINS),
    "revokeInvitation.input.id": _one("Invitation", users=ADMINS),
    "revokeApiKey.input.id": _one("ApiKey", users=WITH_LOG_IN),
    "createCollection.input.modelId": _ADMIN_MODEL,
    "createCollection.input.settings.modelId": _ADMIN_MODEL,
    "updateCollection.input.id": _one("Collection", _MANAGE),
    "updateCollection.input.modelId": _one("Model", **_MANAGED),
    "updateCollection.input.settings.modelId": _one("Model", **_MANAGED),
    "deleteCollection.input.id": _one("Collection", users=ADMINS),
    "addDocumentsToCollection.input.collectionId": _one("Collection", Right.WRITE),
    "addDocumentsToCollection.input.documentIds": _one("Document", _CHANGE, **_WRITTEN),
    "removeDocumentsFromCollection.input.collectionId": _one("Collection", Right.WRITE),
    "removeDocumentsFromCollection.input.documentIds": _one(
        "Document", exceptions={(user, WRITABLE): "ConflictError" for user in EVERYONE}, **_WRITTEN
    ),
    "grantAccess.input.collectionId": _one("Collection", _MANAGE),
    "grantAccess.input.principalIds": Rule(PRINCIPALS, **_MANAGED),
    "revokeAccess.input.collectionId": _one("Collection", _MANAGE),
    "revokeAccess.input.principalIds": Rule(PRINCIPALS, **_MANAGED),
    "createGroup.input.memberIds": _one("User", users=ADMINS),
    "updateGroup.input.id": _one("Group", users=ADMINS),
    "updateGroup.input.memberIds": _one("User", users=ADMINS),
    "deleteGroup.input.id": _one("Group", users=ADMINS),
    "messageEvents.messageId": _one("Message"),
    "sessionEvents.sessionId": _one("Session"),
    "modelEvents.modelId": _MODEL,
    "documentEvents.documentId": _one("Document"),
    "collectionEvents.collectionId": _one("Collection"),
}
"""The rules by root field and path of the argument. An argument of the schema without a row fails a test."""

OTHER_ARGUMENTS: dict[str, dict[str, Any]] = {
    "search": {"input": {"query": "torque", "mode": "KEYWORD"}},
    "uploadDocument": {"input": {"file": None}},
    "importDocument": {"input": {"source": {"text": "Bolt X takes 7 Nm."}}},
    "updateDocument": {"input": {"name": "taken.txt"}},
    "createSession": {"input": {"name": "Mine"}},
    "updateSession": {"input": {"id": Object("Session", OWN), "name": "Taken"}},
    "sendMessage": {"input": {"sessionId": Object("Session", OWN), "content": "What torque?"}},
    "regenerateMessage": {"input": {"messageId": Object("Message", OWN)}},
    "rateMessage": {"input": {"rating": "UP"}},
    "updateUser": {"input": {"id": Object("User", OWN), "name": "Taken"}},
    "createCollection": {"input": {"name": "New"}},
    "updateCollection": {"input": {"id": Object("Collection", ASSIGNED), "name": "Taken"}},
    "addDocumentsToCollection": {
        "input": {"collectionId": Object("Collection", WRITABLE), "documentIds": [Object("Document", OWN)]}
    },
    "removeDocumentsFromCollection": {
        "input": {"collectionId": Object("Collection", WRITABLE), "documentIds": [Object("Document", OWN)]}
    },
    "grantAccess": {
        "input": {
            "collectionId": Object("Collection", ASSIGNED),
            "principalIds": [Object("User", OWN)],
            "level": "READ",
        }
    },
    "revokeAccess": {"input": {"collectionId": Object("Collection", ASSIGNED), "principalIds": [Object("User", OWN)]}},
    "createGroup": {"input": {"name": "New"}},
    "updateGroup": {"input": {"id": Object("Group", FOREIGN), "name": "Taken"}},
}
"""The other arguments of an operation. They are such that only the id argument decides, apart from `Rule.beside`."""
