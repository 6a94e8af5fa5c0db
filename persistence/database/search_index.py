"""Version of the full-text index. The index is built again when the functions that split text into tokens change.

SQLite stores the tokens of a row and computes them again when the row is deleted. If they differ by then, the index is
damaged. Another release of Graphlore or of Python's Unicode tables may compute other tokens.
"""

from typing import TYPE_CHECKING

import structlog

from persistence.database.sqlite import execute, fetch_value
from persistence.search.tokenizer import TOKENIZER_VERSION

if TYPE_CHECKING:
    from persistence.database.database import Database

INDEXES = ("chunks_fts", "sessions_fts", "messages_fts")

log = structlog.stdlib.get_logger("graphlore.database")


async def rebuild_if_outdated(database: "Database") -> bool:
    """Build the full-text index again, in one transaction, if another version of the tokenizer built it."""
    async with database.reading() as reader:
        version = await fetch_value(reader, "SELECT tokenizer FROM search_index")
    if version == TOKENIZER_VERSION:
        return False
    async with database.writing() as transaction:
        for index in INDEXES:
            await execute(transaction, f"INSERT INTO {index} ({index}) VALUES ('rebuild')")  # noqa: S608  # constants
        await execute(transaction, "UPDATE search_index SET tokenizer = ?", [TOKENIZER_VERSION])
    log.info("full-text index rebuilt", tokenizer=TOKENIZER_VERSION)
    return True
