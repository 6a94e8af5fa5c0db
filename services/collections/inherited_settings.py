"""Settings of a session that come from its collections, and the settings that these lock."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

from records.access import CollectionRecord, CollectionSetting
from records.document import DocumentRecord
from records.errors import InvalidInput
from records.session import DocumentScope, SessionSettings
from records.values.overlay import overlay, set_fields

FIELDS: Mapping[CollectionSetting, tuple[str, ...]] = {
    CollectionSetting.MODEL: ("model_id",),
    CollectionSetting.SYSTEM_PROMPT: ("system_prompt",),
    CollectionSetting.THINKING_MODE: ("thinking_mode",),
    CollectionSetting.RETRIEVAL: ("document_scope", "top_k", "min_similarity", "rerank"),
    CollectionSetting.SAMPLING: ("sampling",),
    CollectionSetting.OWN_DOCUMENTS: (),
}
"""The settings of a session that each lock concerns. OWN_DOCUMENTS concerns its documents."""


def apply_collections(own: SessionSettings, collections: Sequence[CollectionRecord]) -> SessionSettings:
    """Return the settings of a session, completed by those of its collections; of these, the first that sets one counts.

    The value of a locked setting is that of the first collection that locks it, also if that is None: values of the session
    and of other collections are ignored. A session with collections searches them by default.
    """
    if not collections:
        return own
    inherited = reduce(overlay, (collection.settings for collection in collections))
    searching = SessionSettings(document_scope=DocumentScope.COLLECTIONS)
    return overlay(replace(overlay(own, inherited), **_locked_values(collections)), searching)


def locks(collections: Sequence[CollectionRecord], setting: CollectionSetting) -> bool:
    """Return whether any of the collections locks a setting."""
    return any(setting in collection.locked for collection in collections)


def hides_prompt(own: SessionSettings, collections: Sequence[CollectionRecord]) -> bool:
    """Return whether the system prompt of a session is that of a collection which hides it from the user.

    `own` are the settings of the session itself.
    """
    locking = [each for each in collections if CollectionSetting.SYSTEM_PROMPT in each.locked]
    if own.system_prompt is not None and not locking:
        return False
    setting = [each for each in collections if each.settings.system_prompt is not None]
    chosen = (locking or setting)[:1]
    return any(each.settings.system_prompt is not None and not each.is_prompt_visible for each in chosen)


def check_unlocked(collections: Sequence[CollectionRecord], settings: SessionSettings, prefix: str = "") -> None:
    """Raise `InvalidInput` for the first setting that is not None although a collection locks it.

    `prefix` is put before the name of the setting in the error's `field`.
    """
    chosen = set_fields(settings)
    for collection in collections:
        for setting in collection.locked:
            for field in FIELDS[setting]:
                if field in chosen:
                    message = f"{{field}} is determined by the collection {collection.name} and cannot be changed."
                    raise InvalidInput(message, field=f"{prefix}{field}")


def check_contained(documents: Iterable[DocumentRecord], collections: Sequence[CollectionRecord]) -> None:
    """Raise `InvalidInput` for the first document that none of the collections contains."""
    ids = {collection.id for collection in collections}
    for document in documents:
        if ids.isdisjoint(document.collection_ids):
            message = "{field} may contain only documents of the session's collections, which lock OWN_DOCUMENTS."
            raise InvalidInput(message, field="document_ids")


def _locked_values(collections: Sequence[CollectionRecord]) -> dict[str, Any]:
    """Return the values of the locked settings by their names; of several collections, the first that locks one counts."""
    values: dict[str, Any] = {}
    for collection in collections:
        for setting in collection.locked:
            for field in FIELDS[setting]:
                values.setdefault(field, getattr(collection.settings, field))
    return values
