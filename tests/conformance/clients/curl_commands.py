"""Executes the `curl` commands of docs/clients.md."""

import re
import shlex
from typing import Any

import httpx

from tests.conformance.clients.runs import PAGE
from tests.paths import ROOT


def curl_commands() -> list[list[str]]:
    """Return each command of docs/clients.md as a list of words."""
    (block,) = re.findall(r"^```sh\n(.+?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return [shlex.split(command) for command in block.replace("\\\n", " ").split("\n\n")]


async def run_curl(curl: list[str], address: str, token: str) -> Any:
    """Send the request of a command to a server and return the JSON of the response. Supports `-H`, `-d` and `-F`."""
    program, url, *options = curl
    assert program == "curl"
    assert url.endswith("/graphql")
    values: dict[str, list[str]] = {"-H": [], "-d": [], "-F": []}
    for option, value in zip(options[::2], options[1::2], strict=True):
        values[option].append(value)
    headers = dict(value.replace("TOKEN", token).split(": ", 1) for value in values["-H"])
    fields = dict(value.split("=", 1) for value in values["-F"])
    files = {
        name: (value[1:], (ROOT / value[1:]).read_bytes()) for name, value in fields.items() if value.startswith("@")
    }
    data = {name: value for name, value in fields.items() if name not in files}
    async with httpx.AsyncClient() as client:
        content = "".join(values["-d"]) or None
        response = await client.post(address, headers=headers, content=content, data=data or None, files=files or None)
    return response.json()
