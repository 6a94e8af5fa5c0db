"""Samples: one small file of each format. Each contains a sentence that no other sample contains (`SENTENCES`)."""

import shutil
import zipfile
from pathlib import Path

from tests.paths import ROOT
from tests.support.documents import outlook
from tests.support.documents.open_documents import write_odp, write_odt
from tests.support.documents.outlook import OutlookMessage, write_msg

LIBREOFFICE_FILES = ROOT / "tests" / "engines" / "parsing" / "libreoffice_files"
"""Folder with files that LibreOffice converted; see `convert_sources.py` there."""

_CONTAINER = """<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="OPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"""
_PACKAGE = """<?xml version="1.0"?>
<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">
<metadata><dc:title>The Kelp Almanac</dc:title>
<dc:creator>Ottilie Brandt</dc:creator><dc:language>en</dc:language></metadata>
<manifest><item id="b" href="two.xhtml" media-type="application/xhtml+xml"/>
<item id="a" href="text/one%20a.xhtml" media-type="application/xhtml+xml"/>
<item id="n" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="g" href="gone.xhtml" media-type="application/xhtml+xml"/>
<item id="c" href="c.css" media-type="text/css"/></manifest>
<spine><itemref idref="n"/><itemref idref="a"/><itemref idref="b"/></spine></package>"""
_NAV = """<html xmlns="http://www.w3.org/1999/xhtml"><body><nav><ol><li><a href="text/one%20a.xhtml#top">Spring kelp</a></li>
<li><a href="two.xhtml">Autumn kelp</a></li></ol></nav></body></html>"""
_ONE = """<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops">
<head><title>ignored</title></head><body><p>Spring kelp</p><p>Sugar kelp is cut at the <b>spring</b> tide<sup><a
epub:type="noteref" href="#f">3</a></sup> of April.</p>
<aside epub:type="footnote" id="f"><p><sup><a href="#r">3</a></sup>By hand.</p></aside></body></html>"""
_TWO = """<html xmlns="http://www.w3.org/1999/xhtml"><body><h1>Autumn kelp</h1><table><tr><th>Kind</th><th>Depth</th></tr>
<tr><td>Oarweed</td><td>4 fathoms</td></tr></table><p>It is dried on the north wall.</p></body></html>"""
EPUB_PARTS = {
    "mimetype": "application/epub+zip",
    "META-INF/container.xml": _CONTAINER,
    "OPS/book.opf": _PACKAGE,
    "OPS/nav.xhtml": _NAV,
    "OPS/text/one a.xhtml": _ONE,
    "OPS/two.xhtml": _TWO,
}

_OPEN_DOCUMENT = "".join(
    f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
)
_ODS_ROWS = "".join(
    "<table:table-row>"
    + "".join(f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in row)
    + "</table:table-row>"
    for row in (("Colony", "Nests", "Change"), ("Lundøya", "1,204", "-3.5 %"), ("Svartholmen", "388", "+12.0 %"))
)
ODS_PARTS = {
    "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
    "META-INF/manifest.xml": '<manifest xmlns="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
    "content.xml": f"<office:document-content{_OPEN_DOCUMENT}><office:body><office:spreadsheet>"
    f'<table:table table:name="Gulls">{_ODS_ROWS}</table:table>'
    "</office:spreadsheet></office:body></office:document-content>",
}

