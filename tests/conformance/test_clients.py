"""Real clients, connected as docs/clients.md says, drive every real operation against the real server."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.conformance.commands import carry_out, curls
from tests.conformance.operations import operations
from tests.conformance.stage import CACHING, CLIENTS, TEMPERATURES, THINKING, TOKEN, Stage, open_stage
from tests.conformance.telling import Json

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

CANNOT = {"graphql-ws": {"DocumentsUploadMutation"}}
"""A WebSocket carries no files."""
TERMINAL = {"MessageCompleted", "MessageCanceled", "MessageFailed"}
every_client = pytest.mark.parametrize("client", CLIENTS)
every_cache = pytest.mark.parametrize("client", CACHING)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path_factory.mktemp("clients")) as opened:
        yield opened


@every_client
async def test_every_operation_is_driven_and_nothing_is_warned_of(stage: Stage, client: str) -> None:
    told = await stage.told(client)
    assert told.failures() == []
    assert {operation.name for operation in operations()} - told.driven() == CANNOT.get(client, set())
    assert told.warnings() == []


@every_client
async def test_mutations_succeed_and_what_is_refused_is_a_typed_error(stage: Stage, client: str) -> None:
    told = await stage.told(client)
    outcomes = {
        operation.name: [result["__typename"] for result in told.got(operation.name)]
        for operation in operations()
        if operation.kind == "mutation"
    }
    assert outcomes.pop("ChatRateMutation") == ["RateMessageSuccess", "NotFoundError"], "the last was of a deleted one"
    assert told.got("ChatRateMutation")[1]["path"] == ["input", "id"]
    assert [name for name, types in outcomes.items() if not all(type_.endswith("Success") for type_ in types)] == []
    found, refused = told.got("SearchQuery")
    assert found["__typename"] == "SearchResults"
    assert (refused["code"], refused["path"]) == ("INVALID_INPUT", ["input", "query"])


@every_client
async def test_a_document_is_watched_until_it_is_ready_and_then_found_by_its_words(stage: Stage, client: str) -> None:
    told = await stage.told(client)
    watched = told.got("DocumentsEventsSubscription")
    assert len(watched) == len(told.got("DocumentsImportMutation")) - 1 + len(told.got("DocumentsUploadMutation"))
    for events in watched:
        changes = [event["change"] for event in events]
        assert changes[:2] == ["SNAPSHOT", "SNAPSHOT_END"]
        assert set(changes[2:]) <= {"UPDATED"}, "a small one may be ready before anyone looks"
        assert [event["document"]["status"] for event in events if event["document"]][-1] == "READY", events[-1]
    (best, *_) = told.got("SearchQuery")[0]["hits"]
    assert f"The blue valve of {client} opens at 73 bar." in best["chunk"]["text"]
    assert best["snippet"]["matches"] != []
    assert best["document"]["name"] == f"{client} valves, revised"


@pytest.mark.parametrize("client", [client for client in CLIENTS if client != "apollo"])
async def test_pages_follow_each_other_without_a_gap_or_a_repeat(stage: Stage, client: str) -> None:
    pages = (await stage.told(client)).got("DocumentsListQuery")
    names = [edge["node"]["name"] for page in pages for edge in page["edges"]]
    uploaded = [] if client in CANNOT else [f"{client}.pdf"]
    assert names == [*uploaded, f"{client} valves"], "newest first"
    assert pages[0]["totalCount"] == len(names)


@every_client
async def test_an_answer_streams_with_its_sources_to_one_terminal_event(stage: Stage, client: str) -> None:
    told = await stage.told(client)
    events = told.got("ChatEventsSubscription")[0]
    whole = events[-1]["message"]
    assert [event["__typename"] for event in events if event["__typename"] in TERMINAL] == ["MessageCompleted"]
    assert joined(events, "TextDelta") == whole["content"] != ""
    assert joined(events, "ReasoningDelta") == (whole["reasoning"] or "")
    assert bool(whole["reasoning"]) == (client == THINKING)
    (retrieved,) = [event for event in events if event["__typename"] == "RetrievalCompleted"]
    assert any("73 bar" in citation["quote"] for citation in retrieved["citations"])
    (stored,) = told.got("ChatMessageQuery")
    assert stored == whole
    ids = [edge["node"]["id"] for edge in told.got("ChatMessagesQuery")[0]["messages"]["edges"]]
    assert ids == [whole["parent"]["id"], whole["id"]]


@every_client
async def test_a_canceled_answer_ends_with_what_was_written(stage: Stage, client: str) -> None:
    told = await stage.told(client)
    events = told.got("ChatEventsSubscription")[1]
    assert [event["__typename"] for event in events if event["__typename"] in TERMINAL] == ["MessageCanceled"]
    assert joined(events, "TextDelta") == events[-1]["message"]["content"] != ""
    assert told.got("ChatCancelMutation")[0]["answer"]["status"] == "CANCELED"
    assert events[-1]["messageId"] in told.got("ChatDeleteMutation")[0]["deletedIds"]


@every_client
async def test_a_model_is_seen_leaving_and_coming_back(stage: Stage, client: str) -> None:
    told = await stage.told(client)
    ends = [events[-1]["model"]["status"] for events in told.got("ModelsEventsSubscription")]
    assert ends == ["READY", "UNLOADED", "READY"]
    seqs = [sample["seq"] for sample in told.got("SystemMetricsSubscription")[0]]
    assert seqs == sorted(set(seqs))


@every_client
async def test_an_id_alone_finds_each_thing(stage: Stage, client: str) -> None:
    told = await stage.told(client)
    types = [node["__typename"] for node in told.got("SystemNodeQuery")]
    assert types == ["Model", "Document", "Session", "Message"]
    assert [node["__typename"] for node in told.got("SystemNodesQuery")[0]] == types


@every_cache
async def test_what_a_mutation_changed_is_seen_by_cached_queries(stage: Stage, client: str) -> None:
    told = await stage.told(client)
    document = one(told.cached("DocumentsDetailsQuery", behind="DocumentsUpdateMutation"))["document"]
    assert (document["name"], document["metadata"]) == (f"{client} valves, revised", {"shelf": 8})
    assert document["title"] == "Valves", "what the mutation did not bring stays"
    session = one(told.cached("SessionsDetailsQuery", behind="SessionsUpdateMutation"))["session"]
    assert session["name"] == f"Talk of {client}, continued"
    assert one(told.cached("ChatMessageQuery", behind="ChatRateMutation"))["message"]["rating"] == "UP"
    model = one(told.cached("ModelsDetailsQuery", behind="ModelsUpdateSettingsMutation"))["model"]
    assert model["sampling"]["temperature"] == TEMPERATURES[client]


@every_cache
async def test_what_an_event_tells_is_seen_by_cached_queries(stage: Stage, client: str) -> None:
    told = await stage.told(client)
    seen = one(told.cached("ModelsDetailsQuery", behind="ModelsEventsSubscription"))["model"]
    loaded = told.got("ModelsEventsSubscription")[-1][-1]["model"]
    assert (seen["status"], seen["loadedAt"]) == ("READY", loaded["loadedAt"])
    assert seen["loadedAt"] != told.got("ModelsEventsSubscription")[0][-1]["model"]["loadedAt"]


async def test_apollo_joins_the_pages_of_a_list_without_a_gap_or_a_repeat(stage: Stage) -> None:
    told = await stage.told("apollo")
    edges = one(told.cached("DocumentsListQuery", behind="DocumentsListQuery"))["documents"]["edges"]
    assert [edge["node"]["name"] for edge in edges] == ["apollo.pdf", "apollo valves"]


async def test_an_answer_goes_on_where_it_was_when_the_socket_was_cut(stage: Stage) -> None:
    (line,) = [line for line in (await stage.told("graphql-ws")).lines if "followed" in line]
    followed, again = line["followed"], line["again"]
    assert line["cuts"] == 3
    cursors = [event["cursor"] for event in followed]
    assert len(set(cursors)) == len(cursors), "no event twice"
    assert [event["__typename"] for event in followed if event["__typename"] in TERMINAL] == ["MessageCompleted"]
    assert joined(followed, "TextDelta") == joined(again, "TextDelta") == followed[-1]["message"]["content"] != ""
    assert without_deltas(followed) == without_deltas(again), "nothing lost, nothing out of order"


async def test_the_commands_of_the_page_work_as_they_stand_there(stage: Stage) -> None:
    listed, uploaded = [await carry_out(command, stage.address, TOKEN) for command in curls()]
    assert isinstance(listed["data"]["documents"]["nodes"], list)
    assert uploaded["data"]["uploadDocument"]["document"]["status"] == "PENDING"


def joined(events: list[Json], kind: str) -> str:
    """The deltas of a kind, each where the one before ended; the last event is the terminal one."""
    assert events[-1]["__typename"] in TERMINAL
    text = ""
    for event in events:
        if event["__typename"] == kind:
            assert event["offset"] == len(text), event
            text += event["text"]
    return text


def without_deltas(events: list[Json]) -> list[Json]:
    return [event for event in events if not event["__typename"].endswith("Delta")]


def one(lines: list[Json | None]) -> Any:
    """What the cache had, the only time that it was asked."""
    (found,) = lines
    assert found is not None, "the cache had nothing for the query"
    return found
