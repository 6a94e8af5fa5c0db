"""Which of a document's pages gave text, which are pictures or blank, and what is said of that."""

from dataclasses import dataclass, field

from engines.parsing.worker.pages.page import Page
from engines.parsing.worker.reading import Reading
from engines.parsing.worker.recognizer import INSTALL, SURE
from records.codes import ErrorCode
from records.errors import DocumentUnreadable


def damaged(message: str) -> DocumentUnreadable:
    return DocumentUnreadable(ErrorCode.CORRUPT_DOCUMENT, message)


_UNSEEN = "are images that are damaged, too large or too many, and were not looked at"


@dataclass(slots=True)
class Coverage:
    """Pages are noted in order, once each; those that never are have been lost."""

    read: set[int] = field(default_factory=set)
    with_text: int = 0
    recognized: int = 0
    pictures: int = 0
    only_pictures: list[int] = field(default_factory=list)
    partly_pictures: list[int] = field(default_factory=list)
    doubtful: list[int] = field(default_factory=list)
    unseen: list[int] = field(default_factory=list)
    blank: list[int] = field(default_factory=list)

    def note(self, page: Page) -> None:
        self.read.add(page.number)
        self.pictures += page.pictures
        self.with_text += bool(page.lines)
        self.recognized += bool(page.recognized)
        if page.unseen:
            self.unseen.append(page.number)
        elif not page.lines:
            (self.only_pictures if page.pictures else self.blank).append(page.number)
        elif page.is_picture:
            self.partly_pictures.append(page.number)
        if page.recognized and page.confidence < SURE:
            self.doubtful.append(page.number)

    def judge(self, reading: Reading) -> None:
        """Raises `DocumentUnreadable`, where what was found is not the document."""
        pages = reading.page_count or 0
        reading.pages_with_text, reading.pictures = self.with_text, self.pictures
        reading.pages_recognized = self.recognized
        lost = [number for number in range(1, pages + 1) if number not in self.read]
        if len(lost) > pages / 2 or (lost and not self.with_text):
            raise damaged(f"The file is damaged: {len(lost):,} of {pages:,} pages cannot be read.")
        if not self.with_text:
            raise DocumentUnreadable(ErrorCode.NO_TEXT, self._without_text(reading, pages))
        reading.note_missing(lost, pages, "pages", "are damaged and left out")
        self._warn_of_pictures(reading, pages)
        reading.note_missing(self.blank, pages, "pages", "have no text")

    def _without_text(self, reading: Reading, pages: int) -> str:
        if self.unseen:
            return f"{len(self.unseen):,} of {pages:,} pages {_UNSEEN}."
        if not self.only_pictures:
            return f"{pages:,} of {pages:,} pages are empty."
        pictures = f"{len(self.only_pictures):,} of {pages:,} pages are images"
        return f"{pictures}; {INSTALL}." if reading.recognizer is None else f"{pictures} without text."

    def _warn_of_pictures(self, reading: Reading, pages: int) -> None:
        if reading.recognizer is None:
            reading.note_missing(self.only_pictures, pages, "pages", "are images", INSTALL)
            reading.note_missing(self.partly_pictures, pages, "pages", "are images with few words beside them", INSTALL)
            return
        reading.note_missing(self.only_pictures, pages, "pages", "are images without text and could not be read")
        reading.note_missing(self.unseen, pages, "pages", _UNSEEN)
        reading.note_missing(
            self.doubtful, pages, "pages", "were hard to recognize, so that their text will have errors"
        )
