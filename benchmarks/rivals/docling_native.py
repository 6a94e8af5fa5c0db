"""docling's own native pipeline, bare: one converter, its document, nothing after it."""

from time import perf_counter
from typing import Any

from docling.datamodel.base_models import InputFormat
from docling.document_converter import DocumentConverter, NativePdfFormatOption

from benchmarks.rivals.answering import answer


class Converting:
    def __init__(self) -> None:
        options = {InputFormat.PDF: NativePdfFormatOption()}
        self._converter = DocumentConverter(allowed_formats=[InputFormat.PDF], format_options=options)

    def run(self, path: str) -> dict[str, Any]:
        began = perf_counter()
        converted = self._converter.convert(path)
        return {"seconds": perf_counter() - began, "pages": len(converted.document.pages)}


if __name__ == "__main__":
    answer(Converting().run)
