"""Arguments are named in snake_case below the resolvers and in the spelling of GraphQL in errors."""

import pytest

from records.errors import InvalidInput
from resolvers.argument_paths import argument_name, argument_path


@pytest.mark.parametrize(
    ("field", "name"),
    [("name", "name"), ("load.context_length", "contextLength"), ("document_ids.3", "documentIds")],
)
def test_an_argument_is_named_without_its_parents_and_index(field: str, name: str) -> None:
    assert argument_name(field) == name


def test_the_path_of_a_mutations_argument_begins_with_its_input() -> None:
    assert argument_path("chunking.max_tokens", {"input": {}}) == ["input", "chunking", "maxTokens"]
    assert argument_path("message_id", {"messageId": "x"}) == ["messageId"]
    assert argument_path("input", {"input": {}}) == ["input"]


def test_a_message_names_the_argument_in_the_spelling_of_the_caller() -> None:
    error = InvalidInput("{field} must be positive.", field="load.batch_size")
    assert error.message == str(error) == "batch_size must be positive."
    assert error.naming(argument_name("load.batch_size")) == "batchSize must be positive."


def test_a_message_without_a_placeholder_stays_as_it_is() -> None:
    assert InvalidInput("It is {wrong}.").naming("name") == "It is {wrong}."
