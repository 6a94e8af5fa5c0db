"""R12: growth of the API process while a file of 1 GB is uploaded."""

import asyncio
from pathlib import Path

import psutil

from benchmarks.figures import Figure, at_most
from benchmarks.server_operations import DELETE
from tests.e2e.client import Client
from tests.e2e.process import running_server

MIB = 1 << 20
BYTES = 10**9
LINE = b"Every line of the large file has the same text, and the file has as many lines as are needed.\n"
SAMPLE_SECONDS = 0.02


async def measure(folder: Path, quick: bool) -> list[Figure]:
    """Measure the upload of the large file, and delete the document as soon as the upload has ended.

    A small file is uploaded first, so that the server has imported all its modules.
    """
    size = 50 * MIB if quick else BYTES
    small, large = _write(folder / "small.txt", MIB), _write(folder / "large.txt", size)
    async with running_server(folder / "data") as server, Client(server.url) as client:
        await client.upload(small)
        api = psutil.Process(server.pid)
        before = api.memory_info().rss
        uploading = asyncio.create_task(client.upload(large))
        peak = before
        while not uploading.done():
            peak = max(peak, api.memory_info().rss)
            await asyncio.sleep(SAMPLE_SECONDS)
        uploaded = await uploading
        assert uploaded["document"]["byteSize"] == large.stat().st_size, uploaded
        await client.run(DELETE, input={"id": uploaded["document"]["id"]})
    growth, description = (peak - before) / MIB, f"growth of the API process while {size / 1e9:g} GB are uploaded"
    return [at_most("R12", description, growth, 64, " MiB", before_mib=before / MIB)]


def _write(path: Path, size: int) -> Path:
    lines = LINE * (MIB // len(LINE))
    with path.open("wb") as file:
        for _ in range(-(-size // len(lines))):
            file.write(lines)
        file.truncate(size)
    return path
