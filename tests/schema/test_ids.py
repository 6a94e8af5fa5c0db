"""Global ids contain their type, have exactly one spelling, and are validated."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.errors import NotFound
from records.ids import DocumentId, ModelId
from schema.common import global_ids
from tests.schema.conftest import InMemoryGraph


@given(st.integers(1, 2**63 - 1))
def test_an_encoded_id_is_decoded(key: int) -> None:
    assert global_ids.DOCUMENT.find_key(global_ids.DOCUMENT.encode(DocumentId(key))) == key


@given(st.text())
def test_any_string_is_an_id_or_unknown(text: str) -> None:
    found = global_ids.DOCUMENT.find_key(text)
    assert found is None or global_ids.DOCUMENT.encode(found) == text


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    ["", "12", encoded("Document:0"), encoded("Document:-1"), encoded("Document:01"), encoded("Document:١"),
     encoded("Document:9223372036854775808"), encoded("Document: 1"), encoded("Chunk:1"), encoded("Document"),
     encoded("Document:1") + "=", encoded("document:1"), "\ud800", "ä" * 9],
)  # fmt: skip
def test_a_string_that_is_not_an_id_is_unknown(text: str) -> None:
    assert global_ids.DOCUMENT.find_key(text) is None
    with pytest.raises(NotFound):
        global_ids.DOCUMENT.get_key(text, "id")


def test_a_list_of_ids_has_no_duplicates_and_an_error_has_its_index() -> None:
    one, two = global_ids.DOCUMENT.encode(DocumentId(1)), global_ids.DOCUMENT.encode(DocumentId(2))
    assert global_ids.DOCUMENT.get_keys([two, one, two], "document_ids") == (2, 1)
    with pytest.raises(NotFound) as raised:
        global_ids.DOCUMENT.get_keys([one, "x"], "document_ids")
    assert raised.value.field == "document_ids.1"


@pytest.mark.parametrize("field", ["document", "chunk", "session", "message", "model", "node"])
@pytest.mark.parametrize(
    "wrong",
    [
        "nonsense",
        global_ids.DOCUMENT.encode(DocumentId(999)),
        global_ids.MODEL.encode(ModelId("ffff")),
        global_ids.encode("Query", 1),
    ],
)
async def test_a_query_by_an_unknown_id_gives_null(graph: InMemoryGraph, field: str, wrong: str) -> None:
    found = await graph.execute(f"query ($id: ID!) {{ {field}(id: $id) {{ id }} }}", id=wrong)
    assert found == {field: None}
