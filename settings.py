"""What an administrator can set: one class, read once by `server.py`, from the command line and the environment.

The README's table of settings is printed from this class (`python settings.py`), and a test compares the two.
"""

import argparse
import difflib
import ipaddress
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "GRAPHLORE_"
GIB = 1 << 30


class LogLevel(StrEnum):
    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class LogFormat(StrEnum):
    CONSOLE = "console"
    JSON = "json"


class SettingsRefused(Exception):
    """The settings cannot be used; the message has a line for each reason and names the variable."""


def _split(value: object) -> object:
    return [item.strip() for item in value.split(",") if item.strip()] if isinstance(value, str) else value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _expanded(value: Path) -> Path:
    return value.expanduser().absolute()


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Folders = Annotated[tuple[Path, ...], NoDecode, BeforeValidator(_split)]


class Settings(BaseSettings):
    """Lists are separated by commas; folders are taken from the folder that the server was started in."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid")

    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on; beyond this machine only with an access token.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    data_dir: Path = Field(Path("data"), description="Folder of the database, the originals and the vectors.")
    models_dir: Path | None = Field(None, description="Folder of GGUF files; `models` in the data folder unless set.")
    max_upload_bytes: int = Field(GIB, ge=1024, le=1024 * GIB, description="Largest file that is taken, in bytes.")
    max_characters: int = Field(
        50_000_000, ge=1000, le=1_000_000_000, description="Longest text that is kept of one document, in characters."
    )
    allowed_hosts: Names = Field(
        (), description="Names that clients may reach the server by, besides this machine's own and `GRAPHLORE_HOST`."
    )
    allowed_origins: Names = Field(
        (), description="Origins of other web pages that may use the server, such as `https://notes.example`."
    )
    access_token: SecretStr | None = Field(
        None, min_length=16, description="Token that every request must carry, 16 characters at least; none unless set."
    )
    introspection: bool = Field(True, description="Whether clients may ask for the schema.")
    graphiql: bool = Field(True, description="Whether `/graphql` shows GraphiQL to browsers.")
    keep_originals: bool = Field(True, description="Whether uploaded files are kept after their text was read.")
    import_roots: Folders = Field((), description="Folders that `importDocument` may read files from; none unless set.")
    default_model: str | None = Field(
        None, description="File name of the model that is loaded at the start; the bundled one unless set."
    )
    context_length: int = Field(
        8192, ge=512, le=1_048_576, description="Tokens that a model is loaded with, at most those that it was trained for."
    )
    max_loaded_models: int = Field(1, ge=1, le=16, description="Models that are loaded at the same time.")
    max_queued_answers: int = Field(64, ge=1, le=10_000, description="Answers that may wait; more are refused as busy.")
    log_level: Annotated[LogLevel, BeforeValidator(_upper)] = Field(
        LogLevel.INFO, description="`DEBUG`, `INFO`, `WARNING` or `ERROR`; prompts and documents are logged at none."
    )
    log_format: Annotated[LogFormat, BeforeValidator(_lower)] = Field(
        LogFormat.CONSOLE, description="`console` for people, `json` for programs: one object a line."
    )

    @model_validator(mode="after")
    def _guarded_beyond_this_machine(self) -> Self:
        if self.access_token is None and not is_loopback(self.host):
            raise ValueError(
                f"{PREFIX}ACCESS_TOKEN: must be set, since {PREFIX}HOST={self.host} can be reached from other machines."
            )
        return self

    @property
    def data_folder(self) -> Path:
        return _expanded(self.data_dir)

    @property
    def models_folder(self) -> Path:
        return _expanded(self.models_dir) if self.models_dir else self.data_folder / "models"

    @property
    def import_folders(self) -> tuple[Path, ...]:
        return tuple(_expanded(root) for root in self.import_roots)


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def read_settings(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> Settings:
    """The command line over the environment over the defaults. Raises `SettingsRefused`; `--help` ends the program."""
    parser = argparse.ArgumentParser(
        prog="python server.py", description="Talk with your own documents on your own machine.",
        epilog=f"Everything else is set by {PREFIX}... variables: the README has the table.",
    )  # fmt: skip
    parser.add_argument("--host", help=f"over {PREFIX}HOST")
    parser.add_argument("--port", help=f"over {PREFIX}PORT")
    parser.add_argument("--data-dir", help=f"over {PREFIX}DATA_DIR")
    given = {name: value for name, value in vars(parser.parse_args(arguments)).items() if value is not None}
    _refuse_unknown(environment)
    try:
        return Settings(**given)
    except ValidationError as cause:
        raise SettingsRefused("\n".join(_plain(error) for error in cause.errors())) from None


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    known = [variable(name) for name in Settings.model_fields]
    lines = []
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in known:
            close = difflib.get_close_matches(name, known, 1)
            lines.append(f"{name}: there is no such setting." + (f" Is {close[0]} meant?" if close else ""))
    if lines:
        raise SettingsRefused("\n".join(lines))


def _plain(error: Mapping[str, object]) -> str: ...


def variable(field: str) -> str:
    return PREFIX + field.upper()
