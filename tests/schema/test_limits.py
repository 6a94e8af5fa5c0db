"""What clients are told of the bounds that their requests are held to."""

from dataclasses import asdict

from records.settings import Limits
from tests.schema.conftest import Graph


async def test_every_bound_that_requests_are_held_to_is_told(graph: Graph) -> None:
    names = (await graph.run('{ __type(name: "Limits") { fields { name } } }'))["__type"]["fields"]
    told = (await graph.run("{ limits { " + " ".join(each["name"] for each in names) + " } }"))["limits"]
    assert {_snake(name): int(value) for name, value in told.items()} == asdict(Limits())


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
