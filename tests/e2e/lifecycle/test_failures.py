"""Failures of the whole process: a lost background loop ends it, and a failed start is reported in one line."""

import asyncio
import re
import signal
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from tests.e2e.client import Client
from tests.e2e.lifecycle.failing_server import KINDS, SECRET
from tests.e2e.process import SERVER, free_port, running_server, start_process, start_server

pytestmark = pytest.mark.timeout(120)

FAILURES = [kind for kind in KINDS if kind != "close raises"]


@pytest.mark.parametrize("kind", FAILURES)
async def test_a_lost_background_loop_ends_the_process_with_an_error(data_dir: Path, kind: str) -> None:
    server = await start_process(data_dir, "-m", "tests.e2e.lifecycle.failing_server", kind)
    assert await server.process.wait() == 1
    log = server.output.read_text()
    assert SECRET not in log
    assert "failing loop" in log or "ComponentFailed" in log
    assert re.search(r"\[critical *\]", log)


async def test_a_component_that_cannot_be_closed_ends_the_process_with_an_error(data_dir: Path) -> None:
    server = await start_server(data_dir, "-m", "tests.e2e.lifecycle.failing_server", "close raises")
    assert await server.stop() == 1
    log = server.output.read_text()
    assert SECRET not in log
    assert "ComponentFailed" in log


async def test_a_lost_background_loop_leaves_no_worker(data_dir: Path) -> None:
    server = await start_server(data_dir, "-m", "tests.e2e.lifecycle.failing_server", "loop raises")
    children = psutil.Process(server.pid).children(recursive=True)
    assert await server.process.wait() == 1
    assert psutil.wait_procs(children, timeout=10)[1] == []


@pytest.mark.parametrize(("number", "count"), [(signal.SIGTERM, 1), (signal.SIGINT, 1), (signal.SIGINT, 2)])
async def test_signals_during_the_start_end_the_process_without_an_error(
    data_dir: Path, number: int, count: int
) -> None:
    server = await start_process(data_dir, SERVER)
    while "database migrated" not in server.output.read_text():
        await asyncio.sleep(0.01)
    for _ in range(count):
        server.process.send_signal(number)
        await asyncio.sleep(0.05)
    assert await server.process.wait() == 0
    assert "Traceback" not in server.output.read_text()


async def failed_start(folder: Path, /, **settings: str) -> str:
    """Run a server that cannot start; return its last line after checking that there is no traceback."""
    server = await start_process(folder, SERVER, **settings)
    assert await server.process.wait() == 1
    lines = server.output.read_text().splitlines()
    assert [line for line in lines if line.startswith("  File ") or "Traceback" in line] == []
    assert "start failed" in lines[-1]
    return lines[-1]


async def test_a_second_server_on_a_data_folder_does_not_start_and_changes_nothing(data_dir: Path) -> None:
    async with running_server(data_dir) as server, Client(server.url) as client:
        upload = data_dir / "incoming" / "upload.part"
        upload.write_bytes(b"half of a file")
        for port in (server.port, free_port()):
            line = await failed_start(data_dir, port=str(port))
            assert f"The data folder {data_dir} is in use by another Graphlore server." in line
            assert "GRAPHLORE_DATA_DIR" in line
        assert upload.exists(), "a server that starts removes unfinished uploads"
        assert (await client.run("{ systemStatus { seq } }"))["systemStatus"]["seq"] >= 1


async def test_the_data_folder_of_a_killed_server_can_be_used_at_once(data_dir: Path) -> None:
    async with running_server(data_dir) as server:
        await server.kill()
    async with running_server(data_dir) as server, Client(server.url) as client:
        assert (await client.get("/health")).json() == {"status": "ok"}


async def test_a_port_in_use_prevents_the_start_before_anything_is_written(data_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        line = await failed_start(data_dir, port=str(taken.getsockname()[1]))
    assert "Address already in use" in line
    assert "GRAPHLORE_PORT" in line
    assert not (data_dir / "graphlore.db").exists()


def write_newer_database(path: Path) -> None:
    with closing(sqlite3.connect(path / "graphlore.db")) as database:
        database.execute("INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('graphlore', '9999_new', '')")
        database.commit()


async def test_a_database_of_a_newer_version_prevents_the_start(data_dir: Path) -> None:
    async with running_server(data_dir):
        pass
    write_newer_database(data_dir)
    line = await failed_start(data_dir)
    assert "newer version of Graphlore" in line
    assert "9999_new" in line


def text_in_place_of_the_database(folder: Path) -> str:
    (folder / "graphlore.db").write_text("This is a letter and no database. " * 20)
    return "graphlore.db"


def folder_in_place_of_the_database(folder: Path) -> str:
    (folder / "graphlore.db").mkdir()
    return "graphlore.db"


def file_in_place_of_the_originals(folder: Path) -> str:
    (folder / "originals").touch()
    return str(folder / "originals")


def file_in_place_of_the_models(folder: Path) -> str:
    (folder / "models").touch()
    return str(folder / "models")


def folder_in_place_of_the_lock(folder: Path) -> str:
    (folder / "server.lock").mkdir()
    return str(folder)


@pytest.mark.parametrize(
    "spoil",
    [
        text_in_place_of_the_database,
        folder_in_place_of_the_database,
        file_in_place_of_the_originals,
        file_in_place_of_the_models,
        folder_in_place_of_the_lock,
    ],
)
async def test_a_spoiled_data_folder_prevents_the_start_with_the_name_of_the_file(data_dir: Path, spoil) -> None:  # type: ignore[no-untyped-def]
    data_dir.mkdir()
    name = spoil(data_dir)
    assert name in await failed_start(data_dir)


async def test_a_file_in_place_of_the_data_folder_prevents_the_start(tmp_path: Path) -> None:
    taken = tmp_path / "file"
    taken.touch()
    line = await failed_start(tmp_path, data_dir=str(taken))
    assert f"The folder {taken} cannot be created" in line
    assert "GRAPHLORE_DATA_DIR" in line


async def test_invalid_settings_prevent_the_start_with_the_name_of_the_variable(data_dir: Path) -> None:
    server = await start_process(data_dir, SERVER, max_upload_bytes="many")
    assert await server.process.wait() == 2
    assert "GRAPHLORE_MAX_UPLOAD_BYTES: " in server.output.read_text()
    assert "Traceback" not in server.output.read_text()
