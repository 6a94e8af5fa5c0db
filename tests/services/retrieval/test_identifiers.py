"""A hybrid search finds the only passage with a part number, a name with signs or an amount first."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.library import Library, open_library
from tests.support.own_task import in_own_task

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(900)]

PARTS = "\n\n".join(
    f"Part: KX-{1000 + row}, Description: Bearing of type {row} for the winch, Stock: {100 + 7 * row}"
    for row in range(400)
)
NOTES = {
    "note": "Winch log of 4 March 2031\n\nThe crew found the winch too hot. KX-3007 was fitted in its place.",
    "cable": "Order a cable for the second crane from stock. Its order number is E9917, as ever.",
    "dredger": "The dredger was paid in two parts. In the end 1 250 000 crowns were paid to the yard.",
    "cpp": "We look for someone who writes C++ for the crane controller.",
    "csharp": "We look for someone who writes C# on .NET for payroll.",
    "c": "We look for someone who writes C for the tide gauge.",
    "node": "We look for someone who writes Node.js for the booking page.",
    "it": "The IT department is in room 14 and answers at extension 4401.",
    "purchasing": "The purchasing department is in room 22 and answers at extension 4402.",
    "us": "The US office is in Duluth, extension 4405.",
    "who": "Reports of the WHO are filed in room 40.",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def library(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Library]:
    async with in_own_task(open_library(tmp_path_factory.mktemp("library"))) as library:
        await library.add(PARTS, "parts")
        for name, text in NOTES.items():
            await library.add(text, name)
        await library.embed()
        yield library


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("part KX-3007", "note"),
        ("What is the stock of part KX-3007?", "note"),
        ("KX3007 bearing of the winch", "note"),
        ("Which part has the number E9917?", "cable"),
        ("What cost 1,250,000?", "dredger"),
        ("C++", "cpp"),
        ("C#", "csharp"),
        ("someone who writes .NET", "csharp"),
        ("Who writes Node.js?", "node"),
        ("Which extension has IT?", "it"),
        ("extension of the US office", "us"),
        ("WHO", "who"),
    ],
)
async def test_the_only_passage_with_an_identifier_goes_first(library: Library, query: str, name: str) -> None:
    assert (await library.search(query, top_k=3)).hits[0].document.name == name


async def test_a_frequent_identifier_does_not_change_the_order(library: Library) -> None:
    hits = (await library.search("someone who writes for the crane", top_k=3)).hits
    assert hits[0].document.name == "cpp"
