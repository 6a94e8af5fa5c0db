"""Minimal packages of Office Open XML, written from the XML of their parts."""

import zipfile
from dataclasses import dataclass, field
from pathlib import Path

NAMESPACES = " ".join((
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"',
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"',
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"',
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"',
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"',
    'xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram"',
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"',
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"',
    'xmlns:v="urn:schemas-microsoft-com:vml"',
    'xmlns:o="urn:schemas-microsoft-com:office:office"',
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"',
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"',
    'xmlns:wpg="http://schemas.microsoft.com/office/word/2010/wordprocessingGroup"',
    'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"',
    'xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml"',
))  # fmt: skip
_TYPES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
WORD_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
SLIDES_TYPE = "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"


@dataclass
class Package:
    """A package under construction."""

    main: str
    main_type: str
    parts: dict[str, bytes | str] = field(default_factory=dict)
    _relations: dict[str, list[str]] = field(default_factory=dict)

    def relate(self, source: str, kind: str, target: str, content: bytes | str | None = None) -> str:
        """Add a relationship, and the part that it refers to; return its id. A target with a scheme is external."""
        relations = self._relations.setdefault(source, [])
        key = f"rId{len(relations) + 1}"
        mode = ' TargetMode="External"' if ":" in target else ""
        shown = target if mode else f"/{target}"
        relations.append(f'<Relationship Id="{key}" Type="{_TYPES}/{kind}" Target="{shown}"{mode}/>')
        if content is not None:
            self.parts[target] = content
        return key

    def write(self, path: Path, *, strict: bool = False) -> Path:
        """Write the package. A strict one has the namespaces of ISO/IEC 29500 Strict."""
        entries: dict[str, bytes | str] = {
            "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            f'<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/{self.main}" ContentType="{self.main_type}"/></Types>',
            "_rels/.rels": f'<Relationships xmlns="{_RELATIONSHIPS}"><Relationship Id="rId1" '
            f'Type="{_TYPES}/officeDocument" Target="{self.main}"/></Relationships>',
            **self.parts,
        }
        for source, relations in self._relations.items():
            folder, _, name = source.rpartition("/")
            entries[f"{folder}/_rels/{name}.rels"] = (
                f'<Relationships xmlns="{_RELATIONSHIPS}">{"".join(relations)}</Relationships>'
            )
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in entries.items():
                archive.writestr(name, _strict(content) if strict and isinstance(content, str) else content)
        return path


def _strict(content: str) -> str:
    for name in ("wordprocessingml", "presentationml", "drawingml", "officeDocument"):
        content = content.replace(
            f"http://schemas.openxmlformats.org/{name}/2006/", f"http://purl.oclc.org/ooxml/{name}/"
        )
    return content


def word(body: str, *, main_type: str = WORD_TYPE) -> Package:
    """Return a Word document with this body."""
    package = Package("word/document.xml", main_type)
    set_body(package, body)
    return package


def set_body(package: Package, body: str) -> None:
    """Replace the body of a Word document."""
    package.parts[package.main] = f"<w:document {NAMESPACES}><w:body>{body}</w:body></w:document>"


def paragraph(text: str, style: str = "", properties: str = "") -> str:
    """Return a paragraph of a Word document."""
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    return f'<w:p><w:pPr>{named}{properties}</w:pPr><w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def table(*rows: list[str], properties: str = "", header_rows: int = 0) -> str:
    """Return a table of a Word document. A cell is text, or XML that begins with `<`."""
    lines = []
    for number, row in enumerate(rows):
        cells = "".join(cell if cell.startswith("<w:tc") else f"<w:tc>{_content(cell)}</w:tc>" for cell in row)
        header = "<w:trPr><w:tblHeader/></w:trPr>" if number < header_rows else ""
        lines.append(f"<w:tr>{header}{cells}</w:tr>")
    return f"<w:tbl><w:tblPr>{properties}</w:tblPr>{''.join(lines)}</w:tbl>"


def merged(text: str, *, columns: int = 1, merge: str = "") -> str:
    """Return a cell over `columns` columns. `merge` is `restart` in the first row of a cell over several rows.

    In its other rows, `merge` is `continue`.
    """
    vertical = f'<w:vMerge w:val="{merge}"/>' if merge else ""
    return f'<w:tc><w:tcPr><w:gridSpan w:val="{columns}"/>{vertical}</w:tcPr>{_content(text)}</w:tc>'


