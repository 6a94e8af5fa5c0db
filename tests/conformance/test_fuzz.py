"""Every query and mutation with operations that nobody would write: each is answered or refused, and nothing breaks.

`make fuzz` looks at more of them, and at others each time.
"""

import asyncio
from collections.abc import Iterator
from typing import Any, TypeAlias

import httpx
import pytest
import schemathesis
from graphql import build_schema as read_schema
from graphql import parse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation

from tests.conformance.fuzzing import FILES, OPEN_DATA, Sent, compose
from tests.e2e.process import start_server
from tests.paths import ROOT

COMMITTED = ROOT / "schema" / "schema.graphql"
SCHEMA = read_schema(COMMITTED.read_text(encoding="utf-8"))
FOUND = list(schemathesis.graphql.from_path(COMMITTED).get_all_operations())
OPERATIONS = [found.ok() for found in FOUND if isinstance(found, Ok)]
REFUSALS = {"GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT", "TOO_LARGE"}
Operation: TypeAlias = APIOperation[Any, Any, Any, Any]
REPEATS = settings.default is not None and settings.default.derandomize

schemathesis.graphql.scalar("Upload", FILES)
schemathesis.graphql.scalar("JSON", OPEN_DATA)

looks = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)


@pytest.fixture(scope="module")
def client(served: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served, timeout=30) as opened:
        yield opened


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of the real server, whose stores know what memory does not: keys, encodings, the sizes of columns."""
    with asyncio.Runner() as runner:
        server = runner.run(start_server(tmp_path_factory.mktemp("data")))
        try:
            with httpx.Client(base_url=server.url, timeout=30) as opened:
                yield opened
        finally:
            runner.run(server.stop())


def codes_of(reply: httpx.Response, sent: Sent) -> set[str]:
    """The errors' codes: none beside data, some that blame the request without, and never anything else."""
    said = reply.json()
    if reply.status_code == 200:
        assert said.keys() == {"data", "extensions"}, f"{reply.text} for {sent}"
        assert said["data"] is not None
        return set()
    assert reply.status_code == 400, f"{reply.text} for {sent}"
    assert said.keys() == {"errors"}
    codes = {error["extensions"]["code"] for error in said["errors"]}
    assert codes <= REFUSALS, f"{reply.text} for {sent}"
    return codes


@every_operation
@settings(looks, max_examples=40 if REPEATS else 500)
@given(data=st.data())
def test_what_the_schema_allows_is_answered(client: httpx.Client, operation: Operation, data: st.DataObject) -> None:
    assert_answered(client, operation, data)


@every_operation
@settings(looks, max_examples=15 if REPEATS else 200)
@given(data=st.data())
def test_the_whole_server_answers_it_too(whole: httpx.Client, operation: Operation, data: st.DataObject) -> None:
    assert_answered(whole, operation, data)


def assert_answered(client: httpx.Client, operation: Operation, data: st.DataObject) -> None:
    """Only what goes beyond the limits may be refused."""
    case = data.draw(operation.as_strategy())
    sent = compose(parse(str(case.body)), SCHEMA, data.draw)
    reply = sent.by(client, data.draw(st.binary()) if sent.uploads else b"")
    assert codes_of(reply, sent) <= {"TOO_LARGE"}, f"{reply.text} for {sent}"


@every_operation
@settings(looks, max_examples=15 if REPEATS else 200)
@given(data=st.data())
def test_what_the_schema_forbids_is_refused(client: httpx.Client, operation: Operation, data: st.DataObject) -> None:
    case = data.draw(operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    sent = Sent(str(case.body), {}, uploads=False)
    if case.meta and case.meta.generation.mode.is_negative:
        assert codes_of(sent.by(client, b""), sent), f"accepted: {sent}"


def test_every_query_and_mutation_is_looked_at() -> None:
    assert SCHEMA.query_type
    assert SCHEMA.mutation_type
    roots = {f"{kind.name}.{name}" for kind in (SCHEMA.query_type, SCHEMA.mutation_type) for name in kind.fields}
    assert {operation.label for operation in OPERATIONS} == roots
