"""Form fields and comments of a PDF page, read with pdfium.

Annotations are not part of the page's content. The value of a form field gets the position at which the page shows it, so
that it follows its label in the text.
"""

import ctypes
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pypdfium2.raw as pdfium

from engines.parsing.text_cleaning import clean_text, one_line
from engines.parsing.worker.pages.page_spans import Span
from engines.parsing.worker.pdf.page_frame import PageFrame

_MAX_ANNOTATIONS = 5_000
"""Maximum number of annotations of a page that are read."""
_MAX_ATTACHMENTS = 1_000
_MAX_TEXT_BYTES = 200_000
_FIELD_SIZE = 10.0
"""Maximum font size of a field's value, in points. It is smaller if the field has less height for each line."""
_TICKED, _NOT_TICKED = "☒", "☐"
_HIDDEN = 1 << 1
_PASSWORD = 1 << 13
_TICK_FIELDS = frozenset({pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON})
_TEXT_FIELDS = frozenset({
    pdfium.FPDF_FORMFIELD_TEXTFIELD, pdfium.FPDF_FORMFIELD_COMBOBOX, pdfium.FPDF_FORMFIELD_LISTBOX,
})  # fmt: skip
_COMMENTS = frozenset({
    pdfium.FPDF_ANNOT_TEXT, pdfium.FPDF_ANNOT_FREETEXT, pdfium.FPDF_ANNOT_HIGHLIGHT, pdfium.FPDF_ANNOT_UNDERLINE,
    pdfium.FPDF_ANNOT_SQUIGGLY, pdfium.FPDF_ANNOT_STRIKEOUT, pdfium.FPDF_ANNOT_STAMP, pdfium.FPDF_ANNOT_CARET,
    pdfium.FPDF_ANNOT_INK, pdfium.FPDF_ANNOT_LINE, pdfium.FPDF_ANNOT_SQUARE, pdfium.FPDF_ANNOT_CIRCLE,
    pdfium.FPDF_ANNOT_POLYGON, pdfium.FPDF_ANNOT_POLYLINE, pdfium.FPDF_ANNOT_FILEATTACHMENT, pdfium.FPDF_ANNOT_REDACT,
})  # fmt: skip
"""Kinds of annotations whose content a person wrote."""


@dataclass(slots=True)
class PageAnnotations:
    """The annotations of a page: values of form fields (`fields`), comments (`notes`), and names of attached files."""

    fields: list[Span] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    attachments: list[str] = field(default_factory=list)


def read_annotations(page: Any, frame: PageFrame, words: Sequence[Span]) -> PageAnnotations:
    """Read the annotations of an open page. `words` are the words of the page.

    If no word is near a text field, its value follows the field's description (alternate name), as after a label.
    """
    found = PageAnnotations()
    for index in range(min(pdfium.FPDFPage_GetAnnotCount(page.raw), _MAX_ANNOTATIONS)):
        annotation = pdfium.FPDFPage_GetAnnot(page.raw, index)
        if not annotation:
            continue
        try:
            _read(annotation, page, frame, words, found)
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)
    return found


def _read(annotation: Any, page: Any, frame: PageFrame, words: Sequence[Span], found: PageAnnotations) -> None:
    kind = pdfium.FPDFAnnot_GetSubtype(annotation)
    if pdfium.FPDFAnnot_GetFlags(annotation) & _HIDDEN:
        return
    if kind == pdfium.FPDF_ANNOT_WIDGET and page.formenv is not None:
        found.fields += _field_spans(annotation, page.formenv, frame, words)
    elif kind in _COMMENTS and (note := _comment(annotation)):
        found.notes.append(note)
    if kind == pdfium.FPDF_ANNOT_FILEATTACHMENT and (attached := pdfium.FPDFAnnot_GetFileAttachment(annotation)):
        found.attachments.append(attachment_name(attached))


def _comment(annotation: Any) -> str:
    text = one_line(_value_of(annotation, b"Contents"))
    author = one_line(_value_of(annotation, b"T"))
    return f"Comment by {author or 'unknown'}: {text}" if text else ""


