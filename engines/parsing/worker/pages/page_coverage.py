"""Coverage of a paged document: counts the pages with text, images or nothing, and reports the result."""

from dataclasses import dataclass, field

from engines.parsing.worker.ocr.recognizer import INSTALL_ADVICE, RELIABLE_CONFIDENCE
from engines.parsing.worker.pages.page_spans import Page
from engines.parsing.worker.parse_context import ParseContext
from records.codes import ErrorCode
from records.errors import DocumentUnreadable

_OCR_SKIPPED = "are images that are damaged, too large or beyond the page limit of OCR, and were not read"


def damaged(message: str) -> DocumentUnreadable:
    """Return a CORRUPT_DOCUMENT error with this message."""
    return DocumentUnreadable(ErrorCode.CORRUPT_DOCUMENT, message)


@dataclass(slots=True)
class PageCoverage:
    """Counters over the pages of one document.

    Fields with a list contain page numbers, from 1. `report` counts the pages that were never added as damaged.
    """

    added: set[int] = field(default_factory=set)
    with_text: int = 0
    recognized: int = 0
    images: int = 0
    images_only: list[int] = field(default_factory=list)
    mostly_images: list[int] = field(default_factory=list)
    unreliable: list[int] = field(default_factory=list)
    ocr_skipped: list[int] = field(default_factory=list)
    blank: list[int] = field(default_factory=list)

    def add(self, page: Page) -> None:
        """Count a page. Add each page once, in order."""
        self.added.add(page.number)
        self.images += page.images
        self.with_text += page.has_text
        self.recognized += bool(page.recognized_lines)
        if page.ocr_skipped:
            self.ocr_skipped.append(page.number)
        elif not page.has_text:
            (self.images_only if page.images else self.blank).append(page.number)
        elif page.needs_ocr:
            self.mostly_images.append(page.number)
        if page.recognized_lines and page.confidence < RELIABLE_CONFIDENCE:
            self.unreliable.append(page.number)

    def report(self, context: ParseContext) -> None:
        """Store the counts and warnings in the context. Call it after the last page.

        Raises `DocumentUnreadable`: CORRUPT_DOCUMENT if more than half of the pages are damaged, or if some are and the
        others have no text; NO_TEXT if no page has text.
        """
        pages = context.page_count or 0
        context.pages_with_text, context.pictures = self.with_text, self.images
        context.pages_recognized = self.recognized
        missing = [number for number in range(1, pages + 1) if number not in self.added]
        if len(missing) > pages / 2 or (missing and not self.with_text):
            raise damaged(
                f"The file is damaged: {len(missing):,} of {pages:,} pages cannot be read. Upload an intact copy."
            )
        if not self.with_text:
            raise DocumentUnreadable(ErrorCode.NO_TEXT, self._no_text_message(context, pages))
        context.warn_of_parts(missing, pages, "pages", "are damaged and were skipped")
        self._warn_of_images(context, pages)
        context.warn_of_parts(self.blank, pages, "pages", "have no text")

    def _no_text_message(self, context: ParseContext, pages: int) -> str:
        if self.ocr_skipped:
            return f"{len(self.ocr_skipped):,} of {pages:,} pages {_OCR_SKIPPED}."
        if not self.images_only:
            return (
                f"{pages:,} of {pages:,} pages have no readable characters. They are empty, or their text is drawn as "
                "shapes or in a font that is not in the file."
            )
        images = f"{len(self.images_only):,} of {pages:,} pages are images"
        if context.recognizer is None:
            return f"{images}, which were not read. {INSTALL_ADVICE}"
        return f"{images} without recognizable text."

    def _warn_of_images(self, context: ParseContext, pages: int) -> None:
        if context.recognizer is None:
            context.warn_of_parts(self.images_only, pages, "pages", "are images, which were not read", INSTALL_ADVICE)
            context.warn_of_parts(
                self.mostly_images, pages, "pages", "are images with little text; the images were not read",
                INSTALL_ADVICE,
            )  # fmt: skip
            return
        context.warn_of_parts(self.images_only, pages, "pages", "are images without recognizable text")
        context.warn_of_parts(self.ocr_skipped, pages, "pages", _OCR_SKIPPED)
        context.warn_of_parts(
            self.unreliable, pages, "pages", "were hard to recognize, so their text may contain errors"
        )
