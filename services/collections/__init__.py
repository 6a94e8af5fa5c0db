"""Collections: documents with settings of their own, open to the users and groups they are assigned to."""

from services.collections.composition import CollectionServices, CollectionStores, create_collections

__all__ = ["CollectionServices", "CollectionStores", "create_collections"]
