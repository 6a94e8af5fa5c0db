"""I2: tokens a second of a chat streamed through GraphQL over WebSocket, and of llama.cpp's bare decode loop."""

from pathlib import Path
from time import perf_counter

from benchmarks.figures import Figure, at_least
from benchmarks.inference.texts import bundled_model
from benchmarks.rival import open_rival
from services.models.model_process import ENVIRONMENT
from tests.e2e.client import Client
from tests.e2e.process import running_server
from tests.e2e.story import MESSAGE_EVENTS, TERMINAL, create_session, send, wait_for_model

PROMPT = "Write a long story about a river that flows through many countries, with every village on its way."
CONTEXT_LENGTH = 8192
ROUNDS = 5


async def measure(folder: Path, quick: bool) -> list[Figure]:
    """Best of five, in turns; the model of the other side stays loaded and idle. Threads wait alike on both."""
    tokens = 64 if quick else 384
    ours, bare = [], []
    async with (
        running_server(folder / "data") as server,
        Client(server.url) as client,
        open_rival("decoding", str(bundled_model()), str(CONTEXT_LENGTH), environment=ENVIRONMENT) as loop,
    ):
        await wait_for_model(client)
        for _ in range(2 if quick else ROUNDS):
            ours.append(await streamed(client, tokens))
            bare.append((await loop.ask(prompt=PROMPT, tokens=tokens))["tokens_per_second"])
    ratio = max(ours) / max(bare)
    return [at_least("I2", "streamed chat, tokens/s ÷ bare decode loop", ratio, 0.92, ours=max(ours), bare=max(bare))]


async def streamed(client: Client, tokens: int) -> float:
    """From the first delta to the end; what the first one held was made before, so its share is taken off."""
    session = await create_session(client, [], thinkingMode="DIRECT")
    sent = await send(client, session, PROMPT, sampling={"maxTokens": tokens, "temperature": 0})
    began, first = None, 0
    async with client.subscribe(MESSAGE_EVENTS, id=sent["answer"]["id"]) as events:
        async for event in events:
            change = event["messageEvents"]
            if change["__typename"] == "TextDelta" and began is None:
                began, first = perf_counter(), len(change["text"])
            if change["__typename"] in TERMINAL:
                break
    assert began is not None
    assert change["__typename"] == "MessageCompleted", change
    seconds = perf_counter() - began
    written = change["message"]["generation"]["usage"]["completionTokens"]
    return float(written * (1 - first / len(change["message"]["content"])) / seconds)