def _field_spans(annotation: Any, formenv: Any, frame: PageFrame, words: Sequence[Span]) -> Iterator[Span]:
    """Yield a span for each line of a field's value; for a check box or radio button, yield an empty or ticked box."""
    kind = pdfium.FPDFAnnot_GetFormFieldType(formenv.raw, annotation)
    rect = pdfium.FS_RECTF()
    if not pdfium.FPDFAnnot_GetRect(annotation, rect) or rect.right <= rect.left:
        return
    box = frame.box(rect.left, rect.bottom, rect.right, rect.top)
    if kind in _TICK_FIELDS:
        mark = _TICKED if pdfium.FPDFAnnot_IsChecked(formenv.raw, annotation) else _NOT_TICKED
        yield _placed(mark, box, (box[1] + box[3]) / 2, min(_FIELD_SIZE, box[3] - box[1]))
    elif kind in _TEXT_FIELDS and not pdfium.FPDFAnnot_GetFormFieldFlags(formenv.raw, annotation) & _PASSWORD:
        lines = _lines_of(pdfium.FPDFAnnot_GetFormFieldValue, formenv.raw, annotation)
        if lines and not _has_label(box, words):
            name = " ".join(_lines_of(pdfium.FPDFAnnot_GetFormFieldAlternateName, formenv.raw, annotation))
            lines[0] = f"{name}: {lines[0]}" if name else lines[0]
        yield from _placed_lines(lines, box)


def _placed_lines(lines: Sequence[str], box: tuple[float, float, float, float]) -> Iterator[Span]:
    if not lines:
        return
    pitch = (box[3] - box[1]) / len(lines)
    size = min(_FIELD_SIZE, pitch)
    for number, line in enumerate(lines):
        yield _placed(line, box, box[1] + (number + 0.5) * pitch, size)


def _placed(text: str, box: tuple[float, float, float, float], middle: float, size: float) -> Span:
    left = box[0] + 1
    right = max(left + 1, min(box[2], left + len(text) * size / 2))
    return Span(text, left, middle - size / 2, right, middle + size / 2)


def _has_label(box: tuple[float, float, float, float], words: Sequence[Span]) -> bool:
    """Return True if there is a word to the left of a field, to the right of it, or in the line above it."""
    left, top, right, bottom = box
    for word in words:
        if word.bottom > top and word.top < bottom and word.right > left - 200 and word.left < right + 100:
            return True
        if 0 <= top - word.bottom <= 12 and word.right > left and word.left < right:
            return True
    return False


def _lines_of(read: Callable[..., int], formenv: Any, annotation: Any) -> list[str]:
    text = _text_of(lambda buffer, length: read(formenv, annotation, buffer, length))
    return [line for line in map(one_line, clean_text(text).splitlines()) if line]


def _value_of(annotation: Any, key: bytes) -> str:
    return _text_of(lambda buffer, length: pdfium.FPDFAnnot_GetStringValue(annotation, key, buffer, length))


def attachment_name(attachment: Any) -> str:
    """Return the name of an attached file, or `(no name)` for one without a name."""
    name = one_line(_text_of(lambda buffer, length: pdfium.FPDFAttachment_GetName(attachment, buffer, length)))
    return name or "(no name)"


def _text_of(read: Callable[[Any, int], int]) -> str:
    """Return a text from pdfium. `read` takes a buffer and its size in bytes, writes UTF-16, and returns the size needed."""
    length = min(read(None, 0), _MAX_TEXT_BYTES)
    if length <= 2:
        return ""
    buffer = ctypes.create_string_buffer(length)
    read(ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), length)
    return buffer.raw[:length].decode("utf-16-le", "replace").rstrip("\0")


def attachment_names(document: Any) -> list[str]:
    """Return the names of the files that are attached to a document, at most `_MAX_ATTACHMENTS`."""
    count = min(pdfium.FPDFDoc_GetAttachmentCount(document.raw), _MAX_ATTACHMENTS)
    found = (pdfium.FPDFDoc_GetAttachment(document.raw, index) for index in range(count))
    return [attachment_name(attached) for attached in found if attached]
