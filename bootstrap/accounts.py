"""Opens the components of accounts, collections and erasure."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bootstrap.documents import DocumentServices
from bootstrap.stores import Stores
from concurrency import Supervisor, open_owned_tasks
from records.access import AccountsMode
from records.access.system_scope import SYSTEM
from services.access import Access, create_access
from services.access.audit_retention import open_audit_retention
from services.collections import CollectionServices, create_collections
from services.erasure import Erasure, SessionErasure
from settings import Settings


@asynccontextmanager
async def open_accounts(supervisor: Supervisor, settings: Settings, stores: Stores) -> AsyncIterator[Access]:
    """Open access. While the block is open, entries of the audit log are erased when they are too old."""
    token = settings.access_token.get_secret_value() if settings.access_token else None
    async with (
        open_owned_tasks(supervisor, "access") as tasks,
        open_audit_retention(supervisor, stores.access.audit, settings.audit_days, SYSTEM),
    ):
        yield await create_access(tasks, stores.access, AccountsMode(settings.accounts.upper()), token)


async def open_collections(
    stores: Stores, access: Access, sessions: SessionErasure, documents: DocumentServices
) -> tuple[CollectionServices, Erasure]:
    """Create the services of collections and of erasure, and continue interrupted erasures of users."""
    collections = create_collections(
        access.tasks, stores.collections, stores.documents, documents.events, documents.members, access.audit, SYSTEM
    )
    erasure = Erasure(
        stores.erasures, stores.access.users, stores.collections.collections, sessions, documents.ingestion,
        collections.events, access.revocations, access.audit, access.tasks,
    )  # fmt: skip
    await erasure.resume()
    return collections, erasure