EML = """Return-Path: <mara@example.org>
Received: from mail.example.org by mx.example.net; Mon, 05 Feb 2024 09:15:02 +0100
From: =?utf-8?q?Mara_Sj=C3=B6blom?= <mara@example.org>
To: Keepers <keepers@example.net>, oskar@example.net
Date: Mon, 05 Feb 2024 09:15:00 +0100
Subject: The foghorn
 is being repaired
Message-ID: <foghorn-1@example.org>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="outer"

--outer
Content-Type: multipart/alternative; boundary="inner"

--inner
Content-Type: text/plain; charset="iso-8859-1"
Content-Transfer-Encoding: quoted-printable

The foghorn of Gr=F6nsk=E4r is silent until the ninth of March.

Use the bell instead.
--inner
Content-Type: text/html; charset="utf-8"

<p>The HTML twin of the message.</p>
--inner--
--outer
Content-Type: application/pdf; name="invoice 7.pdf"
Content-Disposition: attachment; filename="invoice 7.pdf"
Content-Transfer-Encoding: base64

JVBERi0xLjQK
--outer
Content-Type: message/rfc822

From: Oskar <oskar@example.net>
To: mara@example.org
Subject: Spare membranes

Two spare membranes lie in the boathouse.
--outer--
"""
JSON = """{
  "station": "Norrskär", "built": 1846, "height": 22.40, "tower": {"colour": "red", "steps": [71, 12]},
  "open": true, "owner": null,
  "keepers": [
    {"name": "Alva", "since": 1e3, "address": {"city": "Vaasa", "zip": "00650"}},
    {"name": "Bjarne", "since": 2011, "languages": ["Swedish", "Sami"]}
  ]
}
"""
JSON_LINES = '{"buoy": "K7", "depth": 31.50}\n{"buoy": "K8", "depth": 44.0, "light": {"colour": "green"}}\n'
DOCBOOK = """<?xml version="1.0"?>
<!DOCTYPE book PUBLIC "-//OASIS//DTD DocBook XML V4.5//EN" "http://example.invalid/docbookx.dtd">
<book><bookinfo><title>The Lamp</title><author><firstname>Ruth</firstname></author></bookinfo>
<chapter id="oil"><title>Oil &amp; wick</title>
<!-- nobody reads this -->
<para>The lamp burns <!-- nor this --><emphasis>colza</emphasis> oil<footnote><para>Paraffin since 1910.</para></footnote>
from the cellar.</para>
<itemizedlist><listitem><para>Trim the wick</para></listitem><listitem><para>Fill the font</para></listitem></itemizedlist>
<section><title>Lenses</title><programlisting>def turn(lens):
    return lens.next()</programlisting>
<table><title>Orders</title><tgroup cols="2"><thead><row><entry>Order</entry><entry>Focus</entry></row></thead>
<tbody><row><entry>First</entry><entry>920 mm</entry></row><row><entry>Sixth</entry><entry>150 mm</entry></row></tbody>
</tgroup></table></section></chapter></book>
"""
XML = """<?xml version="1.0" encoding="iso-8859-1"?>
<fleet xmlns="urn:fleet"><boat id="7"><name>Seehund</name><crew>4</crew></boat>
<boat id="9"><name>Möwe</name><crew>2</crew><note>Leaks <b>slightly</b> aft.</note></boat></fleet>
"""
ASCIIDOC = """= The Rope Book
Edda Holm
:toc:

== Splices

The long splice takes *fifteen* turns of the rope.

* Marlinspike
* Fid

|===
|Rope |Load

|Hemp
|2.1 t
|===

[source,python]
----
def splice(rope):
    return rope * 2
----
"""
LATEX = r"""\documentclass{article}
\title{On Halyards}
\author{Per Lund}
\begin{document}
\maketitle
\section{Strength}
A halyard of \textbf{braided} nylon stretches by $7\,\%$ under load.\footnote{Measured in 1999.}
\begin{itemize}
\item Main halyard
\item Jib halyard
\end{itemize}
\subsection{Table of loads}
\begin{tabular}{ll}
Halyard & Load \\
Main & 900 kg \\
\end{tabular}
% a comment that nobody reads
\end{document}
"""
PYTHON = '''"""Reads the tide gauge."""
import math


def surge(height: float) -> float:
    """The storm surge above the zero of Ronehamn."""

    if height < 0:
        return 0.0
    return math.sqrt(height)


class Gauge:
    zero = 118
'''

MAILBOX = """From lin@mail.example Tue Mar  4 09:12:00 2031
From: Lin <lin@mail.example>
To: bo@mail.example
Subject: Keys
Message-ID: <1@mail.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

The boathouse key hangs behind the gr=FCn oar.

From bo@mail.example Wed Mar  5 10:00:00 2031
From: Bo <bo@mail.example>
To: lin@mail.example
Subject: =?utf-8?q?Re=3A_Keys?=
Message-ID: <2@mail.example>

>From now on the padlock opens with 7719.
"""
OUTLOOK_MESSAGE = OutlookMessage(
    {outlook.SUBJECT: "Winch", outlook.BODY: "The winch is oiled on the second Monday.", outlook.SENDER_NAME: "Lin"},
    [{outlook.NAME: "Bo", outlook.ADDRESS: "bo@mail.example", outlook.RECIPIENT_TYPE: 1}],
    [{outlook.FILE_NAME: "plan.pdf", outlook.MIME_TYPE: "application/pdf"}],
)

