"""llama.cpp's own server, built once from the very sources that llama-cpp-python's package carries, with the same flags.

It lies in `benchmarks/results/`, which is not committed. The variable LLAMA_SERVER names one that is built already.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path

from benchmarks.figures import RESULTS

FLAGS = ("-DCMAKE_BUILD_TYPE=Release", "-DLLAMA_CURL=OFF", "-DLLAMA_BUILD_TESTS=OFF", "-DLLAMA_BUILD_EXAMPLES=OFF")
"""What llama-cpp-python's own build sets; the rest are llama.cpp's defaults in both."""


class OpponentMissing(Exception):
    """Why there is nobody to be held against; the rows that need it are not measured."""


def llama_server() -> Path:
    """The program, built where it is not yet: about ten minutes on two cores. Raises `OpponentMissing`."""
    if named := os.environ.get("LLAMA_SERVER"):
        if not Path(named).is_file():
            raise OpponentMissing(f"LLAMA_SERVER names {named}, which is no file")
        return Path(named).absolute()
    folder = RESULTS / f"llama-server-{version('llama-cpp-python')}-{'cuda' if _has_cuda() else 'cpu'}"
    program = folder / "build" / "bin" / "llama-server"
    if not program.is_file():
        _build(folder)
    return program


def _build(folder: Path) -> None:
    if shutil.which("cmake") is None:
        raise OpponentMissing("llama.cpp's server cannot be built: there is no cmake")
    folder.mkdir(parents=True, exist_ok=True)
    print(f"  building llama.cpp's server into {folder}; the first time takes about ten minutes …", flush=True)
    sources, build = _sources(folder), folder / "build"
    flags = (*FLAGS, *os.environ.get("CMAKE_ARGS", "").split(), *(["-DGGML_CUDA=on"] if _has_cuda() else []))
    _run(folder, "cmake", "-S", str(sources), "-B", str(build), *flags)
    _run(folder, "cmake", "--build", str(build), "--target", "llama-server", "--parallel", str(os.cpu_count() or 1))


def _sources(folder: Path) -> Path:
    package = f"llama-cpp-python=={version('llama-cpp-python')}"
    only_sources = ("--no-deps", "--no-binary", "llama-cpp-python")
    _run(folder, sys.executable, "-m", "pip", "download", package, *only_sources, "--dest", str(folder))
    archive = next(folder.glob("llama_cpp_python-*.tar.gz"))
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    return folder / archive.name.removesuffix(".tar.gz") / "vendor" / "llama.cpp"


def _run(folder: Path, *command: str) -> None:
    log = folder / "build.log"
    with log.open("ab") as output:
        ended = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False)
    if ended.returncode:
        raise OpponentMissing(f"llama.cpp's server cannot be built: `{command[0]}` failed, see {log}")


def _has_cuda() -> bool:
    """Whether the llama.cpp that we run was built for CUDA: the opponent is then, too."""
    spec = importlib.util.find_spec("llama_cpp")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    return any(list(Path(folder).glob("lib/libggml-cuda*")) for folder in folders)
