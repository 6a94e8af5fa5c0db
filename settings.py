"""The settings of an administrator: one class, read once by `server.py` from the command line and the environment.

The table of settings in the README is compared with this class by `tests/test_settings.py`.
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
MAX_DAILY = 2**53
"""Upper bound of the daily limits: larger numbers are not exact in JavaScript."""
MIN_TOKEN = 16
"""Minimum length of an access token in characters."""
HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\]?)(?::[0-9]{1,5})?")
"""A host name or an address, with or without a port."""
ORIGIN = re.compile(rf"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://{HOST.pattern}/?")
"""An origin of a web page, or of a program with a scheme of its own such as `tauri://localhost`."""
NO_ORIGINS = frozenset({"about", "blob", "data", "file", "filesystem", "ftp", "javascript", "view-source", "ws", "wss"})
"""Schemes that are not allowed in an origin, because all pages of such a scheme have the same origin or none."""
ROOT_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)*/?")


class LogLevel(StrEnum):
    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class Accounts(StrEnum):
    SINGLE = "single"
    INVITATION = "invitation"
    APPROVAL = "approval"
    CLOSED = "closed"


class LogFormat(StrEnum):
    CONSOLE = "console"
    JSON = "json"


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach a server that listens on `host`."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _split(value: object) -> object:
    return [item.strip() for item in value.split(",") if item.strip()] if isinstance(value, str) else value


def _check_token_length(token: SecretStr) -> SecretStr:
    if len(token.get_secret_value()) < MIN_TOKEN:
        raise ValueError(f"It must have at least {MIN_TOKEN} characters")
    return token


def _check_token_characters(token: SecretStr) -> SecretStr:
    """Reject characters that clients encode differently in a header."""
    if not re.fullmatch(r"[!-~](?:[ -~]*[!-~])?", token.get_secret_value()):
        raise ValueError("It must consist of printable ASCII characters, without a blank at its ends")
    return token


def _check_host(host: str) -> str:
    """Reject a host with a wildcard, and any other text that is not a host.

    `*` would accept the requests of a page whose domain resolves to this server; the page could then read the server's data
    (DNS rebinding).
    """
    if not HOST.fullmatch(host):
        raise ValueError(f"{host[:80]!r} must be a name such as notes.example, without * and without a path")
    return host


def _check_origin(origin: str) -> str:
    match = ORIGIN.fullmatch(origin)
    if match is None:
        example = "https://notes.example or app://obsidian.md, without * and without a path"
        raise ValueError(f"{origin[:80]!r} must be an origin such as {example}")
    if match["scheme"].lower() in NO_ORIGINS:
        raise ValueError(f"{origin[:80]!r} is not an origin: pages of the scheme {match['scheme']} share one origin")
    return origin


def _check_root_path(path: str) -> str:
    if not ROOT_PATH.fullmatch(path) or "/../" in f"{path}/" or "/./" in f"{path}/":
        raise ValueError(f"{path[:80]!r} must be a path such as /graphlore")
    return path.rstrip("/")


def _check_address(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("It must be an address such as http://localhost:4317")
    return endpoint


def _check_model_folder(folder: Path) -> Path:
    if not (folder / "config.json").is_file():
        raise ValueError("It must be the folder of a cross-encoder, with its config.json")
    return folder


Endpoint = Annotated[str, AfterValidator(_check_address)]
Folder = Annotated[Path, AfterValidator(lambda path: path.expanduser().absolute())]
ModelFolder = Annotated[Folder, AfterValidator(_check_model_folder)]
Folders = Annotated[tuple[Folder, ...], NoDecode, BeforeValidator(_split)]
Hosts = Annotated[tuple[Annotated[str, AfterValidator(_check_host)], ...], NoDecode, BeforeValidator(_split)]
Origins = Annotated[tuple[Annotated[str, AfterValidator(_check_origin)], ...], NoDecode, BeforeValidator(_split)]
ProxyPath = Annotated[str, AfterValidator(_check_root_path)]
Token = Annotated[SecretStr, AfterValidator(_check_token_length), AfterValidator(_check_token_characters)]
LowerAccounts = Annotated[Accounts, BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value)]
UpperLevel = Annotated[LogLevel, BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value)]


class Settings(BaseSettings):
    """The settings of the server. Lists are separated by commas. Relative folders are resolved to absolute ones."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid", validate_default=True
    )

    host: str = Field(
        "127.0.0.1", description="Address to listen on; other than loopback only with an access token or accounts"
    )
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 selects a free one")
    root_path: ProxyPath = Field(
        "", description="Path under which a reverse proxy serves the server, such as `/graphlore`; unset: `/`"
    )
    data_dir: Folder = Field(Path("data"), description="Folder of the database, the originals and the vectors")
    models_dir: Folder | None = Field(None, description="Folder of GGUF files; unset: `models` in the data folder")
    max_upload_bytes: int = Field(GIB, ge=1024, le=1024 * GIB, description="Maximum size of an uploaded file in bytes")
    max_characters: int = Field(
        20_000_000, ge=1000, le=1_000_000_000, description="Maximum length of a document's text in characters"
    )
    allowed_hosts: Hosts = Field((), description="Host names of the server, in addition to this machine's own")
    allowed_origins: Origins = Field(
        (),
        description="Origins of web pages and programs, other than the server's own page, that may use the server: "
        "`https://notes.example`, `app://obsidian.md`",
    )
    access_token: Token | None = Field(
        None, description=f"Token that every request must have, at least {MIN_TOKEN} characters; unset: none"
    )
    accounts: LowerAccounts = Field(
        Accounts.SINGLE,
        description="Accounts: `single` for one person without a password; otherwise the way in which people get an "
        "account: `invitation`, `approval` or `closed`",
    )
    audit_days: int = Field(
        365, ge=0, le=36_500, description="Days after which entries of the audit log are erased; 0 keeps them"
    )
    introspection: bool = Field(True, description="Allow clients to read the schema")
    graphiql: bool = Field(True, description="Show GraphiQL to browsers at `/` and `/graphql`")
    keep_originals: bool = Field(True, description="Keep the original file of a document after the document is `READY`")
    import_roots: Folders = Field((), description="Folders that `importDocument` may read from")
    import_private_addresses: bool = Field(
        False, description="Allow `importDocument` to fetch from this machine and its network"
    )
    reranker: ModelFolder | None = Field(
        None,
        description="Folder of a sentence-transformers cross-encoder for reranking; unset: the light embedder's token "
        "vectors are compared",
    )
    deep_embedder: str | None = Field(
        None,
        description="Deep embedder, a second embedder that works while the machine is idle: a sentence-transformers "
        "folder, a GGUF file, or the name of an "
        "installed model; unset: none",
    )
    idle_threshold_seconds: int = Field(
        600, ge=0, le=604_800, description="Idle time of the machine in seconds before the deep embedder starts"
    )
    gpu_idle_percent: float = Field(
        10.0,
        gt=0,
        le=100,
        description="GPU utilization below which the machine is idle; without a GPU, CPU utilization of other programs",
    )
    max_queued_answers: int = Field(
        64,
        ge=1,
        le=10_000,
        description="Maximum number of unfinished answers, running ones included; others are refused",
    )
    max_concurrent_answers_per_user: int | None = Field(
        None, ge=1, le=10_000, description="Maximum number of unfinished answers of each user; unset: no own limit"
    )
    daily_answers: int | None = Field(
        None, ge=1, le=MAX_DAILY, description="Maximum number of answers of each user a day (UTC); unset: no limit"
    )
    daily_tokens: int | None = Field(
        None,
        ge=1,
        le=MAX_DAILY,
        description="Tokens of prompts and answers of each user a day (UTC), after which further answers are refused; "
        "unset: no limit",
    )
    daily_upload_bytes: int | None = Field(
        None,
        ge=1,
        le=MAX_DAILY,
        description="Maximum number of bytes of each user's new documents a day (UTC); unset: no limit",
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
    def _require_token_beyond_loopback(self) -> Self:
        is_open = self.access_token is None and self.accounts is Accounts.SINGLE
        if is_open and not is_loopback(self.host):
            raise ValueError(
                f"{variable('access_token')}: It must be set, or {variable('accounts')} must require accounts, because "
                f"other machines can reach {variable('host')}={self.host}"
            )
        return self


def variable(field: str) -> str:
    """Return the environment variable of a field."""
    return PREFIX + field.upper()


def read_settings(arguments: Sequence[str]) -> Settings:
    """Read the command line, the environment and the defaults, in this order of precedence.

    Invalid settings end the program with code 2 and a line for each of them that names its variable.
    """
    parser = argparse.ArgumentParser(
        prog="python server.py",
        description="Chat with your own documents on your own machine.",
        epilog=f"All settings are {PREFIX}... environment variables; the README lists them.",
    )
    for field in ("host", "port", "data_dir"):
        description = Settings.model_fields[field].description
        parser.add_argument(f"--{field.replace('_', '-')}", help=f"{description} ({variable(field)})")
    given = {name: value for name, value in vars(parser.parse_args(arguments)).items() if value is not None}
    problems = list(_unknown_variables())
    try:
        settings = Settings(**given)
    except ValidationError as error:
        problems += [_format_error(each) for each in error.errors()]
    if problems:
        parser.exit(2, "Graphlore cannot start:\n" + "".join(f"  {problem}.\n" for problem in problems))
    return settings


def _unknown_variables() -> list[str]:
    """Return an error line for each environment variable that has the prefix but names no setting.

    A misspelled setting that protects the server must not be ignored.
    """
    known = [variable(field) for field in Settings.model_fields]
    problems = []
    for name in sorted(set(os.environ) - set(known)):
        if name.startswith(PREFIX):
            close = difflib.get_close_matches(name, known, 1)
            problems.append(f"{name}: There is no such setting" + (f". Did you mean {close[0]}?" if close else ""))
    return problems


def _format_error(error: Mapping[str, Any]) -> str:
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{variable(str(error['loc'][0]))}: {message}" if error["loc"] else message
