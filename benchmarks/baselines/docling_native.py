"""docling's native PDF pipeline: one converter, whose result is not processed further."""

from time import perf_counter
from typing import Any

from docling.datamodel.base_models import InputFormat
from docling.document_converter import DocumentConverter, NativePdfFormatOption

from benchmarks.baselines.json_lines import serve


class NativeConverter:
    def __init__(self) -> None:
        options = {InputFormat.PDF: NativePdfFormatOption()}
        self._converter = DocumentConverter(allowed_formats=[InputFormat.PDF], format_options=options)

    def run(self, path: str) -> dict[str, Any]:
        began = perf_counter()
        converted = self._converter.convert(path)
        return {"seconds": perf_counter() - began, "pages": len(converted.document.pages)}


if __name__ == "__main__":
    serve(NativeConverter().run)
