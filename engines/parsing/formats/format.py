"""Description of a file format: its media types, its extensions and the detection of its files."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain

from engines.parsing.detection.file_sample import FileSample


def _no_requirement() -> None:
    """Return None, because the format needs no other program."""


@dataclass(frozen=True, slots=True)
class Format:
    """A supported file format. Each module of this package defines one as `FORMAT`; its reader is in `worker/readers/`."""

    types: Mapping[str, tuple[str, ...]]
    "Extensions by media type. The first extension is used for new files."
    label: str
    "Name of a file of this format in messages, such as `PDF document`."
    is_text: bool
    "True for a format whose files are text without a signature, so that detection has to look at the words in them."
    detect: Callable[[FileSample], str | None]
    "Return the media type if the file is of this format, else None."
    shares_extensions: bool = False
    "True if files with these extensions are often of another format, such as web pages named `.doc`."
    requirement: Callable[[], str | None] = _no_requirement
    "Return why files of this format cannot be read on this machine, as a message for users; None if they can."

    @property
    def extensions(self) -> tuple[str, ...]:
        """The extensions of all media types."""
        return tuple(chain.from_iterable(self.types.values()))

    def type_of(self, extension: str) -> str | None:
        """Return the media type for an extension, or None if the extension belongs to another format."""
        return next((media_type for media_type, listed in self.types.items() if extension in listed), None)
