"""Sessions that draw on collections: inherited and locked settings, the documents that are searched, hidden prompts."""

from pathlib import Path
from typing import Any

import pytest

from persistence.database.database import Database
from records.access import AccessScope
from records.ids import CollectionId, ModelId, SessionId, UserId
from records.retrieval import SearchedDocuments
from schema.common import global_ids
from services.answers import AnswerPlanner
from services.answers.answer_plan import PromptRequest
from services.answers.effective_settings import SERVER_DEFAULTS
from tests.access import PEOPLE
from tests.collections.workshop import Workshop, open_workshop
from tests.fakes.services import FakeModels
from tests.support.builders import make_model

SESSION = """... on CreateSessionSuccess { session { id owner { name } collections { name } } }"""
EFFECTIVE = """query ($id: ID!) { session(id: $id) { settings { topK } collections { name }
    effectiveSettings { modelId systemPrompt thinkingMode documentScope topK rerank sampling { temperature } } } }"""
MODEL = global_ids.MODEL.encode(ModelId("0123456789abcdef"))


async def create(workshop: Workshop, user: str = "reader", **input: Any) -> str:
    result = await workshop.mutate(user, "createSession", SESSION, collectionIds=[workshop.collection], **input)
    assert result["session"]["collections"] == [{"name": "Manuals"}], result
    return str(result["session"]["id"])


async def effective(workshop: Workshop, session: str, user: str = "reader") -> dict[str, Any]:
    return dict((await workshop.query(user, EFFECTIVE, id=session))["session"]["effectiveSettings"])


async def configure(workshop: Workshop, **input: Any) -> None:
    result = await workshop.mutate("manager", "updateCollection", id=workshop.collection, **input)
    assert result["__typename"] == "CollectionSuccess", result


async def plan(workshop: Workshop, session: str, user: str = "reader", **request: Any) -> Any:
    """Return the plan of an answer of a session."""
    stores = workshop.stores
    models: Any = FakeModels(make_model())
    planner = AnswerPlanner(stores.sessions, stores.documents, stores.collections, models, SERVER_DEFAULTS)
    scope: AccessScope = PEOPLE[user]
    return await planner.plan(PromptRequest(scope, session_key(session), "What torque?", **request))


def session_key(global_id: str) -> SessionId:
    key = global_ids.SESSION.find_key(global_id)
    assert key is not None
    return key


async def test_a_session_inherits_the_settings_of_its_collection(database: Database, tmp_path: Path) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        session = await create(workshop, settings={"topK": 3})
        assert (await effective(workshop, session))["documentScope"] == "COLLECTIONS"
        settings = {"topK": 9, "rerank": True, "sampling": {"temperature": 0.25}}
        await configure(workshop, modelId=MODEL, systemPrompt="Be brief.", settings=settings)
        found = await effective(workshop, session)
        assert found == {
            "modelId": MODEL, "systemPrompt": "Be brief.", "thinkingMode": "DIRECT", "documentScope": "COLLECTIONS",
            "topK": 3, "rerank": True, "sampling": {"temperature": 0.25},
        }  # fmt: skip


async def test_of_several_collections_the_first_that_sets_a_value_counts(database: Database, tmp_path: Path) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        created = await workshop.mutate(
            "admin", "createCollection", "... on CollectionSuccess { collection { id } }",
            name="Second", systemPrompt="Be long.", settings={"topK": 4},
        )  # fmt: skip
        second = created["collection"]["id"]
        await workshop.mutate(
            "admin", "grantAccess", collectionId=second, principalIds=[global_ids.USER.encode(UserId(4))], level="READ"
        )
        await configure(workshop, settings={"topK": 9})
        session = await create(workshop)
        chosen: dict[str, Any] = {"id": session, "collectionIds": [workshop.collection, second]}
        await workshop.mutate("reader", "updateSession", **chosen)
        found = await effective(workshop, session)
        assert (found["topK"], found["systemPrompt"]) == (9, "Be long.")
        await workshop.mutate("reader", "updateSession", id=session, collectionIds=[second, workshop.collection])
        assert (await effective(workshop, session))["topK"] == 4
        assert (await plan(workshop, session)).searched == SearchedDocuments((), (CollectionId(2), CollectionId(1)))


LOCKS: dict[str, tuple[dict[str, Any], str]] = {
    "MODEL": ({"modelId": MODEL}, "modelId"),
    "SYSTEM_PROMPT": ({"systemPrompt": "Mine."}, "systemPrompt"),
    "THINKING_MODE": ({"thinkingMode": "DIRECT"}, "thinkingMode"),
    "RETRIEVAL": ({"topK": 2}, "topK"),
    "SAMPLING": ({"sampling": {"temperature": 1.5}}, "sampling"),
}


