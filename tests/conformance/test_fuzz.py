"""Generated queries and mutations are executed or rejected with a client error; none causes an unexpected failure.

`make fuzz` runs more examples, different ones each time.
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

from schema.permissions import PERMISSIONS
from tests.conformance.fuzzed_requests import ANY_JSON, FILES, Request, make_request
from tests.conformance.members import serving_a_member
from tests.e2e.process import start_server
from tests.paths import ROOT

COMMITTED = ROOT / "schema" / "schema.graphql"
SCHEMA = read_schema(COMMITTED.read_text(encoding="utf-8"))
FOUND = list(schemathesis.graphql.from_path(COMMITTED).get_all_operations())
OPERATIONS = [found.ok() for found in FOUND if isinstance(found, Ok)]
CLIENT_ERRORS = {"GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT", "TOO_LARGE"}
Operation: TypeAlias = APIOperation[Any, Any, Any, Any]
ENDING = {"Mutation.logOut", "Mutation.deleteUser"}
"""Mutations that may end the log-in of the member."""
IS_DERANDOMIZED = settings.default is not None and settings.default.derandomize

schemathesis.graphql.scalar("Upload", FILES)
schemathesis.graphql.scalar("JSON", ANY_JSON)

fuzz_settings = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)


@pytest.fixture(scope="module")
def client(served: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served, timeout=30) as opened:
        yield opened


@pytest.fixture(scope="module")
def real_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of the real server with its database: keys, encodings and column sizes are checked only there."""
    with asyncio.Runner() as runner:
        server = runner.run(start_server(tmp_path_factory.mktemp("data")))
        try:
            with httpx.Client(base_url=server.url, timeout=30) as opened:
                yield opened
        finally:
            runner.run(server.stop())


@pytest.fixture(scope="module")
def member_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a real server with accounts, with the credentials of a member of a collection."""
    with asyncio.Runner() as runner:
        serving = serving_a_member(tmp_path_factory.mktemp("data"))
        server, token = runner.run(serving.__aenter__())
        try:
            headers = {"Authorization": f"Bearer {token}"}
            with httpx.Client(base_url=server.url, timeout=30, headers=headers) as opened:
                yield opened
        finally:
            runner.run(serving.__aexit__(None, None, None))


def error_codes(response: httpx.Response, request: Request) -> set[str]:
    """Return the codes of the errors; check that there is data without errors, or client errors without data."""
    body = response.json()
    if response.status_code == 200:
        assert body.keys() == {"data", "extensions"}, f"{response.text} for {request}"
        assert body["data"] is not None
        return set()
    assert response.status_code == 400, f"{response.text} for {request}"
    assert body.keys() == {"errors"}
    codes = {error["extensions"]["code"] for error in body["errors"]}
    assert codes <= CLIENT_ERRORS, f"{response.text} for {request}"
    return codes


@every_operation
@settings(fuzz_settings, max_examples=40 if IS_DERANDOMIZED else 500)
@given(data=st.data())
def test_valid_operations_are_executed(client: httpx.Client, operation: Operation, data: st.DataObject) -> None:
    assert_executed(client, operation, data)


@every_operation
@settings(fuzz_settings, max_examples=15 if IS_DERANDOMIZED else 200)
@given(data=st.data())
def test_the_real_server_executes_valid_operations(
    real_client: httpx.Client, operation: Operation, data: st.DataObject
) -> None:
    assert_executed(real_client, operation, data)


@pytest.mark.parametrize(
    "operation", [each for each in OPERATIONS if each.label not in ENDING], ids=lambda operation: operation.label
)
@settings(fuzz_settings, max_examples=8 if IS_DERANDOMIZED else 200)
@given(data=st.data())
def test_the_real_server_executes_valid_operations_of_a_member(
    member_client: httpx.Client, operation: Operation, data: st.DataObject
) -> None:
    """An operation for administrators is refused as a whole, before it is executed."""
    case = data.draw(operation.as_strategy())
    request = make_request(parse(str(case.body)), SCHEMA, data.draw)
    response = request.send(member_client, data.draw(st.binary()) if request.uploads else b"")
    if PERMISSIONS[operation.label.split(".")[1]].is_for_admins and response.status_code == 403:
        [error] = response.json()["errors"]
        assert error["extensions"]["code"] == "FORBIDDEN"
    else:
        assert error_codes(response, request) <= {"TOO_LARGE"}, f"{response.text} for {request}"


def assert_executed(client: httpx.Client, operation: Operation, data: st.DataObject) -> None:
    """Send a generated operation; only one that exceeds a limit may be rejected."""
    case = data.draw(operation.as_strategy())
    request = make_request(parse(str(case.body)), SCHEMA, data.draw)
    response = request.send(client, data.draw(st.binary()) if request.uploads else b"")
    assert error_codes(response, request) <= {"TOO_LARGE"}, f"{response.text} for {request}"


@every_operation
@settings(fuzz_settings, max_examples=15 if IS_DERANDOMIZED else 200)
@given(data=st.data())
def test_invalid_operations_are_rejected(client: httpx.Client, operation: Operation, data: st.DataObject) -> None:
    case = data.draw(operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    request = Request(str(case.body), {}, uploads=False)
    if case.meta and case.meta.generation.mode.is_negative:
        assert error_codes(request.send(client, b""), request), f"accepted: {request}"


def test_every_query_and_mutation_is_fuzzed() -> None:
    assert SCHEMA.query_type
    assert SCHEMA.mutation_type
    roots = {f"{kind.name}.{name}" for kind in (SCHEMA.query_type, SCHEMA.mutation_type) for name in kind.fields}
    assert {operation.label for operation in OPERATIONS} == roots
