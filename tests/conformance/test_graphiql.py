"""A first session with GraphiQL: a real browser, the real server with its small model, and no network."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.conformance.node import run_node
from tests.e2e.process import Server, running_server
from tests.paths import ROOT
from tests.support.programs import ProgramMissing, find_browser

pytestmark = pytest.mark.timeout(180)

SCREENSHOTS = ROOT / "test-artifacts" / "graphiql"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    async with running_server(tmp_path_factory.mktemp("data")) as running:
        yield running


@pytest.fixture(scope="module")
def session(server: Server) -> Any:
    """The results, requests and console messages of one session, from opening the page to the end of an answer."""
    shutil.rmtree(SCREENSHOTS, ignore_errors=True)
    SCREENSHOTS.mkdir(parents=True)
    handbook = ROOT / "examples" / "handbook.md"
    return run_node("graphiql_session.mjs", server.url, find_browser(), str(handbook), str(SCREENSHOTS))


def test_the_page_sends_requests_to_the_server_only(session: Any) -> None:
    assert session["foreignRequests"] == []


def test_the_browser_logs_no_error_or_warning(session: Any) -> None:
    assert session["consoleMessages"] == []


def test_a_file_chosen_in_the_panel_becomes_a_document(session: Any) -> None:
    (document,) = session["results"]["Overview"]["data"]["documents"]["nodes"]
    assert (document["name"], document["status"]) == ("handbook.md", "READY")
    assert session["panel"] == ["handbook.md", "READY"]


def test_the_documentation_explorer_shows_the_schema(session: Any) -> None:
    assert {"Query", "Mutation", "Subscription", "Document", "SearchInput"} <= set(session["types"])


def test_the_example_operations_return_an_answer_with_citations(session: Any) -> None:
    end = session["results"]["Watch"]["data"]["messageEvents"]
    assert end["__typename"] == "MessageCompleted"
    assert {citation["documentName"] for citation in end["message"]["citations"]} == {"handbook.md"}


def test_an_answer_is_streamed_into_the_page(session: Any) -> None:
    assert (session["events"][0], session["events"][-1]) == ("MessageStarted", "MessageCompleted")
    assert "TextDelta" in session["events"]
    assert session["statesShown"] > 1, "the page must show the answer before it is complete"


def test_every_step_has_a_screenshot(session: Any) -> None:
    steps = {"Welcome", "Documents", "Schema", "Overview", "NewSession", "Ask", "Watch"}
    assert {image.stem for image in SCREENSHOTS.glob("*.png")} >= steps


def test_a_missing_browser_is_reported_with_how_to_install_it(tmp_path: Path) -> None:
    with pytest.raises(ProgramMissing, match="apt-get install chromium"):
        find_browser(str(tmp_path))
