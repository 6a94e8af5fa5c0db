"""Control words of RTF by their treatment: groups that are skipped, collected as properties, or read as notes."""

import re

SKIPPED = frozenset({
    "aftncn", "aftnsep", "aftnsepc", "atndate", "atnid", "atnref", "atntime", "atrfend", "atrfstart", "background",
    "bkmkend", "bkmkstart", "blipuid", "colorschememapping", "colortbl", "datafield", "datastore", "defchp", "defpap",
    "factoidname", "falt", "filetbl", "ftncn", "ftnsep", "ftnsepc", "generator", "htmltag", "latentstyles",
    "listoverridetable", "listtable", "mhtmltag", "mmathPict", "nonesttables", "nonshppict", "objdata", "panose",
    "passwordhash", "pgptbl", "picprop", "pn", "private", "revtbl", "rsidtbl", "shprslt", "sp", "tc", "template",
    "themedata", "userprops", "wgrffmtfilter", "xe", "xmlnstbl",
})  # fmt: skip
"""Destinations that contain no content of the document."""
READ_IGNORABLE = frozenset({
    "annotation", "atnauthor", "cs", "do", "dptxbxtext", "fldinst", "footnote", "formfield", "ffl", "listtext", "moMath",
    "moMathPara", "mmath", "nesttableprops", "objclass", "pntext", "shpinst", "shppict", "shptxt", "ud",
})  # fmt: skip
"""Destinations that are read although RTF marks them as ignorable."""
COLLECTED = frozenset({"fonttbl", "stylesheet", "fldinst", "ffl", "listtext", "pntext", "atnauthor", "objclass"})
NOTES = {
    "header": "Page header", "headerl": "Even page header", "headerr": "Page header", "headerf": "First page header",
    "footer": "Page footer", "footerl": "Even page footer", "footerr": "Page footer", "footerf": "First page footer",
    "footnote": "Footnote", "annotation": "Comment",
}  # fmt: skip
CHARACTERS = {
    "tab": "\t", "line": "\n", "softline": "\n", "page": "\n", "column": "\n", "emdash": "—", "endash": "–", "lquote": "‘",
    "rquote": "’", "ldblquote": "“", "rdblquote": "”", "bullet": "•", "emspace": " ", "enspace": " ", "qmspace": " ",
    "zwj": "\u200d", "zwnj": "\u200c",
}  # fmt: skip
INFO = {
    "title": "title", "author": "author", "subject": "subject", "keywords": "keywords", "doccomm": "comments",
    "operator": "last_modified_by", "company": "company", "category": "category",
}  # fmt: skip
HEADING = re.compile(r"(?:heading|überschrift|titre|título|titolo|kop|rubrik|overskrift|заголовок|标题) ?([1-9])", re.I)
_BULLETS = frozenset("•·▪◦○●■□–—*§o➢→-")


def list_marker(text: str) -> str:
    """Return the list marker for the text that a file stores before a list item: `-` for a bullet, else the text."""
    text = text.strip()
    is_bullet = text in _BULLETS or (len(text) == 1 and not text.isalnum())
    return "-" if is_bullet else text
