"""Operations are canceled with their client, and send nothing afterwards."""

import pytest

from tests.transport.book_graph import Probe
from tests.transport.websocket.client import Socket, open_socket


async def test_a_canceled_operation_sends_nothing_under_an_id_that_is_used_again(socket: Socket, probe: Probe) -> None:
    for _ in range(50):
        await socket.subscribe("same", "subscription { forever }")
        await socket.send({"type": "complete", "id": "same"})
        await socket.subscribe("same", "{ greeting }")
        while "greeting" not in (await socket.receive())["payload"]["data"]:
            pass
        assert await socket.receive() == {"type": "complete", "id": "same"}
    await probe.until_open_streams(0)


@pytest.mark.parametrize("how", ["complete", "close", "abort", "violation"])
async def test_a_mutation_is_canceled_with_its_client(address: str, probe: Probe, how: str) -> None:
    async with open_socket(address) as socket:
        await socket.initialise()
        await socket.subscribe("1", "mutation { slowly }")
        await probe.until_open_streams(1)
        if how == "complete":
            await socket.send({"type": "complete", "id": "1"})
        elif how == "close":
            await socket.connection.close()
        elif how == "violation":
            await socket.send("not JSON")
        else:
            socket.connection.transport.abort()
        await probe.until_open_streams(0)
