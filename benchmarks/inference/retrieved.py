"""I7 in the mode RAG, through the real server: what a chat's next turn evaluates."""

from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, at_most
from benchmarks.inference.texts import facts
from benchmarks.server import import_text, until_ready
from tests.e2e.client import Client
from tests.e2e.process import running_server
from tests.e2e.story import ask, create_session, wait_for_model

SPENT = """query ($id: ID!) { message(id: $id) { generation {
    usage { promptTokens cachedTokens } budget { documents prompt history droppedHistoryMessages } } } }"""
QUESTIONS = ("What stands in room 7?", "Which item is the heaviest?", "What stands in room 12?", "And in room 21?")
TOLD = 1500


async def measure(folder: Path, quick: bool) -> list[Figure]:
    """What its own question, the last pair and the passages take is to be read; whatever is more, counts.

    The last pair is read again since its question stood behind passages that are gone; `prompt` is the question with all
    that the template adds.
    """
    async with running_server(folder / "data") as server, Client(server.url) as client:
        await wait_for_model(client)
        document = await import_text(client, facts(4000, 1), "list.txt")
        await until_ready(client, 1)
        background = facts(300 if quick else TOLD, 2)
        session = await create_session(client, [document], thinkingMode="RAG", systemPrompt=background)
        spent = [await _turn(client, session, question) for question in QUESTIONS[: 3 if quick else None]]
    over, evaluated = [], []
    for last, turn in pairwise(spent):
        evaluated.append(turn["usage"]["promptTokens"] - turn["usage"]["cachedTokens"])
        now = turn["budget"]
        assert not now["droppedHistoryMessages"], "the history was to fit"
        over.append(evaluated[-1] - now["prompt"] - now["documents"] - (now["history"] - last["budget"]["history"]))
    what = "next turn (RAG): evaluated beyond the question, the last pair and the passages"
    return [at_most("I7", what, max(over), 8, " tokens", evaluated=evaluated, prompt=spent[-1]["usage"]["promptTokens"],
                    passages=spent[-1]["budget"]["documents"])]  # fmt: skip


async def _turn(client: Client, session: str, question: str) -> dict[str, Any]:
    answer = await ask(client, session, question, sampling={"maxTokens": 40, "temperature": 0})
    assert answer.end["__typename"] == "MessageCompleted", answer.end
    return dict((await client.run(SPENT, id=answer.id))["message"]["generation"])
