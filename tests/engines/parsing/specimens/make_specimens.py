"""Writes the specimens beside it anew, from `sources/`, with LibreOffice: `python make_specimens.py`.

They are committed, so that tests need no LibreOffice. What differs from run to run are dates and ids.
"""

import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
MADE = (
    ("harbour.fodt", "docx:MS Word 2007 XML"),
    ("harbour.fodt", "epub:EPUB"),
    ("tides.fods", "xlsx:Calc MS Excel 2007 XML"),
    ("briefing.fodp", "pptx:Impress MS PowerPoint 2007 XML"),
)


def make(source: Path, kind: str) -> None:
    with tempfile.TemporaryDirectory() as profile:
        options = [f"-env:UserInstallation=file://{profile}", "--headless", "--convert-to", kind, "--outdir", str(HERE)]
        subprocess.run(["soffice", *options, str(source)], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    for source, kind in MADE:
        make(HERE / "sources" / source, kind)
