"""The database with all its stores, and the folder of originals."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from anyio import to_thread

from persistence.access.api_keys import ApiKeys
from persistence.access.audit_entries import AuditEntries
from persistence.access.daily_usage import UsageDays
from persistence.access.erasures import Erasures
from persistence.access.groups import Groups
from persistence.access.invitations import Invitations
from persistence.access.login_delays import LoginDelays
from persistence.access.logins import Logins
from persistence.access.statistics import ServerStatistics
from persistence.access.users import Accounts, Users
from persistence.collections.collection_grants import Grants
from persistence.collections.collections import Collections
from persistence.database.database import Database, open_database
from persistence.documents.chunks import Chunks
from persistence.documents.documents import Documents
from persistence.documents.ingested_documents import IngestedDocuments
from persistence.master_keys import SecretKeyFile, load_secret_keys
from persistence.models.model_settings import ModelSettings
from persistence.originals import Originals
from persistence.running_totals import RunningTotals
from persistence.search.keywords import Keywords
from persistence.sessions.messages import Messages
from persistence.sessions.sessions import Sessions
from records.access.system_scope import SYSTEM
from services.access import AccessStores
from services.collections import CollectionStores


@dataclass(frozen=True, slots=True)
class Stores:
    """The stores of one database. `data` is the data folder."""

    data: Path
    database: Database
    access: AccessStores
    collections: CollectionStores
    erasures: Erasures
    documents: Documents
    ingested: IngestedDocuments
    chunks: Chunks
    keywords: Keywords
    messages: Messages
    usage: UsageDays
    statistics: ServerStatistics
    sessions: Sessions
    model_settings: ModelSettings
    originals: Originals
    storage_totals: RunningTotals


@asynccontextmanager
async def open_stores(data: Path, *, keep_originals: bool) -> AsyncIterator[Stores]:
    """Open the database in the data folder and remove unreferenced originals.

    Raises what `open_database` and `load_secret_keys` raise."""
    keys = await to_thread.run_sync(load_secret_keys, data / "secrets")
    async with open_database(data / "graphlore.db") as database:
        originals = Originals(database, data / "originals", data / "incoming", keep=keep_originals)
        await originals.sweep()
        storage_totals = RunningTotals(database, originals)
        await storage_totals.recount()
        yield Stores(
            data=data,
            database=database,
            access=_access_stores(database, keys),
            collections=CollectionStores(Collections(database), Grants(database), Groups(database)),
            erasures=Erasures(database),
            documents=Documents(database),
            ingested=IngestedDocuments(database, SYSTEM),
            chunks=Chunks(database),
            keywords=Keywords(database),
            messages=Messages(database),
            usage=UsageDays(database),
            statistics=ServerStatistics(database),
            sessions=Sessions(database),
            model_settings=ModelSettings(database),
            originals=originals,
            storage_totals=storage_totals,
        )


def _access_stores(database: Database, keys: SecretKeyFile) -> AccessStores:
    return AccessStores(
        users=Users(database),
        accounts=Accounts(database),
        logins=Logins(database),
        api_keys=ApiKeys(database),
        invitations=Invitations(database),
        delays=LoginDelays(database),
        audit=AuditEntries(database),
        keys=keys,
    )
