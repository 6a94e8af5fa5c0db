"""G4 to G9: what the graph costs at the door, a request, an event, a thousand watchers; what it leaves behind."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import psutil

from benchmarks.figures import Figure, at_least, at_most
from benchmarks.requests import open_connection, requests_per_second, written
from benchmarks.rival import Rival, open_rival
from benchmarks.sockets import open_socket, open_watchers, receive, subscribe
from schema.common import global_ids
from tests.e2e.process import running_server
from tests.support.reconnecting import Reconnecting
from tests.support.served_graph import ANSWER, METRICS

MEBIBYTE = 1 << 20
ROUNDS = 5
REST = 0.02
"""Seconds between two deltas of an answer."""
SMALL = """query Small($id: ID!) { document(id: $id) {
    id name status mediaType byteSize chunkCount tags progress createdAt updatedAt } }"""


async def measure(folder: Path, quick: bool) -> list[Figure]:
    (folder / "ours").mkdir()
    (folder / "view").mkdir()
    async with open_rival("serving", "ours", str(folder / "ours")) as ours:
        async with open_rival("serving", "view", str(folder / "view")) as view:
            throughput = await _throughput(ours, view, 1 if quick else 3)
        return [
            *await _refusals(ours),
            throughput,
            await _streaming(ours, 50, 50 if quick else 500),
            *await _watchers(folder / "data", 100 if quick else 1000, 10 if quick else 60),
            await _cut_off(ours, 100 if quick else 1000),
            await _reconnects(ours, 50 if quick else 1000),
        ]


def _bomb(fragments: int) -> str:
    doubling = "".join(f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(fragments - 1))
    return "{ ...f0 }" + doubling + f"fragment f{fragments - 1} on Query {{ __typename }}"


async def _refusals(ours: Rival) -> list[Figure]:
    """G4: milliseconds from a request to its refusal, over HTTP."""
    port = await ours.ask(ask="port")
    queries = {
        "bomb_20": _bomb(20),
        "bomb_200": _bomb(200),
        "depth_150": "{ a" * 150 + " }" * 150,
        "tokens_2001": "{ " + "a " * 1999 + "}",
    }
    took: dict[str, float] = {}
    async with open_connection(port) as connection:
        for name, query in queries.items():
            took[name] = median([await _refused(connection.send, written(port, query)) for _ in range(21)])
    bombs, long = (max(took[name] for name in pair) for pair in (("bomb_20", "bomb_200"), ("depth_150", "tokens_2001")))
    return [
        at_most("G4", "fragment bombs: time to refusal", bombs, 20, " ms", **took),
        at_most("G4", "depth 150, 2,001 tokens: time to refusal", long, 250, " ms"),
    ]


async def _refused(send: Callable[[bytes], Awaitable[bytes]], request: bytes) -> float:
    began = perf_counter()
    answer = json.loads(await send(request))
    assert "data" not in answer, answer
    return (perf_counter() - began) * 1000


async def _throughput(ours: Rival, view: Rival, seconds: float) -> Figure:
    """G5: best of five, in turns."""
    rates: dict[str, list[float]] = {"ours": [], "view": []}
    for _ in range(ROUNDS):
        for name, rival in (("ours", ours), ("view", view)):
            port = await rival.ask(ask="port")
            request = written(port, SMALL, id=global_ids.encode("Document", 1))
            async with open_connection(port) as connection:
                assert b'"name":"bolts.txt"' in (await connection.send(request)).replace(b": ", b":")
            rates[name].append(await requests_per_second(port, request, 4, seconds))
    best: dict[str, Any] = {name: max(each) for name, each in rates.items()}
    ratio = best["ours"] / best["view"]
    return at_least("G5", "small query, requests/s ÷ Strawberry's own view", ratio, 2.5, **best)


async def _streaming(ours: Rival, streams: int, words: int) -> Figure:
    """G6: the server's CPU for each event that is sent, above what writing the answers costs unwatched.

    Many answers at once, each a delta every 20 ms, as they are gathered: one alone would mostly measure what it costs a
    processor to wake up.
    """
    port = await ours.ask(ask="port")

    async def watch(answer: str) -> int:
        socket, events = await open_socket(f"http://127.0.0.1:{port}"), 0
        await subscribe(socket, ANSWER, id=answer)
        while (await receive(socket))["messageEvents"]["__typename"] != "MessageCompleted":
            events += 1
        await socket.close()
        return events

    async def cpu(is_watched: bool) -> tuple[float, int]:
        before = await ours.ask(ask="held")
        answers = [await ours.ask(ask="answer", rest=REST, words=words) for _ in range(streams)]
        watching = [watch(answer) for answer in answers] if is_watched else [asyncio.sleep(words * REST * 1.3 + 2, 0)]
        events = sum(await asyncio.gather(*watching))
        after = await ours.ask(ask="held")
        return after["cpu_seconds"] - before["cpu_seconds"], events

    unwatched = median([(await cpu(False))[0] for _ in range(3)])
    watched, events = sorted([await cpu(True) for _ in range(3)])[1]
    microseconds = (watched - unwatched) / events * 1e6
    what = "CPU of a streamed event above the engine's own"
    return at_most("G6", what, microseconds, 100, " µs", events=events, engine=unwatched / events * 1e6)


async def _watchers(folder: Path, count: int, seconds: float) -> list[Figure]:
    """G7: the real server with everything in it, its sampler included."""
    heard = 0

    def hear(_: str | bytes) -> None:
        nonlocal heard
        heard += 1

    async with running_server(folder) as server:
        process = psutil.Process(server.pid)
        async with open_watchers(server.url, count, METRICS, hear):
            await asyncio.sleep(10)  # until the model is loaded, and what grows once has grown
            began, cpu, resident, before = perf_counter(), process.cpu_times(), process.memory_info().rss, heard
            await asyncio.sleep(seconds)
            took, used = perf_counter() - began, process.cpu_times()
            percent = (used.user + used.system - cpu.user - cpu.system) / took * 100
            grown = (process.memory_info().rss - resident) / MEBIBYTE
            rate = (heard - before) / took
    watched = f"{count:,} metrics subscribers at 1 Hz"
    return [
        at_most("G7", f"{watched}: CPU of a core", percent, 25, " %", events_per_second=rate),
        at_most("G7", f"{watched}: memory grown in {seconds:g} s", grown, 8, " MiB", resident=resident / MEBIBYTE),
    ]


async def _cut_off(ours: Rival, count: int) -> Figure:
    """G8: sockets broken off while they are sent events; one went before, for what is there from then on."""
    port = await ours.ask(ask="port")
    url = f"http://127.0.0.1:{port}"

    async def gone() -> dict[str, int]:
        while (held := await ours.ask(ask="held"))["connections"]:
            await asyncio.sleep(0.1)
        return {name: held[name] for name in ("generators", "tasks", "descriptors", "watchers")}

    async def break_off(sockets: int) -> dict[str, int]:
        async with open_watchers(url, sockets, METRICS, lambda _: None):
            await asyncio.sleep(1)
        return await gone()

    before = await break_off(1)
    after = await break_off(count)
    left: dict[str, Any] = {name: after[name] - before[name] for name in before}
    return at_most("G8", f"{count:,} sockets cut off: what is left of them", sum(map(abs, left.values())), 0, **left)


async def _reconnects(ours: Rival, least: int) -> Figure:
    """G9: four clients of one answer, each connection of which is broken off at random."""
    port = await ours.ask(ask="port")
    answer = await ours.ask(ask="answer", rest=0.002)
    clients = [Reconnecting(f"127.0.0.1:{port}", answer, random.Random(seed)) for seed in range(4)]

    async def until_enough() -> None:
        while sum(client.reconnects for client in clients) < least:
            await asyncio.sleep(0.05)
        await ours.ask(ask="enough")

    async with asyncio.TaskGroup() as tasks:
        for client in clients:
            tasks.create_task(client.read_to_the_end())
        tasks.create_task(until_enough())
    wrong = sum(client.wrong + (client.text != client.ended_with) for client in clients)
    made = sum(client.reconnects for client in clients)
    events = sum(client.events for client in clients)
    what = "events lost, repeated or out of order over forced reconnects"
    return at_most("G9", what, wrong, 0, reconnects=made, events=events)
