"""Storage of the settings of models, and of the default model."""

from persistence.database.database import Database
from persistence.database.json_columns import pack, unpack
from persistence.database.tables import ModelSettings as Row
from records.ids import ModelId
from records.model import LoadRequest
from records.session import SamplingSettings


class ModelSettings:
    """Implements `services.interfaces.model_settings_store.ModelSettingsStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, model_id: ModelId) -> tuple[LoadRequest, SamplingSettings] | None:
        async with self._database.reading() as reader:
            row = await Row.filter(model_id=model_id).using_db(reader).first()
        if row is None or row.load is None or row.sampling is None:
            return None
        return unpack(row.load, LoadRequest), unpack(row.sampling, SamplingSettings)

    async def save(self, model_id: ModelId, load: LoadRequest, sampling: SamplingSettings) -> None:
        async with self._database.writing() as transaction:
            row, _ = await Row.get_or_create(model_id=model_id, using_db=transaction)
            row.load, row.sampling = pack(load), pack(sampling)
            await row.save(using_db=transaction)

    async def default_model(self) -> ModelId | None:
        async with self._database.reading() as reader:
            row = await Row.filter(is_default=True).using_db(reader).first()
        return None if row is None else ModelId(row.model_id)

    async def set_default_model(self, model_id: ModelId) -> None:
        async with self._database.writing() as transaction:
            await Row.filter(is_default=True).using_db(transaction).update(is_default=False)
            row, _ = await Row.get_or_create(model_id=model_id, using_db=transaction)
            row.is_default = True
            await row.save(using_db=transaction)
