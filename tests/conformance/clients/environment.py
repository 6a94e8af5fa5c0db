"""The environment of the client tests: a real server with its small models, and a folder with their modules."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio.to_thread

from tests.conformance.clients.runs import ClientRun, run_client, write_modules
from tests.conformance.relay import compile_operations
from tests.e2e.process import Server, running_server
from tests.e2e.search.deep_embedder import folder_embedder
from tests.support.documents import files
from tests.support.models.tiny_gguf import TinyModel, write_tiny_gguf

CLIENTS = ("graphql-ws", "urql", "apollo", "relay")
CACHING_CLIENTS = ("urql", "apollo", "relay")
TEMPERATURES = dict(zip(CLIENTS, (0.1, 0.2, 0.3, 0.4), strict=True))
"""The temperature that each client sets, different from the one that the client before it set."""
REASONING_CLIENT = "graphql-ws"
"""The only client whose answer is generated with reasoning, which takes seconds."""
TOKEN = "the access token of these tests"


@dataclass(slots=True)
class ClientEnvironment:
    """Runs each client once and keeps its reports for all tests."""

    server: Server
    folder: Path
    compiled: list[str]
    _runs: dict[str, ClientRun] = field(default_factory=dict, repr=False)

    @property
    def address(self) -> str:
        return f"{self.server.url}/graphql"

    async def run_of(self, client: str) -> ClientRun:
        """Return the reports of a client; run it if it has not run yet."""
        if client not in self._runs:
            self._runs[client] = await run_client(
                client,
                self.folder,
                url=self.address,
                token=TOKEN,
                file=str(_unique_file(self.folder, client)),
                spare=_spare_model(client),
                temperature=TEMPERATURES[client],
                thinkingMode="HYBRID" if client == REASONING_CLIENT else "RAG",
                compiled=self.compiled,
            )
        return self._runs[client]


@asynccontextmanager
async def open_environment(folder: Path) -> AsyncIterator[ClientEnvironment]:
    front_end, data, models = (folder / name for name in ("front_end", "data", "models"))
    front_end.mkdir()
    compiled = await anyio.to_thread.run_sync(compile_operations, front_end)
    write_modules(front_end)
    models.mkdir()
    for seed, client in enumerate(CLIENTS):
        write_tiny_gguf(models / f"{_spare_model(client)}.gguf", TinyModel(name=_spare_model(client), seed=seed))
    names = [file.name.removesuffix(".graphql.js") for file in compiled.glob("*.graphql.js")]
    deep = str(folder_embedder(folder))
    async with running_server(data, access_token=TOKEN, models_dir=str(models), deep_embedder=deep) as server:
        yield ClientEnvironment(server, front_end, names)


def _spare_model(client: str) -> str:
    """Return the name of the model that this client deletes."""
    return f"spare-{client}"


def _unique_file(folder: Path, client: str) -> Path:
    """Write a PDF with bytes that no other client uploads."""
    file = files.WRITERS["pdf"](folder / f"{client}.pdf").path
    with file.open("ab") as opened:
        opened.write(f"\n% {client}\n".encode())
    return file
