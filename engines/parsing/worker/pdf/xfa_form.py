"""Values of an XFA form, which a PDF file contains as XML. The pages of such a file show only a notice."""

import ctypes
from collections.abc import Iterator
from typing import Any

import pypdfium2.raw as pdfium
from lxml import etree

from engines.parsing.text_cleaning import one_line

_MAX_PACKET_BYTES = 32 * 1024 * 1024
_MAX_VALUES = 20_000
_DATA = "{http://www.xfa.org/schema/xfa-data/1.0/}data"


def has_xfa(document: Any) -> bool:
    """Return True if the document contains an XFA form."""
    return bool(document.get_formtype() in (pdfium.FORMTYPE_XFA_FULL, pdfium.FORMTYPE_XFA_FOREGROUND))


def read_xfa_values(document: Any) -> list[tuple[str, str]]:
    """Return the label and the value of each field that is filled in, in the order of the form's data.

    The label is the caption in the form's template or, without a caption, the name of the field. The list is empty if no
    field is filled in or the form's data is damaged.
    """
    packets = dict(_packets(document))
    captions = _captions(_parsed(packets.get("template")))
    values: list[tuple[str, str]] = []
    for element in _data_elements(_parsed(packets.get("datasets"))):
        text = one_line("".join(element.itertext()))
        if text and not len(element) and len(values) < _MAX_VALUES:
            name = _local_name(element)
            values.append((captions.get(name, name), text))
    return values


def _packets(document: Any) -> Iterator[tuple[str, bytes]]:
    for index in range(max(0, pdfium.FPDF_GetXFAPacketCount(document.raw))):
        length = pdfium.FPDF_GetXFAPacketName(document.raw, index, None, 0)
        name = ctypes.create_string_buffer(length)
        pdfium.FPDF_GetXFAPacketName(document.raw, index, name, length)
        size = ctypes.c_ulong()
        pdfium.FPDF_GetXFAPacketContent(document.raw, index, None, 0, size)
        if 0 < size.value <= _MAX_PACKET_BYTES:
            content = ctypes.create_string_buffer(size.value)
            pdfium.FPDF_GetXFAPacketContent(document.raw, index, content, size.value, size)
            yield name.value.decode("utf-8", "replace"), content.raw[: size.value]


def _parsed(content: bytes | None) -> Any:
    """Return the root element of an XML part of the form; None if the part is missing or damaged.

    Entities are not expanded and no address is opened.
    """
    if not content:
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, recover=True)
    return etree.fromstring(content.strip(b"\0 \r\n\t"), parser)


def _data_elements(datasets: Any) -> Iterator[Any]:
    data = datasets.find(_DATA) if datasets is not None else None
    for element in data.iterdescendants() if data is not None else ():
        if _local_name(element):
            yield element


def _local_name(element: Any) -> str:
    """Return the name of an element without its namespace; empty for a comment."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _captions(template: Any) -> dict[str, str]:
    """Return a mapping from the name of each field in the form's template to its caption."""
    captions: dict[str, str] = {}
    for element in template.iter() if template is not None else ():
        name = element.get("name") if _local_name(element) in ("field", "exclGroup") else None
        if name:
            caption = next((child for child in element if _local_name(child) == "caption"), None)
            text = one_line(" ".join(caption.itertext())).rstrip(":") if caption is not None else ""
            if text:
                captions.setdefault(name, text)
    return captions
