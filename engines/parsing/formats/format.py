"""What a format is: how it is recognised, cheaply, and how it is read, in the worker."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from engines.parsing.block import Block, PageDone
from engines.parsing.reading import Reading
from engines.parsing.specimen import Specimen


@dataclass(frozen=True, slots=True)
class Format:
    """A format's file defines one of these as `FORMAT`, and imports what is heavy inside `read` alone."""

    types: Mapping[str, tuple[str, ...]]
    "Media types, each with the extensions of files that are usually of it, the first one of new files."
    label: str
    "As in 'it is no PDF document'."
    is_text: bool
    "Whether its bytes are text, so that nothing but a look inside tells it from other texts."
    recognize: Callable[[Specimen], str | None]
    "The media type, where the file is of this format."
    read: Callable[[Reading], Iterator[Block | PageDone]]

    @property
    def extensions(self) -> tuple[str, ...]:
        return tuple(chain.from_iterable(self.types.values()))

    def type_of(self, extension: str) -> str | None:
        """The media type that such a name claims."""
        return next((media_type for media_type, listed in self.types.items() if extension in listed), None)
