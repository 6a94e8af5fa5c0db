"""What the logs hold, and what they never hold, as a process of its own writes them."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROGRAM = """
import sys
import structlog
from logs import configure_logs

def answer(prompt):
    length = len(prompt) // 0

configure_logs("DEBUG", as_json=sys.argv[1] == "json")
try:
    answer("zanzi" + "barium")
except ZeroDivisionError as cause:
    structlog.get_logger("graphlore").error("unexpected", id="7", exc_info=cause)
"""


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_traceback_says_where_it_broke_and_not_what_was_asked(form: str) -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM, form], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "in answer" in ended.stderr
    assert "ZeroDivisionError" in ended.stderr
    assert "zanzibarium" not in ended.stderr
