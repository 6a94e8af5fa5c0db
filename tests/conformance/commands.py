"""The commands of docs/clients.md, carried out as `curl` would."""

import re
import shlex
from typing import Any

import httpx

from tests.conformance.node import ROOT
from tests.conformance.telling import PAGE


def curls() -> list[list[str]]:
    """Each as its words."""
    (block,) = re.findall(r"^```sh\n(.+?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return [shlex.split(command) for command in block.replace("\\\n", " ").split("\n\n")]


async def carry_out(curl: list[str], address: str, token: str) -> Any:
    """With its options `-H`, `-d` and `-F`; any other would be a mistake here."""
    program, shown, *options = curl
    assert program == "curl"
    assert shown.endswith("/graphql")
    given: dict[str, list[str]] = {"-H": [], "-d": [], "-F": []}
    for option, value in zip(options[::2], options[1::2], strict=True):
        given[option].append(value)
    headers = dict(value.replace("TOKEN", token).split(": ", 1) for value in given["-H"])
    fields = dict(value.split("=", 1) for value in given["-F"])
    files = {
        name: (value[1:], (ROOT / value[1:]).read_bytes()) for name, value in fields.items() if value.startswith("@")
    }
    data = {name: value for name, value in fields.items() if name not in files}
    async with httpx.AsyncClient() as client:
        content = "".join(given["-d"]) or None
        reply = await client.post(address, headers=headers, content=content, data=data or None, files=files or None)
    return reply.json()