NOTEBOOK = """{"cells": [{"cell_type": "markdown",
"source": ["# Ebb\\n", "The ebb at Lyngør lasts six hours and ten minutes."]},
{"cell_type": "code", "source": "ebb.mean()", "outputs": [{"output_type": "stream", "text": "6.17"}]}], "nbformat": 4}"""

TEXTS = {
    "ebb.ipynb": NOTEBOOK,
    "foghorn.eml": EML,
    "letters.mbox": MAILBOX,
    "station.json": JSON,
    "buoys.jsonl": JSON_LINES,
    "lamp.xml": DOCBOOK,
    "fleet.xml": XML,
    "rope.adoc": ASCIIDOC,
    "halyards.tex": LATEX,
    "gauge.py": PYTHON,
    "moorings.rtf": r"{\rtf1\ansi {\b Bollard} twelve is reserved for the pilot cutter.\par}",
}
SENTENCES = {
    "briefing.pptx": "The siren sounds three times at wind force nine.",
    "tides.xlsx": "Height in m: 2.75, Chance of storm: 35%",
    "gulls.ods": "Colony: Svartholmen, Nests: 388, Change: +12.0 %",
    "kelp.epub": "It is dried on the north wall.",
    "foghorn.eml": "The foghorn of Grönskär is silent until the ninth of March.",
    "letters.mbox": "From now on the padlock opens with 7719.",
    "winch.msg": "The winch is oiled on the second Monday.",
    "ebb.ipynb": "The ebb at Lyngør lasts six hours and ten minutes.",
    "station.json": "keepers.address.city: Vaasa, keepers.address.zip: 00650",
    "buoys.jsonl": "buoy: K8, depth: 44.0, light.colour: green",
    "lamp.xml": "The lamp burns colza oil from the cellar.",
    "fleet.xml": "boat.id: 9, boat.name: Möwe, boat.crew: 2, boat.note: Leaks slightly aft.",
    "rope.adoc": "The long splice takes fifteen turns of the rope.",
    "halyards.tex": "A halyard of braided nylon stretches by",
    "gauge.py": "The storm surge above the zero of Ronehamn.",
    "anchor.odt": "The sheet anchor weighs forty stone.",
    "drill.odp": "The lifeboat drill begins at the slipway.",
    "moorings.rtf": "Bollard twelve is reserved for the pilot cutter.",
}
"""A sentence of each sample as it occurs in the extracted text, by file name."""


def write(folder: Path, name: str) -> Path:
    """Write a sample to a folder and return its path. `name` is a key of `SENTENCES`."""
    path = folder / name
    if name == "kelp.epub":
        write_parts(path, EPUB_PARTS)
    elif name == "gulls.ods":
        write_parts(path, ODS_PARTS)
    elif name == "winch.msg":
        write_msg(path, OUTLOOK_MESSAGE)
    elif name == "anchor.odt":
        write_odt(path, "<text:p>The sheet anchor <text:span>weighs</text:span> forty stone.</text:p>")
    elif name == "drill.odp":
        box = "<draw:text-box><text:p>The lifeboat drill begins at the slipway.</text:p></draw:text-box>"
        write_odp(path, f"<draw:page><draw:frame>{box}</draw:frame></draw:page>")
    elif name in TEXTS:
        encoding = "iso-8859-1" if name == "fleet.xml" else "utf-8"
        path.write_bytes(TEXTS[name].encode(encoding))
    else:
        shutil.copyfile(LIBREOFFICE_FILES / name, path)
    return path


def write_parts(path: Path, parts: dict[str, str]) -> None:
    """Write a ZIP archive with these entries; `mimetype` is stored uncompressed, as EPUB requires."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else None)
