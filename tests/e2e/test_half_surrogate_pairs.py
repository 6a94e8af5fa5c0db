"""Half a surrogate pair in any text of the input: an expected error or a result, never an internal error."""

import json
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, GraphQLNonNull, GraphQLSchema, get_named_type

from tests.e2e.client import Client
from tests.e2e.observability.canaries import filled, mutations, served_schema
from tests.e2e.process import Server

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

HALF_PAIR = "Trip \ud83d"


async def post(client: Client, query: str, variables: dict[str, Any]) -> Any:
    """Send a request whose JSON escapes half a surrogate pair, as `JSON.stringify` does."""
    body = json.dumps({"query": query, "variables": variables})
    reply = await client.post_text(body)
    assert reply.status_code == 200
    reply.content.decode("utf-8")
    return reply.json()


def text_queries(schema: GraphQLSchema) -> list[tuple[str, dict[str, Any]]]:
    """Return a query for every root field with arguments, with half a surrogate pair in each text of its input."""
    assert schema.query_type is not None
    queries = []
    for name, field in schema.query_type.fields.items():
        arguments = {
            argument: each
            for argument, each in field.args.items()
            if isinstance(each.type, GraphQLNonNull) or isinstance(get_named_type(each.type), GraphQLInputObjectType)
        }
        if arguments:
            declared = ", ".join(f"${argument}: {each.type}" for argument, each in arguments.items())
            given = ", ".join(f"{argument}: ${argument}" for argument in arguments)
            query = f"query ({declared}) {{ {name}({given}) {{ __typename }} }}"
            values = {argument: filled(each.type, HALF_PAIR, HALF_PAIR) for argument, each in arguments.items()}
            queries.append((query, values))
    return queries


async def test_no_operation_fails_internally(client: Client, server: Server) -> None:
    schema = served_schema()
    operations = [(query, variables) for _, query, variables in mutations(schema, HALF_PAIR, HALF_PAIR)]
    for query, variables in operations + text_queries(schema):
        reply = await post(client, query, variables)
        assert "INTERNAL" not in json.dumps(reply), (query, reply)
    assert "unexpected error" not in server.output.read_text()


async def test_a_name_is_invalid_input_and_a_search_treats_it_as_text(client: Client) -> None:
    create = "mutation ($n: String!) { createSession(input: {name: $n}) { __typename ... on Error { code } } }"
    reply = await post(client, create, {"n": HALF_PAIR})
    assert reply["data"]["createSession"] == {"__typename": "InvalidInputError", "code": "INVALID_INPUT"}
    search = "query ($q: String!) { search(input: {query: $q}) { __typename } }"
    reply = await post(client, search, {"q": HALF_PAIR})
    assert reply["data"]["search"] == {"__typename": "SearchResults"}
