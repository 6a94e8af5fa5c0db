"""G4 to G9: cost of rejected operations, requests, events and subscribers, and resources that closed sockets leave open."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import psutil

from benchmarks.baselines.process import Baseline, open_baseline
from benchmarks.figures import Figure, at_least, at_most
from benchmarks.serving.http_client import encode_request, open_connection, requests_per_second
from benchmarks.serving.websocket_clients import open_socket, open_subscribers, receive, subscribe
from schema.common import global_ids
from tests.e2e.process import running_server
from tests.support.reconnecting_client import ReconnectingClient
from tests.support.served_graph import ANSWER, METRICS

MEBIBYTE = 1 << 20
ROUNDS = 5
DELTA_INTERVAL = 0.02
"""Time between two deltas of an answer in seconds."""
SMALL_QUERY = """query Small($id: ID!) { document(id: $id) {
    id name status mediaType byteSize chunkCount tags progress createdAt updatedAt } }"""


async def measure(folder: Path, quick: bool) -> list[Figure]:
    (folder / "graphlore").mkdir()
    (folder / "strawberry").mkdir()
    async with open_baseline("graphql_server", "graphlore", str(folder / "graphlore")) as graphlore:
        async with open_baseline("graphql_server", "strawberry", str(folder / "strawberry")) as strawberry:
            throughput = await _throughput(graphlore, strawberry, 1 if quick else 3)
        return [
            *await _rejections(graphlore),
            throughput,
            await _streaming(graphlore, 50, 50 if quick else 500),
            *await _subscribers(folder / "data", 100 if quick else 1000, 10 if quick else 60),
            await _aborted_sockets(graphlore, 100 if quick else 1000),
            await _reconnects(graphlore, 50 if quick else 1000),
        ]


def _bomb(fragments: int) -> str:
    doubling = "".join(f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(fragments - 1))
    return "{ ...f0 }" + doubling + f"fragment f{fragments - 1} on Query {{ __typename }}"


async def _rejections(graphlore: Baseline) -> list[Figure]:
    """Return the milliseconds from a request to its rejection over HTTP (G4)."""
    port = await graphlore.request(method="port")
    queries = {
        "bomb_20": _bomb(20),
        "bomb_200": _bomb(200),
        "depth_150": "{ a" * 150 + " }" * 150,
        "tokens_2001": "{ " + "a " * 1999 + "}",
    }
    milliseconds: dict[str, float] = {}
    async with open_connection(port) as connection:
        for name, query in queries.items():
            milliseconds[name] = median(
                [await _time_to_rejection(connection.send, encode_request(port, query)) for _ in range(21)]
            )
    bombs, long = (
        max(milliseconds[name] for name in pair) for pair in (("bomb_20", "bomb_200"), ("depth_150", "tokens_2001"))
    )
    return [
        at_most("G4", "fragment bombs: time to rejection", bombs, 20, " ms", **milliseconds),
        at_most("G4", "depth 150, 2,001 tokens: time to rejection", long, 250, " ms"),
    ]


async def _time_to_rejection(send: Callable[[bytes], Awaitable[bytes]], request: bytes) -> float:
    began = perf_counter()
    answer = json.loads(await send(request))
    assert "data" not in answer, answer
    return (perf_counter() - began) * 1000


async def _throughput(graphlore: Baseline, strawberry: Baseline, seconds: float) -> Figure:
    """Measure both servers in turns and compare the best rounds (G5)."""
    rates: dict[str, list[float]] = {"graphlore": [], "strawberry": []}
    for _ in range(ROUNDS):
        for name, server in (("graphlore", graphlore), ("strawberry", strawberry)):
            port = await server.request(method="port")
            request = encode_request(port, SMALL_QUERY, id=global_ids.encode("Document", 1))
            async with open_connection(port) as connection:
                assert b'"name":"bolts.txt"' in (await connection.send(request)).replace(b": ", b":")
            rates[name].append(await requests_per_second(port, request, 4, seconds))
    best: dict[str, Any] = {name: max(each) for name, each in rates.items()}
    ratio = best["graphlore"] / best["strawberry"]
    return at_least("G5", "small query, requests/s ÷ Strawberry's ASGI view", ratio, 2.5, **best)


async def _streaming(graphlore: Baseline, streams: int, words: int) -> Figure:
    """Return the CPU time of the server per event, without the CPU time that answers without subscribers need (G6).

    Many answers run at the same time, each with a delta every 20 ms. A single answer would mostly measure the time that
    a processor needs to wake up.
    """
    port = await graphlore.request(method="port")

    async def follow(answer: str) -> int:
        socket, events = await open_socket(f"http://127.0.0.1:{port}"), 0
        await subscribe(socket, ANSWER, id=answer)
        while (await receive(socket))["messageEvents"]["__typename"] != "MessageCompleted":
            events += 1
        await socket.close()
        return events

    async def cpu(has_subscribers: bool) -> tuple[float, int]:
        before = await graphlore.request(method="resources")
        answers = [
            await graphlore.request(method="start_answer", rest=DELTA_INTERVAL, words=words) for _ in range(streams)
        ]
        waiting = (
            [follow(answer) for answer in answers]
            if has_subscribers
            else [asyncio.sleep(words * DELTA_INTERVAL * 1.3 + 2, 0)]
        )
        events = sum(await asyncio.gather(*waiting))
        after = await graphlore.request(method="resources")
        return after["cpu_seconds"] - before["cpu_seconds"], events

    without_subscribers = median([(await cpu(False))[0] for _ in range(3)])
    with_subscribers, events = sorted([await cpu(True) for _ in range(3)])[1]
    microseconds = (with_subscribers - without_subscribers) / events * 1e6
    description = "CPU time of a streamed event beyond its generation"
    return at_most(
        "G6", description, microseconds, 100, " µs", events=events, generation=without_subscribers / events * 1e6
    )


async def _subscribers(folder: Path, count: int, seconds: float) -> list[Figure]:
    """Return the CPU time and the memory growth of the complete server with `count` metrics subscribers (G7)."""
    received = 0

    def count_frame(_: str | bytes) -> None:
        nonlocal received
        received += 1

    async with running_server(folder) as server:
        process = psutil.Process(server.pid)
        async with open_subscribers(server.url, count, METRICS, count_frame):
            await asyncio.sleep(10)  # until the model is loaded and caches are filled
            began, cpu, resident, before = perf_counter(), process.cpu_times(), process.memory_info().rss, received
            await asyncio.sleep(seconds)
            elapsed, used = perf_counter() - began, process.cpu_times()
            percent = (used.user + used.system - cpu.user - cpu.system) / elapsed * 100
            grown = (process.memory_info().rss - resident) / MEBIBYTE
            rate = (received - before) / elapsed
    subscribers = f"{count:,} metrics subscribers at 1 Hz"
    return [
        at_most("G7", f"{subscribers}: CPU of a core", percent, 25, " %", events_per_second=rate),
        at_most("G7", f"{subscribers}: memory grown in {seconds:g} s", grown, 8, " MiB", resident=resident / MEBIBYTE),
    ]


async def _aborted_sockets(graphlore: Baseline, count: int) -> Figure:
    """Abort sockets while they receive events and return the number of resources that remain open (G8).

    One socket is aborted before the first count, so that resources that stay open after the first use are not counted.
    """
    port = await graphlore.request(method="port")
    url = f"http://127.0.0.1:{port}"

    async def after_closing() -> dict[str, int]:
        while (open_resources := await graphlore.request(method="resources"))["connections"]:
            await asyncio.sleep(0.1)
        return {name: open_resources[name] for name in ("generators", "tasks", "descriptors", "subscriptions")}

    async def abort_sockets(sockets: int) -> dict[str, int]:
        async with open_subscribers(url, sockets, METRICS, lambda _: None):
            await asyncio.sleep(1)
        return await after_closing()

    before = await abort_sockets(1)
    after = await abort_sockets(count)
    leaked: dict[str, Any] = {name: after[name] - before[name] for name in before}
    return at_most(
        "G8", f"{count:,} aborted sockets: resources still open", sum(map(abs, leaked.values())), 0, **leaked
    )


async def _reconnects(graphlore: Baseline, min_reconnects: int) -> Figure:
    """Follow one answer with four clients whose connections are aborted at random moments (G9)."""
    port = await graphlore.request(method="port")
    answer = await graphlore.request(method="start_answer", rest=0.002)
    clients = [ReconnectingClient(f"127.0.0.1:{port}", answer, random.Random(seed)) for seed in range(4)]

    async def finish_after_reconnects() -> None:
        while sum(client.reconnects for client in clients) < min_reconnects:
            await asyncio.sleep(0.05)
        await graphlore.request(method="finish_answer")

    async with asyncio.TaskGroup() as tasks:
        for client in clients:
            tasks.create_task(client.read_to_the_end())
        tasks.create_task(finish_after_reconnects())
    wrong = sum(client.wrong + (client.text != client.ended_with) for client in clients)
    reconnects = sum(client.reconnects for client in clients)
    events = sum(client.events for client in clients)
    description = "events lost, repeated or out of order over forced reconnects"
    return at_most("G9", description, wrong, 0, reconnects=reconnects, events=events)
