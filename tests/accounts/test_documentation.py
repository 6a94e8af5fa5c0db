"""The commands of docs/access.md are executed as they are written, on a server with an account."""

import json
import re
import shlex
from typing import Any

import anyio

from tests.accounts.server import AccountsServer
from tests.paths import ROOT
from tests.transport.conftest import serving

PAGE = (ROOT / "docs" / "access.md").read_text(encoding="utf-8")


def commands() -> list[str]:
    """Return the curl commands of the page, each on one line."""
    blocks = re.findall(r"^```sh\n(.+?)^```", PAGE, re.MULTILINE | re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [line for line in lines if line.startswith("curl")]


async def run(command: str, address: str) -> Any:
    arguments = [part.replace("127.0.0.1:8000", address) for part in shlex.split(command)]
    done = await anyio.run_process([*arguments, "--silent"])
    return json.loads(done.stdout)["data"]


async def test_a_program_logs_in_reads_and_refreshes(server: AccountsServer) -> None:
    log_in, read, refresh = commands()
    async with serving(server.app) as address:
        tokens = (await run(log_in, address))["logIn"]
        viewer = (await run(read.replace("ACCESS_TOKEN", tokens["accessToken"]), address))["viewer"]
        assert viewer == {"role": "SUPERADMIN", "user": {"name": "Ada"}}
        again = (await run(refresh.replace("REFRESH_TOKEN", tokens["refreshToken"]), address))["refreshSession"]
        assert again["accessToken"]
        assert again["refreshToken"] != tokens["refreshToken"]
