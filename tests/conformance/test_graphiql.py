"""GraphiQL as a new user meets it: a real browser, the real server, the real small model, and no network."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.conformance.node import ROOT, JudgeFailed, run_node
from tests.e2e.process import Server, running_server

pytestmark = pytest.mark.timeout(180)

SCREENSHOTS = ROOT / "test-artifacts" / "graphiql"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def browser(path: str | None = None) -> str:
    for name in BROWSERS:
        if found := shutil.which(name, path=path):
            return found
    raise JudgeFailed("GraphiQL is looked at in Chromium, which is not here. On Debian: apt-get install chromium")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    async with running_server(tmp_path_factory.mktemp("data")) as running:
        yield running


@pytest.fixture(scope="module")
def seen(server: Server) -> Any:
    """What the browser showed, asked for and complained of, from the page's first sight to the last word of an answer."""
    shutil.rmtree(SCREENSHOTS, ignore_errors=True)
    SCREENSHOTS.mkdir(parents=True)
    handbook = ROOT / "examples" / "handbook.md"
    return run_node("graphiql.mjs", server.url, browser(), str(handbook), str(SCREENSHOTS))


def test_the_page_asks_nobody_but_the_server_for_anything(seen: Any) -> None:
    assert seen["foreign"] == []


def test_the_browser_has_nothing_to_complain_of(seen: Any) -> None:
    assert seen["complaints"] == []


def test_a_file_that_is_chosen_in_the_panel_becomes_a_document(seen: Any) -> None:
    (document,) = seen["results"]["Overview"]["data"]["documents"]["nodes"]
    assert (document["name"], document["status"]) == ("handbook.md", "READY")
    assert seen["panel"] == ["handbook.md", "READY"]


def test_the_documentation_shows_the_schema(seen: Any) -> None:
    assert {"Query", "Mutation", "Subscription", "Document", "SearchInput"} <= set(seen["types"])


def test_the_welcomes_operations_lead_to_an_answer_with_its_sources(seen: Any) -> None:
    end = seen["results"]["Watch"]["data"]["messageEvents"]
    assert end["__typename"] == "MessageCompleted"
    assert {citation["documentName"] for citation in end["message"]["citations"]} == {"handbook.md"}


def test_an_answer_streams_into_the_page(seen: Any) -> None:
    assert (seen["events"][0], seen["events"][-1]) == ("MessageStarted", "MessageCompleted")
    assert "TextDelta" in seen["events"]
    assert seen["shown"] > 1, "the page showed more than one state of the answer"


def test_a_picture_of_every_step_is_kept(seen: Any) -> None:
    steps = {"Welcome", "Documents", "Schema", "Overview", "NewSession", "Ask", "Watch"}
    assert {picture.stem for picture in SCREENSHOTS.glob("*.png")} >= steps


def test_without_a_browser_the_way_to_one_is_told(tmp_path: Path) -> None:
    with pytest.raises(JudgeFailed, match="apt-get install chromium"):
        browser(str(tmp_path))