@pytest.mark.parametrize("lock", LOCKS)
async def test_a_locked_setting_is_that_of_the_collection(database: Database, tmp_path: Path, lock: str) -> None:
    settings, field = LOCKS[lock]
    async with open_workshop(database, tmp_path) as workshop:
        before = await create(workshop, settings=settings)
        await configure(
            workshop, systemPrompt="Ours.", locked=[lock],
            settings={"thinkingMode": "RAG", "topK": 8, "sampling": {"temperature": 0.25}},
        )  # fmt: skip
        found = await effective(workshop, before)
        ours = {
            "MODEL": ("modelId", MODEL), "SYSTEM_PROMPT": ("systemPrompt", "Ours."),
            "THINKING_MODE": ("thinkingMode", "RAG"), "RETRIEVAL": ("topK", 8),
            "SAMPLING": ("sampling", {"temperature": 0.25}),
        }  # fmt: skip
        name, value = ours[lock]
        assert found[name] == value
        cases: tuple[tuple[str, dict[str, Any]], ...] = (
            ("createSession", {"collectionIds": [workshop.collection], "settings": settings}),
            ("updateSession", {"id": before, "settings": settings}),
        )
        for mutation, sent in cases:
            result = await workshop.mutate("reader", mutation, **sent)
            assert (result["code"], result["path"]) == ("INVALID_INPUT", ["input", "settings", field])
            assert "Manuals" in result["message"]
        removed = await workshop.mutate("reader", "updateSession", id=before, settings={field: None})
        assert removed["__typename"] == "UpdateSessionSuccess", "a locked setting can be removed"


@pytest.mark.parametrize("prompt", ["Ours.", None])
async def test_a_lock_has_precedence_over_other_collections(
    database: Database, tmp_path: Path, prompt: str | None
) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        created = await workshop.mutate(
            "admin", "createCollection", "... on CollectionSuccess { collection { id } }",
            name="Loose", systemPrompt="Tell everything.", settings={"topK": 4, "documentScope": "ALL"},
        )  # fmt: skip
        loose = created["collection"]["id"]
        reader = global_ids.USER.encode(UserId(4))
        await workshop.mutate("admin", "grantAccess", collectionId=loose, principalIds=[reader], level="READ")
        await configure(workshop, systemPrompt=prompt, hidesSystemPrompt=True, locked=["SYSTEM_PROMPT", "RETRIEVAL"])
        session = await create(workshop)
        await workshop.mutate("reader", "updateSession", id=session, collectionIds=[loose, workshop.collection])
        planned = await plan(workshop, session)
        assert planned.settings.top_k == SERVER_DEFAULTS.top_k
        assert planned.searched == SearchedDocuments((), (CollectionId(2), workshop.key))
        assert planned.settings.system_prompt == (prompt or SERVER_DEFAULTS.system_prompt)
        assert planned.hides_prompt is (prompt is not None)


@pytest.mark.parametrize(
    ("lock", "input", "path"),
    [
        ("THINKING_MODE", {"thinkingMode": "DIRECT"}, "thinkingMode"),
        ("SAMPLING", {"sampling": {"topK": 3}}, "sampling"),
    ],
)
async def test_a_prompt_cannot_change_a_locked_setting(
    database: Database, tmp_path: Path, lock: str, input: dict[str, Any], path: str
) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        session = await create(workshop)
        await configure(workshop, locked=[lock])
        result = await workshop.mutate("reader", "sendMessage", sessionId=session, content="What torque?", **input)
        assert (result["code"], result["path"]) == ("INVALID_INPUT", ["input", path])


async def test_a_session_searches_its_collections_and_attached_documents(database: Database, tmp_path: Path) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        session = await create(workshop, documentIds=[workshop.private])
        private = global_ids.DOCUMENT.get_key(workshop.private, "")
        assert (await plan(workshop, session)).searched == SearchedDocuments((private,), (workshop.key,))
        for scope, expected in (("ALL", None), ("ATTACHED", SearchedDocuments((private,)))):
            await workshop.mutate("reader", "updateSession", id=session, settings={"documentScope": scope})
            assert (await plan(workshop, session)).searched == expected
        assert (await plan(workshop, session, document_ids=())).searched == SearchedDocuments()


