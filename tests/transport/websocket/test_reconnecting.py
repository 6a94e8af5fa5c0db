"""An answer is complete, with each event once and in order, over a connection that is interrupted a hundred times."""

import asyncio
import random
from pathlib import Path

import pytest

from schema.common import global_ids
from services.answers.event_log import RING
from tests.fakes.answers import start_answer
from tests.support.reconnecting_client import NumberedWords, ReconnectingClient
from tests.support.served_graph import Served, open_graph
from tests.transport.conftest import running_server

RECONNECTS = 100


async def until_reconnected(clients: list[ReconnectingClient], words: NumberedWords) -> None:
    while sum(client.reconnects for client in clients) < RECONNECTS:
        await asyncio.sleep(0.01)
    words.is_finished = True


async def watch(served: Served, address: str, words: NumberedWords, seeds: list[int]) -> list[ReconnectingClient]:
    answer = global_ids.MESSAGE.encode(await start_answer(served.answers))
    clients = [ReconnectingClient(address, answer, random.Random(seed)) for seed in seeds]
    async with asyncio.TaskGroup() as tasks:
        for client in clients:
            tasks.create_task(client.read_to_the_end())
        tasks.create_task(until_reconnected(clients, words))
    return clients


@pytest.mark.parametrize(
    "burst", [1, 2 * RING], ids=["missed events are in the log", "missed events were dropped from the log"]
)
async def test_nothing_is_lost_repeated_or_out_of_order_over_a_hundred_reconnects(tmp_path: Path, burst: int) -> None:
    async with open_graph(tmp_path) as served, running_server(served.app) as (_, address):
        served.answerer.words = words = NumberedWords()
        served.answerer.burst, served.answerer.rest = burst, 0.002 if burst == 1 else 0.05
        clients = await watch(served, address, words, [1, 2, 3])
    assert sum(client.reconnects for client in clients) >= RECONNECTS
    assert [client.wrong for client in clients] == [0, 0, 0]
    for client in clients:
        assert client.text == client.ended_with == "".join(f"{n} " for n in range(1, client.text.count(" ") + 1))
    if burst > RING:
        assert any(client.gaps for client in clients)
