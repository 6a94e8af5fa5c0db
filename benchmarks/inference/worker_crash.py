"""I15: `kill -9` of the inference worker: time until every client receives an error, and until the model is READY again."""

import asyncio
from pathlib import Path
from statistics import median
from time import perf_counter

import psutil

from benchmarks.figures import Figure, at_most
from benchmarks.inference.graphlore_engine import PROGRAM
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
    """Kill the worker while four clients each follow an answer. The time that a load takes is measured before that."""
    errors, recoveries, loads = [], [], []
    async with running_server(folder / "data") as server, Client(server.url) as client:
        model = str((await wait_for_model(client))["id"])
        for _ in range(1 if quick else ROUNDS):
            loads.append(await _load(client, model))
            error_seconds, ready_seconds = await _kill(client, server.pid)
            errors.append(error_seconds)
            recoveries.append(ready_seconds)
    description = "`kill -9` of the worker → a typed error at every client"
    recovery = "`kill -9` of the worker → READY again, beyond the time of a load"
    return [
        at_most("I15", description, max(errors), 1, " s", median_s=median(errors), clients=CLIENTS),
        at_most(
            "I15",
            recovery,
            median(recoveries) - median(loads),
            1,
            " s",
            ready_s=median(recoveries),
            load_s=median(loads),
        ),
    ]


async def _load(client: Client, model: str) -> float:
    """Unload the model, load it again, and return the seconds that the load takes."""
    await client.run(UNLOAD, input={"modelId": model})
    await _wait_for_statuses(client, "UNLOADED")
    began = perf_counter()
    loading = (await client.run(LOAD, input={"modelId": model}))["loadModel"]
    assert loading["__typename"] == "LoadModelSuccess", loading
    await _wait_for_statuses(client, "READY")
    return perf_counter() - began


async def _wait_for_statuses(client: Client, *statuses: str) -> None:
    """Wait until the default model has had each of these statuses, in this order."""
    remaining = list(statuses)
    async with client.subscribe(MODELS) as events:
        async for event in events:
            model = event["modelEvents"]["model"]
            if model and model["isDefault"] and model["status"] == remaining[0]:
                remaining.pop(0)
                if not remaining:
                    return


async def _kill(client: Client, server: int) -> tuple[float, float]:
    """Kill the worker. Return the seconds until the last client received the error, and until the model was READY."""
    generating = [asyncio.Event() for _ in range(CLIENTS)]
    async with asyncio.TaskGroup() as tasks:
        following = [tasks.create_task(_time_of_error(client, event)) for event in generating]
        for event in generating:
            await event.wait()
        ready = tasks.create_task(_wait_for_statuses(client, "READY", "LOADING", "READY"))
        await asyncio.sleep(0.2)
        began = perf_counter()
        _worker(server).kill()
        await ready
        recovered = perf_counter() - began
    return max(task.result() for task in following) - began, recovered


async def _time_of_error(client: Client, generating: asyncio.Event) -> float:
    """Follow an answer and return the time at which its client receives the error."""
    session = await create_session(client, [], thinkingMode="DIRECT")
    sent = await send(client, session, STORY, sampling={"maxTokens": 1500, "temperature": 0})
    async with client.subscribe(MESSAGE_EVENTS, id=sent["answer"]["id"]) as events:
        async for event in events:
            change = event["messageEvents"]
            if change["__typename"] == "TextDelta":
                generating.set()
            if change["__typename"] == "MessageFailed":
                assert change["error"]["code"] == "WORKER_CRASHED", change["error"]
                return perf_counter()
            assert change["__typename"] not in ("MessageCompleted", "MessageCanceled"), change
    raise AssertionError("the stream of an answer ended without a terminal event")


def _worker(server: int) -> psutil.Process:
    children = psutil.Process(server).children()
    return next(child for child in children if any(PROGRAM in word for word in child.cmdline()))