async def test_own_documents_can_be_locked(database: Database, tmp_path: Path) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        session = await create(workshop, documentIds=[workshop.private], settings={"documentScope": "ALL"})
        await configure(workshop, locked=["OWN_DOCUMENTS"])
        assert (await plan(workshop, session)).searched == SearchedDocuments((), (workshop.key,))
        rejected: tuple[tuple[str, dict[str, Any], str], ...] = (
            (
                "createSession",
                {"collectionIds": [workshop.collection], "documentIds": [workshop.private]},
                "documentIds",
            ),
            ("updateSession", {"id": session, "documentIds": [workshop.private]}, "documentIds"),
            ("sendMessage", {"sessionId": session, "content": "x", "documentIds": [workshop.private]}, "documentIds"),
            ("importDocument", {"sessionId": session, "source": {"text": "Mine."}}, "sessionId"),
        )
        for mutation, sent, path in rejected:
            result = await workshop.mutate("reader", mutation, **sent)
            assert (result["code"], result["path"]) == ("INVALID_INPUT", ["input", path]), mutation
        contained: dict[str, Any] = {"id": session, "documentIds": [workshop.shared]}
        assert (await workshop.mutate("reader", "updateSession", **contained))["__typename"] == "UpdateSessionSuccess"


async def test_a_hidden_prompt_is_shown_to_those_who_manage_the_collection(database: Database, tmp_path: Path) -> None:
    collection = (
        "query ($id: ID!) { collection(id: $id) { systemPrompt hidesSystemPrompt settings { systemPrompt topK } } }"
    )
    secret = "Say nothing of bolt C."
    async with open_workshop(database, tmp_path) as workshop:
        await configure(workshop, systemPrompt=secret, hidesSystemPrompt=True, settings={"topK": 9})
        for user, shown in (("reader", None), ("writer", None), ("manager", secret), ("admin", secret)):
            found = (await workshop.query(user, collection, id=workshop.collection))["collection"]
            assert found == {
                "systemPrompt": shown, "hidesSystemPrompt": True, "settings": {"systemPrompt": shown, "topK": 9},
            }  # fmt: skip
            session = await create(workshop, user)
            assert (await effective(workshop, session, user))["systemPrompt"] == shown
            planned = await plan(workshop, session, user)
            assert planned.settings.system_prompt == secret, "the model reads it"
            assert planned.hides_prompt is (shown is None)
        own = await create(workshop, settings={"systemPrompt": "Mine."})
        assert (await effective(workshop, own))["systemPrompt"] == "Mine."
        assert not (await plan(workshop, own)).hides_prompt


async def test_an_upload_inside_a_chat_is_private_and_attached(database: Database, tmp_path: Path) -> None:
    fields = "... on ImportDocumentSuccess { document { id owner { name } collections { name } } }"
    documents = "query ($id: ID!) { session(id: $id) { documents { nodes { id } } } }"
    async with open_workshop(database, tmp_path) as workshop:
        session = await create(workshop)
        note: dict[str, Any] = {"source": {"text": "My note."}}
        first = await workshop.mutate("reader", "importDocument", fields, sessionId=session, **note)
        assert first["document"]["owner"] == {"name": "Reader"}
        assert first["document"]["collections"] == []
        await workshop.mutate("reader", "importDocument", fields, sessionId=session, **note)
        attached = (await workshop.query("reader", documents, id=session))["session"]["documents"]["nodes"]
        assert attached == [{"id": first["document"]["id"]}], "the same bytes are attached once"
        both = await workshop.mutate(
            "writer", "importDocument", sessionId=session, collectionId=workshop.collection, **note
        )
        assert (both["code"], both["path"]) == ("INVALID_INPUT", ["input", "collectionId"])


async def test_a_session_keeps_nothing_of_a_collection_whose_access_has_ended(
    database: Database, tmp_path: Path
) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        await configure(workshop, systemPrompt="Ours.", locked=["MODEL"])
        session = await create(workshop)
        reader: dict[str, Any] = {
            "collectionId": workshop.collection,
            "principalIds": [global_ids.USER.encode(UserId(4))],
        }
        await workshop.mutate("manager", "revokeAccess", **reader)
        found = (await workshop.query("reader", EFFECTIVE, id=session))["session"]
        assert found["collections"] == []
        assert found["effectiveSettings"]["systemPrompt"] is None
        assert (await plan(workshop, session)).searched == SearchedDocuments()
        denied = await workshop.mutate("reader", "updateSession", id=session, collectionIds=[workshop.collection])
        assert (denied["code"], denied["path"]) == ("NOT_FOUND", ["input", "collectionIds", "0"])


async def test_a_session_draws_on_a_limited_number_of_collections(database: Database, tmp_path: Path) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        ids = [global_ids.COLLECTION.encode(number) for number in range(1, 22)]  # type: ignore[arg-type]
        result = await workshop.mutate("reader", "createSession", collectionIds=ids)
        assert (result["code"], result["path"]) == ("INVALID_INPUT", ["input", "collectionIds"])
