from tests.persistence.conftest import database, template

__all__ = ["database", "template"]
