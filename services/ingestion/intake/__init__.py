"""The arrival of documents: uploads, texts, files on the server, and addresses on the web."""

from services.ingestion.intake.fetching import Fetcher
from services.ingestion.intake.incoming_files import IncomingFiles
from services.ingestion.intake.intake import Intake

__all__ = ["Fetcher", "IncomingFiles", "Intake"]
