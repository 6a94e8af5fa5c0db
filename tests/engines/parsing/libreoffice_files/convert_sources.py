"""Converts the documents in `sources/` with LibreOffice and writes the results to this folder.

Run it as `python convert_sources.py`. The results are committed, so that the tests need no LibreOffice. Only dates and ids
differ between two runs.
"""

import subprocess
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parent
CONVERSIONS = (
    ("harbour.fodt", "docx:MS Word 2007 XML"),
    ("harbour.fodt", "epub:EPUB"),
    ("tides.fods", "xlsx:Calc MS Excel 2007 XML"),
    ("briefing.fodp", "pptx:Impress MS PowerPoint 2007 XML"),
)


def convert(source: Path, output_format: str) -> None:
    """Convert a document with a fresh LibreOffice profile."""
    with tempfile.TemporaryDirectory() as profile:
        options = [
            f"-env:UserInstallation=file://{profile}", "--headless", "--convert-to", output_format, "--outdir", str(FOLDER),
        ]  # fmt: skip
        subprocess.run(["soffice", *options, str(source)], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    for source, output_format in CONVERSIONS:
        convert(FOLDER / "sources" / source, output_format)
