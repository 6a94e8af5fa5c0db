"""Creates and connects the parts of collections and groups."""

from dataclasses import dataclass

from concurrency import OwnedTasks
from records.access import SystemScope
from services.access.audit_log import AuditLog
from services.collections.collection_events import CollectionEvents
from services.collections.collections import Collections
from services.collections.groups import Groups
from services.ingestion.document_events import DocumentEvents
from services.interfaces.access.collection_store import CollectionStore
from services.interfaces.access.grant_store import GrantStore
from services.interfaces.access.group_store import GroupStore
from services.interfaces.document_store import DocumentStore
from services.memberships import Memberships


@dataclass(frozen=True, slots=True)
class CollectionStores:
    """The stores of collections, of the access to them, and of groups."""

    collections: CollectionStore
    grants: GrantStore
    groups: GroupStore


@dataclass(frozen=True, slots=True)
class CollectionServices:
    """The services of collections and groups with their stores. Created by `create_collections`."""

    stores: CollectionStores
    collections: Collections
    groups: Groups
    events: CollectionEvents


def create_collections(
    tasks: OwnedTasks,
    stores: CollectionStores,
    documents: DocumentStore,
    document_events: DocumentEvents,
    members: Memberships,
    audit: AuditLog,
    system: SystemScope,
) -> CollectionServices:
    """Create and connect the parts of collections and groups. `system` is the scope of the events of changed access."""
    events = CollectionEvents(stores.collections, documents, document_events, members, system)
    collections = Collections(stores.collections, stores.grants, documents, events, audit, tasks)
    return CollectionServices(stores, collections, Groups(stores.groups, events, audit, tasks), events)
