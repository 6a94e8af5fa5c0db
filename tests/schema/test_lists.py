"""Lists: page sizes, cursors, counts and the number of reads."""

from typing import Any

import pytest

from records.ids import DocumentId, MessageId
from tests.schema.conftest import InMemoryGraph
from tests.schema.samples import CITATION
from tests.support.builders import make_document, make_message

PAGE = "{ nodes { name } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }"


@pytest.fixture
def many(graph: InMemoryGraph) -> InMemoryGraph:
    graph.documents.rows = {DocumentId(n): make_document(id=DocumentId(n), name=str(n)) for n in range(1, 151)}
    return graph


async def names(graph: InMemoryGraph, arguments: str) -> list[str]:
    found = await graph.execute(f"{{ documents{arguments} {PAGE} }}")
    return [node["name"] for node in found["documents"]["nodes"]]


@pytest.mark.parametrize(
    ("arguments", "count"),
    [("", 25), ("(first: 3)", 3), ("(first: 0)", 1), ("(first: -7)", 1), ("(first: 1000)", 100), ("(last: 2)", 2),
     ("(last: 0)", 1), ("(first: null, last: null)", 25), ("(first: 4, last: 2)", 4), ('(after: "no cursor")', 0)],
)  # fmt: skip
async def test_page_sizes_are_clamped(many: InMemoryGraph, arguments: str, count: int) -> None:
    assert len(await names(many, arguments)) == count


async def test_paging_through_a_list_returns_every_item_once(many: InMemoryGraph) -> None:
    seen: list[str] = []
    after: str | None = None
    while True:
        page = (await many.execute(f"query ($a: String) {{ documents(first: 40, after: $a) {PAGE} }}", a=after))[
            "documents"
        ]
        seen += [node["name"] for node in page["nodes"]]
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == [str(n) for n in range(1, 151)]


async def test_a_list_is_counted_only_where_total_count_is_selected(many: InMemoryGraph) -> None:
    await many.execute("{ documents { nodes { id } } }")
    assert many.documents.counts == 0
    found = await many.execute("{ documents(first: 1) { totalCount } }")
    assert found["documents"]["totalCount"] == 150


async def test_records_that_many_items_refer_to_are_read_in_one_call(graph: InMemoryGraph) -> None:
    graph.messages.rows = {MessageId(n): make_message(id=MessageId(n), citations=(CITATION,) * 5) for n in range(1, 20)}
    graph.sessions.reads = 0
    found: Any = await graph.execute(
        """{ session(id: "U2Vzc2lvbjox") { messages { nodes { session { name }
             citations { document { name } chunk { text } } } } } }"""
    )
    assert len(found["session"]["messages"]["nodes"]) == 19
    assert (graph.documents.reads, graph.chunks.reads, graph.sessions.reads) == (1, 1, 2)


async def test_chunks_and_sessions_of_a_document_are_paged(graph: InMemoryGraph) -> None:
    found = await graph.execute(
        """{ document(id: "RG9jdW1lbnQ6MQ") { chunks(first: 2) { nodes { index next { index } previous { index } }
             pageInfo { hasNextPage } } sessions { nodes { name } totalCount } } }"""
    )
    first, second = found["document"]["chunks"]["nodes"]
    assert first == {"index": 0, "next": {"index": 1}, "previous": None}
    assert second == {"index": 1, "next": {"index": 2}, "previous": {"index": 0}}
    assert found["document"]["chunks"]["pageInfo"]["hasNextPage"] is True
    assert found["document"]["sessions"] == {"nodes": [{"name": "Bolts"}], "totalCount": 1}
