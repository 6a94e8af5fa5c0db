"""Description of a file format: its media types, extensions and how a file of it is recognized."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain

from engines.parsing.detection.file_sample import FileSample


@dataclass(frozen=True, slots=True)
class Format:
    """A file format. Each module of this package defines one as `FORMAT`; its reader is in `worker/readers/`."""

    types: Mapping[str, tuple[str, ...]]
    "Media types, each with the extensions of files that are usually of it, the first one of new files."
    label: str
    "As in 'it is no PDF document'."
    is_text: bool
    "Whether its bytes are text, so that nothing but a look inside tells it from other texts."
    recognize: Callable[[FileSample], str | None]
    "The media type, where the file is of this format."

    @property
    def extensions(self) -> tuple[str, ...]:
        return tuple(chain.from_iterable(self.types.values()))

    def type_of(self, extension: str) -> str | None:
        """The media type that such a name claims."""
        return next((media_type for media_type, listed in self.types.items() if extension in listed), None)
