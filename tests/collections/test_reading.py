"""Collections and their documents as each user sees them: in lists, by ids, in searches, and after a revocation."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from persistence.database.database import Database
from records.ids import CollectionId, UserId
from records.page import PageRequest
from resolvers.collections import list_grants, read_statistics
from schema.build import build_schema
from schema.common import global_ids
from tests.access import PEOPLE
from tests.collections.workshop import Workshop, open_workshop
from tests.persistence.stores import Stores, cite
from tests.schema.conftest import InMemoryGraph

NODE = """query ($id: ID!) { node(id: $id) { __typename id ... on Document { name text owner { name } collections { name }
    chunks { totalCount nodes { text } } sessions { totalCount } } ... on Collection { name myLevel systemPrompt
    documents { totalCount nodes { name } } access { nodes { level } } statistics { documents } createdBy { name } } } }"""
SEARCH = """query ($input: SearchInput!) { search(input: $input) { __typename ... on Error { code path }
    ... on SearchResults { hits { document { name } } } } }"""
DOCUMENTS = "{ documents(orderBy: { field: NAME, direction: ASC }) { totalCount nodes { name } } }"
VISIBLE = {
    "stranger": [],
    "reader": ["added.txt", "private.txt", "shared.txt"],
    "manager": ["added.txt", "shared.txt"],
    "admin": ["added.txt", "shared.txt"],
    "local": ["added.txt", "hidden.txt", "shared.txt"],
    "admin's key": ["added.txt"],
}


async def names(workshop: Workshop, user: str) -> list[str]:
    found = (await workshop.query(user, DOCUMENTS))["documents"]
    assert found["totalCount"] == len(found["nodes"])
    return [node["name"] for node in found["nodes"]]


async def found_by_search(workshop: Workshop, user: str, **input: Any) -> list[str]:
    result = (await workshop.query(user, SEARCH, input={"query": "torque", "mode": "KEYWORD"} | input))["search"]
    return sorted(hit["document"]["name"] for hit in result["hits"])


@pytest.mark.parametrize("user", VISIBLE)
async def test_lists_and_searches_contain_own_documents_and_those_of_collections(
    database: Database, tmp_path: Path, user: str
) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        assert await names(workshop, user) == VISIBLE[user]
        assert await found_by_search(workshop, user) == VISIBLE[user]


@pytest.mark.parametrize("kind", ["collection", "shared", "added"])
async def test_what_is_not_visible_is_like_what_never_existed(database: Database, tmp_path: Path, kind: str) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        codec = global_ids.COLLECTION if kind == "collection" else global_ids.DOCUMENT
        nowhere = codec.encode(404)  # type: ignore[arg-type]  # an id of either type
        _, foreign = await workshop.server.execute("stranger", NODE, {"id": getattr(workshop, kind)})
        _, unknown = await workshop.server.execute("stranger", NODE, {"id": nowhere})
        assert foreign == unknown
        assert json.loads(foreign)["data"] == {"node": None}


async def test_a_member_reads_documents_and_no_numbers_of_other_users(database: Database, tmp_path: Path) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        session = await Stores(database, PEOPLE["manager"]).session("Torque")
        await workshop.stores.sessions.attach(PEOPLE["manager"], session.id, document_key(workshop.shared))
        seen = (await workshop.query("reader", NODE, id=workshop.shared))["node"]
        assert seen["text"] == "The torque of bolt A is 35 Nm."
        assert seen["chunks"] == {"totalCount": 1, "nodes": [{"text": "The torque of bolt A is 35 Nm."}]}
        assert seen["collections"] == [{"name": "Manuals"}]
        assert (seen["owner"], seen["sessions"]["totalCount"]) == (None, 0)
        added = (await workshop.query("reader", NODE, id=workshop.added))["node"]
        assert added["owner"] is None, "readers see no other users"
        collection = (await workshop.query("reader", NODE, id=workshop.collection))["node"]
        assert collection["documents"] == {"totalCount": 2, "nodes": [{"name": "added.txt"}, {"name": "shared.txt"}]}
        assert (collection["myLevel"], collection["access"], collection["statistics"]) == ("READ", None, None)


async def test_those_who_manage_a_collection_see_its_members_and_numbers(database: Database, tmp_path: Path) -> None:
    access = """query ($id: ID!) { collection(id: $id) {
        myLevel
        access { totalCount nodes { level grantedAt grantedBy { name }
            principal { __typename ... on User { name email groups { name } } } } }
        statistics { documents readyDocuments chunks bytes members sessions answersLast30Days lastAskedAt }
    } }"""
    async with open_workshop(database, tmp_path) as workshop:
        stores = Stores(database, PEOPLE["reader"])
        session = await stores.session("Torque")
        await stores.sessions.update(PEOPLE["reader"], session.id, collection_ids=[workshop.key])
        await stores.exchange(session.id, "What torque?", "35 Nm.")
        found = (await workshop.query("manager", access, id=workshop.collection))["collection"]
        assert found["myLevel"] == "MANAGE"
        assert [(each["level"], each["principal"]["name"]) for each in found["access"]["nodes"]] == [
            ("READ", "Reader"), ("WRITE", "Writer"), ("MANAGE", "Manager"),
        ]  # fmt: skip
        assert [each["principal"]["email"] for each in found["access"]["nodes"]] == [None, None, "manager@example.org"]
        statistics = found["statistics"]
        assert statistics.pop("lastAskedAt") is not None
        assert int(statistics.pop("bytes")) > 0
        assert statistics == {
            "documents": 2, "readyDocuments": 2, "chunks": 2, "members": 3, "sessions": 1, "answersLast30Days": 1,
        }  # fmt: skip


async def test_a_search_in_a_collection_finds_its_documents_alone(database: Database, tmp_path: Path) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        both = ["added.txt", "shared.txt"]
        assert await found_by_search(workshop, "reader", collectionIds=[workshop.collection]) == both
        also = {"collectionIds": [workshop.collection], "documentIds": [workshop.private]}
        assert await found_by_search(workshop, "reader", **also) == [*sorted([*both, "private.txt"])]
        assert await found_by_search(workshop, "reader", collectionIds=[]) == []
        for user, unknown in (
            ("stranger", workshop.collection),
            ("local", global_ids.COLLECTION.encode(CollectionId(9))),
        ):
            variables = {"query": "torque", "collectionIds": [unknown]}
            result = (await workshop.query(user, SEARCH, input=variables))["search"]
            assert result == {
                "__typename": "NotFoundError",
                "code": "NOT_FOUND",
                "path": ["input", "collectionIds", "0"],
            }


async def test_a_revocation_takes_effect_at_once_and_quotes_remain(database: Database, tmp_path: Path) -> None:
    cited = (
        """query ($id: ID!) { message(id: $id) { citations { quote documentName document { id } chunk { id } } } }"""
    )
    async with open_workshop(database, tmp_path) as workshop:
        stores = Stores(database, PEOPLE["reader"])
        session = await stores.session("Torque")
        document = await stores.documents.get(PEOPLE["reader"], document_key(workshop.shared))
        _, answer = await stores.exchange(session.id, "What torque?", "35 Nm [1].", cite(document, None))
        message = global_ids.MESSAGE.encode(answer.id)
        [citation] = (await workshop.query("reader", cited, id=message))["message"]["citations"]
        assert citation["document"] == {"id": workshop.shared}
        await workshop.mutate(
            "manager",
            "revokeAccess",
            collectionId=workshop.collection,
            principalIds=[global_ids.USER.encode(UserId(4))],
        )
        assert await names(workshop, "reader") == ["private.txt"]
        assert await found_by_search(workshop, "reader") == ["private.txt"]
        [citation] = (await workshop.query("reader", cited, id=message))["message"]["citations"]
        assert citation == {"quote": "35 Nm", "documentName": "shared.txt", "document": None, "chunk": None}


async def test_a_user_keeps_the_highest_level_of_several_grants(database: Database, tmp_path: Path) -> None:
    level = "query ($id: ID!) { collection(id: $id) { myLevel } }"
    async with open_workshop(database, tmp_path) as workshop:
        group = await workshop.mutate(
            "admin", "createGroup", "... on GroupSuccess { group { id members { nodes { name } } } }",
            name="Night shift", memberIds=[global_ids.USER.encode(UserId(4)), global_ids.USER.encode(UserId(2))],
        )  # fmt: skip
        assert [each["name"] for each in group["group"]["members"]["nodes"]] == ["Stranger", "Reader"]
        assert (await workshop.query("stranger", level, id=workshop.collection))["collection"] is None
        granted: dict[str, Any] = {
            "collectionId": workshop.collection,
            "principalIds": [group["group"]["id"]],
            "level": "WRITE",
        }
        await workshop.mutate("manager", "grantAccess", **granted)
        for user, expected in (("stranger", "WRITE"), ("reader", "WRITE"), ("manager", "MANAGE")):
            assert (await workshop.query(user, level, id=workshop.collection))["collection"] == {"myLevel": expected}
        await workshop.mutate("admin", "deleteGroup", id=group["group"]["id"])
        assert (await workshop.query("stranger", level, id=workshop.collection))["collection"] is None
        assert (await workshop.query("reader", level, id=workshop.collection))["collection"] == {"myLevel": "READ"}


def document_key(global_id: str) -> Any:
    return global_ids.DOCUMENT.find_key(global_id)


async def test_access_that_ended_while_a_request_is_executed_is_no_unexpected_error(
    database: Database, tmp_path: Path
) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        known = await workshop.stores.collections.get(PEOPLE["manager"], workshop.key)
        for user in ("reader", "stranger"):
            parts = SimpleNamespace(scope=PEOPLE[user], collections=SimpleNamespace(stores=workshop.stores))
            context = cast(Any, parts)
            assert await read_statistics(context, known) is None
            assert await list_grants(context, known, PageRequest(first=5)) is None
    graph = InMemoryGraph(build_schema())
    cast(Any, graph.collections.stores.groups).rows.clear()
    query = "{ collections { nodes { access { nodes { principal { __typename } } } } } }"
    assert [error.message for error in await graph.errors(query)] == ["There is no group with this id."]
