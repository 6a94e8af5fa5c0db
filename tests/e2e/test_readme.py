"""The commands and operations of the README, extracted from its text and executed unchanged."""

import asyncio
import json
import re
import shlex
import sys
from pathlib import Path

import pytest

from examples.client import Client as Example
from tests.e2e.client import Client
from tests.e2e.process import Server
from tests.e2e.story import wait_for_model
from tests.paths import ROOT

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

README = (ROOT / "README.md").read_text(encoding="utf-8")


async def test_the_example_question_is_answered_with_its_source(server: Server, client: Client) -> None:
    await wait_for_model(client)
    (command,) = re.findall(r"^\$ \.venv/bin/python (.+)$", README, re.MULTILINE)
    asking = await asyncio.create_subprocess_exec(
        sys.executable,
        *shlex.split(command),
        *("--url", server.url),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = (stream.decode() for stream in await asking.communicate())
    assert asking.returncode == 0, errors
    assert re.match(r"handbook\.md: \d+ chunks\n\n\S", output), "the document, then the answer"
    assert "18 grams of ground coffee" in output.split("\n[1] handbook.md", 1)[1], "the source is quoted"


async def test_the_example_operations_work_in_their_order(server: Server, client: Client) -> None:
    await wait_for_model(client)
    (upload,) = re.findall(r"^  -F 'operations=(.+)' \\$", README, re.MULTILINE)
    (file,) = re.findall(r"^  -F '0=@(.+)'$", README, re.MULTILINE)
    create, send, watch = re.findall(r"^```graphql\n(.+?)^```", README, re.MULTILINE | re.DOTALL)
    async with Example(server.url) as example:
        document = (await example.upload(json.loads(upload)["query"], ROOT / Path(file)))["document"]["id"]
        session = (await example.run(create.replace("DOCUMENT", document)))["session"]["id"]
        answer = (await example.run(send.replace("SESSION", session)))["answer"]["id"]
        events = [event async for event in example.subscribe(watch.replace("ANSWER", answer))]
    assert events[-1]["__typename"] == "MessageCompleted", events[-1]
    text = "".join(event.get("text", "") for event in events)
    assert events[-1]["message"]["content"] == text != ""


async def test_the_operation_that_loads_a_model_makes_it_the_default_model(server: Server, client: Client) -> None:
    await wait_for_model(client)
    find, load = re.findall(r"`((?:mutation )?\{ (?:models|loadModel).+?\})`", README, re.DOTALL)
    (bundled,) = (await client.run(find))["models"]
    loaded = await client.run(load.replace("MODEL", bundled["id"]))
    assert loaded["loadModel"]["__typename"] == "LoadModelSuccess", loaded
    settings = await client.run("{ settings { defaultModelId } }")
    assert settings["settings"]["defaultModelId"] == bundled["id"]
