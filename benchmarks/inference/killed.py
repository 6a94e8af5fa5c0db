"""I15: `kill -9` of the model's process, through the real server: what its clients see, and when the model is back."""

import asyncio
from pathlib import Path
from statistics import median
from time import perf_counter

import psutil

from benchmarks.figures import Figure, at_most
from benchmarks.inference.ours import PROGRAM
from tests.e2e.client import Client
from tests.e2e.process import running_server
from tests.e2e.story import MESSAGE_EVENTS, create_session, send, wait_for_model

CLIENTS = 4
ROUNDS = 5
LOAD = (
    """mutation ($input: LoadModelInput!) { loadModel(input: $input) { __typename ... on Error { code message } } }"""
)
UNLOAD = """mutation ($input: UnloadModelInput!) { unloadModel(input: $input) { __typename } }"""
MODELS = "subscription { modelEvents { model { id isDefault status } } }"
STORY = "Write a very long story about a river and all the people who live there."


async def measure(folder: Path, quick: bool) -> list[Figure]:
    """Four clients watch an answer each when the process ends. A load before it says how long loading takes here."""
    told, back, loads = [], [], []
    async with running_server(folder / "data") as server, Client(server.url) as client:
        model = str((await wait_for_model(client))["id"])
        for _ in range(1 if quick else ROUNDS):
            loads.append(await _load(client, model))
            errors, ready = await _kill(client, server.pid)
            told.append(errors)
            back.append(ready)
    what = "`kill -9` of the worker → a typed error at every client"
    again = "`kill -9` of the worker → READY again, beyond the time of a load"
    return [
        at_most("I15", what, max(told), 1, " s", median_s=median(told), clients=CLIENTS),
        at_most("I15", again, median(back) - median(loads), 1, " s", ready_s=median(back), load_s=median(loads)),
    ]


async def _load(client: Client, model: str) -> float:
    """Unload it, and load it again."""
    await client.run(UNLOAD, input={"modelId": model})
    await _until(client, "UNLOADED")
    began = perf_counter()
    loading = (await client.run(LOAD, input={"modelId": model}))["loadModel"]
    assert loading["__typename"] == "LoadModelSuccess", loading
    await _until(client, "READY")
    return perf_counter() - began


async def _until(client: Client, *statuses: str) -> None:
    """Until the model has been in each of these, in order."""
    left = list(statuses)
    async with client.subscribe(MODELS) as events:
        async for event in events:
            model = event["modelEvents"]["model"]
            if model and model["isDefault"] and model["status"] == left[0]:
                left.pop(0)
                if not left:
                    return


async def _kill(client: Client, server: int) -> tuple[float, float]:
    """Seconds until the last client knew, and until the model was READY."""
    writing = [asyncio.Event() for _ in range(CLIENTS)]
    async with asyncio.TaskGroup() as tasks:
        watching = [tasks.create_task(_watch(client, event)) for event in writing]
        for event in writing:
            await event.wait()
        ready = tasks.create_task(_until(client, "READY", "LOADING", "READY"))
        await asyncio.sleep(0.2)
        began = perf_counter()
        _worker(server).kill()
        await ready
        back = perf_counter() - began
    return max(task.result() for task in watching) - began, back


async def _watch(client: Client, writing: asyncio.Event) -> float:
    """When its client was told that the answer has failed, and why."""
    session = await create_session(client, [], thinkingMode="DIRECT")
    sent = await send(client, session, STORY, sampling={"maxTokens": 1500, "temperature": 0})
    async with client.subscribe(MESSAGE_EVENTS, id=sent["answer"]["id"]) as events:
        async for event in events:
            change = event["messageEvents"]
            if change["__typename"] == "TextDelta":
                writing.set()
            if change["__typename"] == "MessageFailed":
                assert change["error"]["code"] == "WORKER_CRASHED", change["error"]
                return perf_counter()
            assert change["__typename"] not in ("MessageCompleted", "MessageCanceled"), change
    raise AssertionError("the stream of an answer ended without a terminal event")


def _worker(server: int) -> psutil.Process:
    children = psutil.Process(server).children()
    return next(child for child in children if any(PROGRAM in word for word in child.cmdline()))
