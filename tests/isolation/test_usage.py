"""Usage and its limits over HTTP: each user sees and spends only the own usage; statistics are for administrators."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from persistence.database.database import Database
from records.access.usage import UsageLimits
from tests.isolation.two_users import TwoUsers, open_two_users

USAGE = (
    """{ viewer { usage { answersToday answersLimit tokensToday tokensLimit uploadedBytesToday uploadLimitBytes } } }"""
)
CREATE = """mutation { createSession(input: {settings: {thinkingMode: DIRECT}}) {
    ... on CreateSessionSuccess { session { id } } } }"""
SEND = """mutation ($id: ID!) { sendMessage(input: {sessionId: $id, content: "How tight?"}) { __typename
    ... on RateLimitedError { code message path retryAfterMs } } }"""
UPLOAD = (
    "mutation ($file: Upload!) { uploadDocument(input: {file: $file}) { __typename ... on Error { code message } } }"
)
IMPORT = """mutation ($text: String!) { importDocument(input: {source: {text: $text}}) { __typename
    ... on RateLimitedError { retryAfterMs } } }"""
STATISTICS = "{ statistics { users answers answersByDay { count } documentsByStatus { status count } } }"
LIMITS = UsageLimits(daily_answers=1, daily_tokens=100_000, daily_upload_bytes=1000)
PREFLIGHT = {"GraphQL-Require-Preflight": "1"}


async def run(server: TwoUsers, user: str, document: str, **variables: Any) -> Any:
    _, body = await server.execute(user, document, variables)
    return json.loads(body)["data"]


async def send(server: TwoUsers, user: str) -> Any:
    """Send a prompt in a new session and return the result."""
    session = (await run(server, user, CREATE))["createSession"]["session"]["id"]
    return (await run(server, user, SEND, id=session))["sendMessage"]


async def usage(server: TwoUsers, user: str) -> dict[str, int]:
    found = (await run(server, user, USAGE))["viewer"]["usage"]
    assert (found["answersLimit"], found["tokensLimit"], found["uploadLimitBytes"]) == (1, 100_000, 1000)
    return {name: found[name] for name in ("answersToday", "uploadedBytesToday")}


async def test_each_user_has_the_own_usage(database: Database, tmp_path: Path) -> None:
    async with open_two_users(database, tmp_path, LIMITS) as server:
        assert (await send(server, "local"))["__typename"] == "SendMessageSuccess"
        refused = await send(server, "local")
        assert (refused["__typename"], refused["code"], refused["path"]) == ("RateLimitedError", "RATE_LIMITED", None)
        assert 0 < refused["retryAfterMs"] <= 24 * 3600 * 1000
        assert await usage(server, "local") == {"answersToday": 1, "uploadedBytesToday": 0}
        assert await usage(server, "stranger") == {"answersToday": 0, "uploadedBytesToday": 0}
        assert (await send(server, "stranger"))["__typename"] == "SendMessageSuccess"


async def test_an_import_beyond_the_limit_is_an_error_of_its_result(database: Database, tmp_path: Path) -> None:
    async with open_two_users(database, tmp_path, LIMITS) as server:
        ends = [(await run(server, "local", IMPORT, text=text * 600))["importDocument"] for text in "aba"]
        assert [end["__typename"] for end in ends] == [
            "ImportDocumentSuccess", "RateLimitedError", "ImportDocumentSuccess",
        ]  # fmt: skip
        assert await usage(server, "local") == {"answersToday": 0, "uploadedBytesToday": 600}


async def test_an_upload_beyond_the_limit_is_refused_before_its_body_is_read(
    database: Database, tmp_path: Path
) -> None:
    size, read = 200 << 20, 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        while read < size:
            read += 1 << 20
            yield bytes(1 << 20)

    headers = {"Content-Type": "multipart/form-data; boundary=x", "Content-Length": str(size), **PREFLIGHT}
    async with open_two_users(database, tmp_path, LIMITS) as server:
        reply = await server.client.post("/graphql", content=body(), headers=headers)
        assert reply.status_code == 429
        assert reply.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
        assert 0 < int(reply.headers["retry-after"]) <= 24 * 3600
        assert read <= 40 << 20, "only what is discarded after the response"
        parts: list[tuple[str, tuple[str | None, bytes | str]]] = [
            ("operations", (None, json.dumps({"query": UPLOAD, "variables": {"file": None}}))),
            ("map", (None, json.dumps({"0": ["variables.file"]}))),
            ("0", ("a.txt", b"x" * 1001)),
        ]
        small = await server.client.post("/graphql", files=parts, headers=PREFLIGHT)
        assert small.json()["data"]["uploadDocument"]["__typename"] == "RateLimitedError"


async def test_statistics_count_the_usage_of_all_users_for_administrators_alone(
    database: Database, tmp_path: Path
) -> None:
    async with open_two_users(database, tmp_path) as server:
        for user in ("local", "stranger"):
            await send(server, user)
            await run(server, user, IMPORT, text=f"A text of {user}.")
        status, refused = await server.execute("stranger", STATISTICS, {})
        assert (status, json.loads(refused)["errors"][0]["extensions"]["code"]) == (403, "FORBIDDEN")
        found = (await run(server, "local", STATISTICS))["statistics"]
        assert (found["users"], found["answers"], found["answersByDay"][-1]) == (6, 2, {"count": 2})
        assert len(found["answersByDay"]) == 31
        assert sum(each["count"] for each in found["documentsByStatus"]) == 2


@pytest.mark.parametrize(
    ("range", "days"),
    [
        ('since: "2026-01-02T00:00:00Z", until: "2026-01-01T00:00:00Z"', 1),
        ('since: "2026-01-01T00:00:00Z", until: "2026-01-01T00:00:00Z"', 1),
        ('since: "2000-01-01T00:00:00Z", until: "2026-01-01T00:00:00Z"', 366),
        ('since: "2000-01-01T00:00:00Z"', 367),
        ('until: "0001-01-01T00:00:00Z"', 30),
        ('since: "9999-12-31T00:00:00Z", until: "9999-12-31T00:00:00Z"', 1),
    ],
)
async def test_a_range_that_is_too_short_or_too_long_is_clamped(
    database: Database, tmp_path: Path, range: str, days: int
) -> None:
    """A range that does not begin at midnight touches one more day than its length."""
    async with open_two_users(database, tmp_path) as server:
        _, body = await server.execute("local", f"{{ statistics({range}) {{ answersByDay {{ count }} }} }}", {})
        assert len(json.loads(body)["data"]["statistics"]["answersByDay"]) == days