def _content(cell: str) -> str:
    return cell if cell.startswith("<") else paragraph(cell)


def slides(*trees: str) -> Package:
    """Return a presentation. Each argument is the XML of the shapes of a slide."""
    package = Package("ppt/presentation.xml", SLIDES_TYPE)
    listed = []
    for number, tree in enumerate(trees, 1):
        key = package.relate(package.main, "slide", f"ppt/slides/slide{number}.xml", slide(tree))
        listed.append(f'<p:sldId id="{255 + number}" r:id="{key}"/>')
    package.parts[package.main] = (
        f"<p:presentation {NAMESPACES}><p:sldIdLst>{''.join(listed)}</p:sldIdLst></p:presentation>"
    )
    return package


def slide(tree: str, attributes: str = "", root: str = "sld") -> str:
    """Return a slide, or a page of notes with `root="notes"`."""
    return f"<p:{root} {NAMESPACES} {attributes}><p:cSld><p:spTree>{tree}</p:spTree></p:cSld></p:{root}>"


def shape(*texts: str, placeholder: str = "", properties: str = "") -> str:
    """Return a shape with paragraphs."""
    kind = f'<p:nvPr><p:ph type="{placeholder}"/></p:nvPr>' if placeholder else "<p:nvPr/>"
    lines = "".join(f"<a:p>{properties}<a:r><a:t>{text}</a:t></a:r></a:p>" for text in texts)
    return f'<p:sp><p:nvSpPr><p:cNvPr id="1" name="x"/>{kind}</p:nvSpPr><p:txBody>{lines}</p:txBody></p:sp>'


def slide_table(*rows: list[str], has_header: bool = True) -> str:
    """Return a table of a slide. A cell is text, or XML that begins with `<a:tc`."""
    lines = "".join(
        f"<a:tr>{''.join(cell if cell.startswith('<a:tc') else slide_cell(cell) for cell in row)}</a:tr>"
        for row in rows
    )
    return (
        '<p:graphicFrame><a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/table"><a:tbl>'
        f'<a:tblPr firstRow="{int(has_header)}"/>{lines}</a:tbl></a:graphicData></a:graphic></p:graphicFrame>'
    )


def slide_cell(text: str, attributes: str = "") -> str:
    """Return a cell of a slide's table."""
    return f"<a:tc {attributes}><a:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></a:txBody></a:tc>"


def chart(title: str, categories: list[str], **series: list[float]) -> str:
    """Return a bar chart with stored values."""
    points = "".join(f'<c:pt idx="{place}"><c:v>{name}</c:v></c:pt>' for place, name in enumerate(categories))
    drawn = "".join(
        f"<c:ser><c:tx><c:strRef><c:strCache><c:pt idx='0'><c:v>{name}</c:v></c:pt></c:strCache></c:strRef></c:tx>"
        f"<c:cat><c:strRef><c:strCache>{points}</c:strCache></c:strRef></c:cat><c:val><c:numRef><c:numCache>"
        + "".join(f'<c:pt idx="{place}"><c:v>{value}</c:v></c:pt>' for place, value in enumerate(values))
        + "</c:numCache></c:numRef></c:val></c:ser>"
        for name, values in series.items()
    )
    return (
        f"<c:chartSpace {NAMESPACES}><c:chart><c:title><c:tx><c:rich><a:p><a:r><a:t>{title}</a:t></a:r></a:p></c:rich>"
        f"</c:tx></c:title><c:plotArea><c:barChart>{drawn}</c:barChart></c:plotArea></c:chart></c:chartSpace>"
    )


def diagram(*boxes: tuple[str, str]) -> str:
    """Return the data of a diagram. Each box is a pair: its text, and the text of the box above it."""
    points = "".join(
        f'<dgm:pt modelId="{text}"><dgm:t><a:p><a:r><a:t>{text}</a:t></a:r></a:p></dgm:t></dgm:pt>' for text, _ in boxes
    )
    lines = "".join(
        f'<dgm:cxn modelId="c{number}" srcId="{above}" destId="{text}" srcOrd="{number}"/>'
        for number, (text, above) in enumerate(boxes) if above
    )  # fmt: skip
    return (
        f"<dgm:dataModel {NAMESPACES}><dgm:ptLst>{points}</dgm:ptLst><dgm:cxnLst>{lines}</dgm:cxnLst></dgm:dataModel>"
    )
