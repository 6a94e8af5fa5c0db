"""Real clients, connected as described in docs/clients.md, execute every operation on the real server."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.conformance.clients.curl_commands import curl_commands, run_curl
from tests.conformance.clients.environment import (
    CACHING_CLIENTS,
    CLIENTS,
    REASONING_CLIENT,
    TEMPERATURES,
    TOKEN,
    ClientEnvironment,
    open_environment,
)
from tests.conformance.clients.runs import Json
from tests.conformance.operations import operations

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

UNSUPPORTED = {"graphql-ws": {"DocumentsUploadMutation"}}
"""Operations that a client cannot execute: files cannot be uploaded over a WebSocket."""
TERMINAL = {"MessageCompleted", "MessageCanceled", "MessageFailed"}
every_client = pytest.mark.parametrize("client", CLIENTS)
every_caching_client = pytest.mark.parametrize("client", CACHING_CLIENTS)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def environment(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ClientEnvironment]:
    async with open_environment(tmp_path_factory.mktemp("clients")) as opened:
        yield opened


@every_client
async def test_every_operation_is_executed_without_a_warning(environment: ClientEnvironment, client: str) -> None:
    run = await environment.run_of(client)
    assert run.failures() == []
    assert {operation.name for operation in operations()} - run.executed() == UNSUPPORTED.get(client, set())
    assert run.warnings() == []


REFUSED = {
    "AccountsEnableMutation": "WeakPasswordError",
    "AccountsSignUpMutation": "WeakPasswordError",
    "AccountsLogInMutation": "InvalidCredentialsError",
    "AccountsRefreshMutation": "InvalidCredentialsError",
    "AccountsLogOutMutation": "InvalidInputError",
    "AccountsChangePasswordMutation": "InvalidCredentialsError",
    "AccountsResetPasswordMutation": "ForbiddenError",
    "AccountsDeleteUserMutation": "ConflictError",
}
"""Operations that the scenario uses without accounts, with their expected failures."""


@every_client
async def test_mutations_succeed_and_expected_failures_are_typed_errors(
    environment: ClientEnvironment, client: str
) -> None:
    run = await environment.run_of(client)
    outcomes = {
        operation.name: [result["__typename"] for result in run.results(operation.name)]
        for operation in operations()
        if operation.kind == "mutation"
    }
    assert outcomes.pop("ChatRateMutation") == ["RateMessageSuccess", "NotFoundError"], "the last answer is deleted"
    assert run.results("ChatRateMutation")[1]["path"] == ["input", "id"]
    refused = {name: outcomes.pop(name) for name in REFUSED}
    assert refused == {name: [error] for name, error in REFUSED.items()}
    assert [name for name, types in outcomes.items() if not all(type_.endswith("Success") for type_ in types)] == []
    found, rejected = run.results("SearchQuery")
    assert found["__typename"] == "SearchResults"
    assert (rejected["code"], rejected["path"]) == ("INVALID_INPUT", ["input", "query"])


@every_client
async def test_document_events_end_with_ready_and_search_finds_it(environment: ClientEnvironment, client: str) -> None:
    run = await environment.run_of(client)
    streams = run.results("DocumentsEventsSubscription")
    assert len(streams) == len(run.results("DocumentsImportMutation")) - 1 + len(run.results("DocumentsUploadMutation"))
    for events in streams:
        changes = [event["change"] for event in events]
        assert changes[:2] == ["SNAPSHOT", "SNAPSHOT_END"]
        assert set(changes[2:]) <= {"UPDATED"}, "a small document may be ready before the subscription starts"
        assert [event["document"]["status"] for event in events if event["document"]][-1] == "READY", events[-1]
    (best, *_) = run.results("SearchQuery")[0]["hits"]
    assert f"The blue valve of {client} opens at 73 bar." in best["chunk"]["text"]
    assert best["snippet"]["matches"] != []
    assert best["document"]["name"] == f"{client} valves, revised"


@pytest.mark.parametrize("client", [client for client in CLIENTS if client != "apollo"])
async def test_pages_have_no_gap_and_no_duplicate(environment: ClientEnvironment, client: str) -> None:
    pages = (await environment.run_of(client)).results("DocumentsListQuery")
    names = [edge["node"]["name"] for page in pages for edge in page["edges"]]
    uploaded = [] if client in UNSUPPORTED else [f"{client}.pdf"]
    assert names == [*uploaded, f"{client} valves"], "newest first"
    assert pages[0]["totalCount"] == len(names)


@every_client
async def test_an_answer_streams_to_one_terminal_event(environment: ClientEnvironment, client: str) -> None:
    run = await environment.run_of(client)
    events = run.results("ChatEventsSubscription")[0]
    answer = events[-1]["message"]
    assert [event["__typename"] for event in events if event["__typename"] in TERMINAL] == ["MessageCompleted"]
    assert joined(events, "TextDelta") == answer["content"] != ""
    assert joined(events, "ReasoningDelta") == (answer["reasoning"] or "")
    assert bool(answer["reasoning"]) == (client == REASONING_CLIENT)
    (retrieved,) = [event for event in events if event["__typename"] == "RetrievalCompleted"]
    assert any("73 bar" in citation["quote"] for citation in retrieved["citations"])
    (stored,) = run.results("ChatMessageQuery")
    assert stored == answer
    ids = [edge["node"]["id"] for edge in run.results("ChatMessagesQuery")[0]["messages"]["edges"]]
    assert ids == [answer["parent"]["id"], answer["id"]]


@every_client
async def test_a_canceled_answer_keeps_its_text(environment: ClientEnvironment, client: str) -> None:
    run = await environment.run_of(client)
    events = run.results("ChatEventsSubscription")[2]
    assert [event["__typename"] for event in events if event["__typename"] in TERMINAL] == ["MessageCanceled"]
    assert joined(events, "TextDelta") == events[-1]["message"]["content"] != ""
    assert run.results("ChatCancelMutation")[0]["answer"]["status"] == "CANCELED"
    assert events[-1]["messageId"] in run.results("ChatDeleteMutation")[0]["deletedIds"]


@every_client
async def test_model_events_report_unloading_and_loading(environment: ClientEnvironment, client: str) -> None:
    run = await environment.run_of(client)
    ends = [events[-1]["model"]["status"] for events in run.results("ModelsEventsSubscription")]
    assert ends == ["READY", "UNLOADED", "READY"]
    seqs = [sample["seq"] for sample in run.results("SystemMetricsSubscription")[0]]
    assert seqs == sorted(set(seqs))


@every_client
async def test_node_finds_every_type_by_its_id(environment: ClientEnvironment, client: str) -> None:
    run = await environment.run_of(client)
    types = [node["__typename"] for node in run.results("SystemNodeQuery")]
    assert types == ["Model", "Document", "Session", "Message"]
    assert [node["__typename"] for node in run.results("SystemNodesQuery")[0]] == types


@every_caching_client
async def test_a_mutation_updates_cached_queries(environment: ClientEnvironment, client: str) -> None:
    run = await environment.run_of(client)
    document = one(run.cached("DocumentsDetailsQuery", after="DocumentsUpdateMutation"))["document"]
    assert (document["name"], document["metadata"]) == (f"{client} valves, revised", {"shelf": 8})
    assert document["title"] == "Valves", "a field that the mutation does not select is kept"
    session = one(run.cached("SessionsDetailsQuery", after="SessionsUpdateMutation"))["session"]
    assert session["name"] == f"Talk of {client}, continued"
    assert one(run.cached("ChatMessageQuery", after="ChatRateMutation"))["message"]["rating"] == "UP"
    model = one(run.cached("ModelsDetailsQuery", after="ModelsUpdateSettingsMutation"))["model"]
    assert model["sampling"]["temperature"] == TEMPERATURES[client]


@every_caching_client
async def test_an_event_updates_cached_queries(environment: ClientEnvironment, client: str) -> None:
    run = await environment.run_of(client)
    cached = one(run.cached("ModelsDetailsQuery", after="ModelsEventsSubscription"))["model"]
    loaded = run.results("ModelsEventsSubscription")[-1][-1]["model"]
    assert (cached["status"], cached["loadedAt"]) == ("READY", loaded["loadedAt"])
    assert cached["loadedAt"] != run.results("ModelsEventsSubscription")[0][-1]["model"]["loadedAt"]


async def test_apollo_merges_pages_without_gap_or_duplicate(environment: ClientEnvironment) -> None:
    run = await environment.run_of("apollo")
    edges = one(run.cached("DocumentsListQuery", after="DocumentsListQuery"))["documents"]["edges"]
    assert [edge["node"]["name"] for edge in edges] == ["apollo.pdf", "apollo valves"]


async def test_an_answer_resumes_after_the_socket_was_cut(environment: ClientEnvironment) -> None:
    (report,) = [each for each in (await environment.run_of("graphql-ws")).reports if "followed" in each]
    followed, replayed = report["followed"], report["replayed"]
    assert report["cuts"] == 3
    cursors = [event["cursor"] for event in followed]
    assert len(set(cursors)) == len(cursors), "no event may be delivered twice"
    assert [event["__typename"] for event in followed if event["__typename"] in TERMINAL] == ["MessageCompleted"]
    assert joined(followed, "TextDelta") == joined(replayed, "TextDelta") == followed[-1]["message"]["content"] != ""
    assert without_deltas(followed) == without_deltas(replayed), "no event may be lost or out of order"


async def test_the_curl_commands_of_the_page_work(environment: ClientEnvironment) -> None:
    listed, uploaded = [await run_curl(command, environment.address, TOKEN) for command in curl_commands()]
    assert isinstance(listed["data"]["documents"]["nodes"], list)
    assert uploaded["data"]["uploadDocument"]["document"]["status"] == "PENDING"


def joined(events: list[Json], kind: str) -> str:
    """Return the text of all deltas of a kind; check that each starts where the one before ended."""
    assert events[-1]["__typename"] in TERMINAL
    text = ""
    for event in events:
        if event["__typename"] == kind:
            assert event["offset"] == len(text), event
            text += event["text"]
    return text


def without_deltas(events: list[Json]) -> list[Json]:
    return [event for event in events if not event["__typename"].endswith("Delta")]


def one(results: list[Json | None]) -> Any:
    """Return the only result; check that the cache had it."""
    (found,) = results
    assert found is not None, "the cache had nothing for the query"
    return found
