"""Clients can read the limits of requests."""

from dataclasses import asdict

from records.settings import Limits
from tests.schema.conftest import InMemoryGraph


async def test_every_limit_can_be_read(graph: InMemoryGraph) -> None:
    names = (await graph.execute('{ __type(name: "Limits") { fields { name } } }'))["__type"]["fields"]
    limits = (await graph.execute("{ limits { " + " ".join(each["name"] for each in names) + " } }"))["limits"]
    assert {_snake(name): int(value) for name, value in limits.items()} == asdict(Limits())


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
