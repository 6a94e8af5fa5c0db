"""What an administrator can set: one class, read once by `server.py` from the command line and the environment.

The README's table of settings says the same as this class, held by `tests/test_settings.py`.
"""

import argparse
import difflib
import ipaddress
import os
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "GRAPHLORE_"
GIB = 1 << 30
SHORTEST_TOKEN = 16
HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\]?)(?::[0-9]{1,5})?")
"""A name or an address, with or without a port."""


class LogLevel(StrEnum):
    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class LogFormat(StrEnum):
    CONSOLE = "console"
    JSON = "json"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on `host`."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _split(value: object) -> object:
    return [item.strip() for item in value.split(",") if item.strip()] if isinstance(value, str) else value


def _long_enough(token: SecretStr) -> SecretStr:
    if len(token.get_secret_value()) < SHORTEST_TOKEN:
        raise ValueError(f"It needs {SHORTEST_TOKEN} characters at least")
    return token


def _sendable(token: SecretStr) -> SecretStr:
    """What other characters become in a header is not the same in every client."""
    if not re.fullmatch(r"[!-~](?:[ -~]*[!-~])?", token.get_secret_value()):
        raise ValueError("It may have letters, digits and signs of ASCII, and no blanks around it")
    return token


def _a_name(host: str) -> str:
    """A pattern for all names would open the server to pages that give their own name our address."""
    if not HOST.fullmatch(host):
        raise ValueError(f"{host[:80]!r} must be a name such as notes.example, without * and paths")
    return host


def _an_origin(origin: str) -> str:
    if not re.fullmatch(rf"https?://{HOST.pattern}/?", origin, re.IGNORECASE):
        raise ValueError(f"{origin[:80]!r} must be an origin such as https://notes.example, without * and paths")
    return origin


def _an_address(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("It must be an address such as http://localhost:4317")
    return endpoint


def _a_model(folder: Path) -> Path:
    if not (folder / "config.json").is_file():
        raise ValueError("It must be the folder of a cross-encoder, with its config.json")
    return folder


Endpoint = Annotated[str, AfterValidator(_an_address)]
Folder = Annotated[Path, AfterValidator(lambda path: path.expanduser().absolute())]
ModelFolder = Annotated[Folder, AfterValidator(_a_model)]
Folders = Annotated[tuple[Folder, ...], NoDecode, BeforeValidator(_split)]
Hosts = Annotated[tuple[Annotated[str, AfterValidator(_a_name)], ...], NoDecode, BeforeValidator(_split)]
Origins = Annotated[tuple[Annotated[str, AfterValidator(_an_origin)], ...], NoDecode, BeforeValidator(_split)]
Token = Annotated[SecretStr, AfterValidator(_long_enough), AfterValidator(_sendable)]
UpperLevel = Annotated[LogLevel, BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value)]


class Settings(BaseSettings):
    """Lists are separated by commas. Folders count from the one that the server is started in, and are absolute here."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid", validate_default=True
    )

    host: str = Field("127.0.0.1", description="Address to listen on; one beyond this machine needs an access token")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one")
    data_dir: Folder = Field(Path("data"), description="Folder of the database, the originals and the vectors")
    models_dir: Folder | None = Field(None, description="Folder of GGUF files; unset: `models` in the data folder")
    max_upload_bytes: int = Field(GIB, ge=1024, le=1024 * GIB, description="Largest file that is taken, in bytes")
    max_characters: int = Field(
        20_000_000, ge=1000, le=1_000_000_000, description="Longest text of one document, in characters"
    )
    allowed_hosts: Hosts = Field((), description="Names that clients reach the server by, besides this machine's own")
    allowed_origins: Origins = Field((), description="Origins of other pages that may use it: `https://notes.example`")
    access_token: Token | None = Field(
        None, description=f"Token that every request must carry, {SHORTEST_TOKEN} characters at least; unset: none"
    )
    introspection: bool = Field(True, description="Whether clients may ask for the schema")
    graphiql: bool = Field(True, description="Whether `/graphql` shows GraphiQL to browsers")
    keep_originals: bool = Field(True, description="Whether a file is kept after its text was read")
    import_roots: Folders = Field((), description="Folders that `importDocument` may read from")
    import_private_addresses: bool = Field(
        False, description="Whether `importDocument` may fetch from this machine and its network"
    )
    reranker: ModelFolder | None = Field(
        None,
        description="Folder of a sentence-transformers cross-encoder that reranks; unset: the embedder's token vectors",
    )
    deep_embedder: str | None = Field(
        None,
        description="Second embedder, for idle hours: a sentence-transformers folder, a GGUF file, or the name of one that "
        "is here; unset: none",
    )
    idle_threshold_seconds: int = Field(
        600, ge=0, le=604_800, description="How long the machine must be idle before the second embedder begins"
    )
    gpu_idle_percent: float = Field(
        10.0,
        gt=0,
        le=100,
        description="What an idle GPU is used less than; without a GPU, the processor by other programs",
    )
    max_queued_answers: int = Field(
        64, ge=1, le=10_000, description="Answers that may run or wait; more are refused as busy"
    )
    log_level: UpperLevel = Field(LogLevel.INFO, description="`DEBUG`, `INFO`, `WARNING` or `ERROR`")
    log_format: LogFormat = Field(LogFormat.CONSOLE, description="`console` for people, `json` for programs")
    otel_endpoint: Endpoint | None = Field(
        None, description="Collector of OpenTelemetry spans (OTLP over gRPC): `http://localhost:4317`; unset: no spans"
    )

    @property
    def models_folder(self) -> Path:
        return self.models_dir or self.data_dir / "models"

    @model_validator(mode="after")
    def _guarded_beyond_this_machine(self) -> Self:
        if self.access_token is None and not is_loopback(self.host):
            raise ValueError(
                f"{variable('access_token')}: it must be set, since other machines can reach "
                f"{variable('host')}={self.host}"
            )
        return self


def variable(field: str) -> str:
    """The environment variable of a field."""
    return PREFIX + field.upper()


def read_settings(arguments: Sequence[str]) -> Settings:
    """The command line over the environment over the defaults.

    Settings that cannot be used end the program with code 2 and a line for each of them that names its variable.
    """
    parser = argparse.ArgumentParser(
        prog="python server.py",
        description="Talk with your own documents on your own machine.",
        epilog=f"Everything can be set by {PREFIX}... variables; the README has their table.",
    )
    for field in ("host", "port", "data_dir"):
        described = Settings.model_fields[field].description
        parser.add_argument(f"--{field.replace('_', '-')}", help=f"{described} ({variable(field)})")
    given = {name: value for name, value in vars(parser.parse_args(arguments)).items() if value is not None}
    complaints = list(_unknown_variables())
    try:
        settings = Settings(**given)
    except ValidationError as cause:
        complaints += [_plain(error) for error in cause.errors()]
    if complaints:
        parser.exit(2, "Graphlore does not start:\n" + "".join(f"  {complaint}.\n" for complaint in complaints))
    return settings


def _unknown_variables() -> list[str]:
    """A misspelled variable would be ignored in silence, even one that was to protect the server."""
    known = [variable(field) for field in Settings.model_fields]
    complaints = []
    for name in sorted(set(os.environ) - set(known)):
        if name.startswith(PREFIX):
            close = difflib.get_close_matches(name, known, 1)
            complaints.append(f"{name}: there is no such setting" + (f" (is {close[0]} meant?)" if close else ""))
    return complaints


def _plain(error: Mapping[str, Any]) -> str:
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{variable(str(error['loc'][0]))}: {message}" if error["loc"] else message
