"""Data loaders combine simultaneous reads and cache nothing."""

import asyncio
from typing import Any, cast

from records.ids import DocumentId
from resolvers.loaders import Loaders
from tests.access import LOCAL
from tests.fakes.access import FakeList
from tests.fakes.collections import fake_collections
from tests.fakes.stores import FakeDocuments, FakeMessages, FakeSessions
from tests.support.builders import make_document


def make_loaders(documents: FakeDocuments) -> Loaders:
    return Loaders(
        LOCAL,
        cast(Any, documents),
        cast(Any, documents),
        cast(Any, FakeSessions()),
        cast(Any, FakeMessages()),
        cast(Any, FakeList()),
        fake_collections().stores,
    )


async def test_simultaneous_loads_become_one_read() -> None:
    documents = FakeDocuments(make_document())
    load = make_loaders(documents).documents.load
    found = await asyncio.gather(*(load(DocumentId(key)) for key in (1, 2, 1)))
    assert [document.name if document else None for document in found] == ["bolts.txt", None, "bolts.txt"]
    assert documents.reads == 1


async def test_a_later_load_reads_the_store_again() -> None:
    documents = FakeDocuments(make_document())
    load = make_loaders(documents).documents.load
    await load(DocumentId(1))
    documents.rows.clear()
    assert await load(DocumentId(1)) is None
