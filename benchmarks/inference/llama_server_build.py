"""Build of llama.cpp's server, from the sources that the package llama-cpp-python contains and with the same flags.

The program is built once into `benchmarks/results/`, which is not committed. The environment variable LLAMA_SERVER
names a program that exists already.
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
"""Flags that the build of llama-cpp-python sets. All others have llama.cpp's defaults in both builds."""


class BaselineUnavailable(Exception):
    """A compared server cannot run on this machine. The rows that need it are not measured."""


def llama_server() -> Path:
    """Return the path of the program. The first build takes about ten minutes on two cores.

    Raises `BaselineUnavailable` if it cannot be built.
    """
    if path := os.environ.get("LLAMA_SERVER"):
        if not Path(path).is_file():
            raise BaselineUnavailable(f"LLAMA_SERVER names {path}, which is not a file")
        return Path(path).absolute()
    folder = RESULTS / f"llama-server-{version('llama-cpp-python')}-{'cuda' if _has_cuda() else 'cpu'}"
    program = folder / "build" / "bin" / "llama-server"
    if not program.is_file():
        _build(folder)
    return program


def _build(folder: Path) -> None:
    if shutil.which("cmake") is None:
        raise BaselineUnavailable("llama.cpp's server cannot be built: cmake is not installed")
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
        raise BaselineUnavailable(f"llama.cpp's server cannot be built: `{command[0]}` failed, see {log}")


def _has_cuda() -> bool:
    """Return whether the installed llama-cpp-python was built for CUDA."""
    spec = importlib.util.find_spec("llama_cpp")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    return any(list(Path(folder).glob("lib/libggml-cuda*")) for folder in folders)
