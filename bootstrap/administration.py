"""Administration of accounts from the command line, while the server is stopped: `python -m bootstrap.administration`."""

import argparse
import getpass
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import anyio

from bootstrap.data_folder import StartFailed, open_data_folder
from persistence.access.logins import Logins
from persistence.access.users import Accounts, Users
from persistence.database.database import open_database
from persistence.master_keys import rotate_secret_keys
from records.access import CredentialsRecord, Role, UserFilter
from records.access.system_scope import SYSTEM
from records.errors import ExpectedError, InvalidInput
from records.page import PageRequest
from services.access.accounts import RESET_LIFETIME, check_email
from services.access.passwords import Passwords
from services.access.secret_tokens import digest, new_code
from settings import Settings, read_settings

PAGE = 100
PASSWORD_VARIABLE = "NEW_PASSWORD"  # noqa: S105  # the name of a variable


class Administration:
    """The commands. Each returns the lines to print, and raises `ExpectedError` if it cannot be carried out."""

    def __init__(self, folder: Path, users: Users, accounts: Accounts, logins: Logins) -> None:
        self._folder = folder
        self._users = users
        self._accounts = accounts
        self._logins = logins

    async def list_users(self) -> list[str]:
        """List all users."""
        lines, after = list[str](), None
        while True:
            page = await self._users.page(SYSTEM, UserFilter(), PageRequest(PAGE, after))
            for user in page.items:
                state = "active" if user.active else "closed"
                lines.append(f"{user.email or '(no address)'}\t{user.role.value}\t{state}\t{user.name}")
            if not page.has_next:
                return lines
            after = page.cursors[-1]

    async def create_superadmin(self, email: str, name: str, password: str) -> list[str]:
        """Give the superadmin an address and a password, which enables accounts."""
        address, passwords = check_email(email), Passwords()
        password_hash = await passwords.hash(await passwords.check(password, name, address))
        if not await self._accounts.claim_superadmin(name, address, password_hash):
            raise InvalidInput("There is a superadmin with a password already. Use reset-password.")
        return [f"{address} is the superadmin. The server has accounts from its next start on."]

    async def reset_password(self, email: str) -> list[str]:
        """Create a code with which a user sets a new password within a day."""
        account = await self._find(email)
        code = new_code()
        await self._accounts.set_reset_code(account.user.id, digest(code), datetime.now(UTC) + RESET_LIFETIME, None)
        return [f"Code for the mutation `changePassword`, valid once within 24 hours: {code}"]

    async def set_active(self, email: str, *, active: bool) -> list[str]:
        """Close or open an account."""
        account = await self._find(email)
        if account.user.role is Role.SUPERADMIN and not active:
            raise InvalidInput("The account of the superadmin cannot be closed.")
        await self._users.update(SYSTEM, account.user.id, active=active)
        if not active:
            await self._logins.end_all(account.user.id)
        return [f"The account of {email} is {'open' if active else 'closed'}."]

    async def disable_accounts(self) -> list[str]:
        """Remove the address and the password of the superadmin: the server serves one person without accounts again."""
        superadmin = await self._accounts.superadmin()
        await self._accounts.release_superadmin()
        await self._logins.end_all(superadmin.user.id)
        return ["The server serves one person without a password. Data of other users stays, but nobody can see it."]

    async def rotate_keys(self) -> list[str]:
        """Replace the master key. Access tokens and links end; programs and pages refresh their log-ins."""
        key_id = await anyio.to_thread.run_sync(rotate_secret_keys, self._folder / "secrets")
        return [f"The master key is {key_id}. Access tokens that were issued before are no longer valid."]

    async def _find(self, email: str) -> CredentialsRecord:
        account = await self._accounts.find_by_email(email)
        if account is None:
            raise InvalidInput(f"There is no account with the address {email}.")
        return account


Command = Callable[[Administration, argparse.Namespace], Awaitable[list[str]]]
COMMANDS: dict[str, tuple[str, tuple[str, ...], Command]] = {
    "list": ("list all users", (), lambda run, _: run.list_users()),
    "create-superadmin": (
        f"enable accounts; the password is read from the terminal, or from {PASSWORD_VARIABLE}",
        ("email", "name"),
        lambda run, given: run.create_superadmin(given.email, given.name, _read_password()),
    ),
    "reset-password": (
        "create a code for a new password", ("email",), lambda run, given: run.reset_password(given.email),
    ),
    "close-account": (
        "close an account and end its log-ins", ("email",), lambda run, given: run.set_active(given.email, active=False),
    ),
    "open-account": ("open an account", ("email",), lambda run, given: run.set_active(given.email, active=True)),
    "disable-accounts": ("return to one person without a password", (), lambda run, _: run.disable_accounts()),
    "rotate-keys": ("replace the key that signs access tokens", (), lambda run, _: run.rotate_keys()),
}  # fmt: skip
"""The commands with their descriptions and arguments."""


def _read_password() -> str:
    return os.environ.get(PASSWORD_VARIABLE) or getpass.getpass("Password: ")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bootstrap.administration", description=__doc__)
    parser.add_argument("--data-dir", help="folder of the database (GRAPHLORE_DATA_DIR)")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (description, parameters, _) in COMMANDS.items():
        command = commands.add_parser(name, help=description)
        for parameter in parameters:
            command.add_argument(parameter)
    return parser.parse_args(arguments)


async def execute(settings: Settings, given: argparse.Namespace) -> list[str]:
    """Execute a command on the database in the data folder and return the lines to print."""
    async with open_database(settings.data_dir / "graphlore.db") as database:
        run = Administration(settings.data_dir, Users(database), Accounts(database), Logins(database))
        return await COMMANDS[given.command][2](run, given)


def main(arguments: Sequence[str]) -> int:
    """Execute a command and return the exit code: 0, or 1 after an error, whose reason is printed."""
    given = parse(arguments)
    settings = read_settings([] if given.data_dir is None else ["--data-dir", given.data_dir])
    try:
        with open_data_folder(settings):
            lines = anyio.run(execute, settings, given)
    except StartFailed as failure:
        sys.stderr.write(f"{failure}\n")
        return 1
    except ExpectedError as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
