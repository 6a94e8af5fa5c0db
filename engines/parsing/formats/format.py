"""What a format is: how it is recognised, cheaply, and how it is read, in the worker."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from engines.parsing.block import Block, PageDone
from engines.parsing.reading import Reading
from engines.parsing.specimen import Specimen


@dataclass(frozen=True, slots=True)
class Format:
    """A format's file defines one of these as `FORMAT`, and imports what is heavy inside `read` alone."""

    media_types: tuple[str, ...]
    extensions: tuple[str, ...]
    label: str
    "As in 'it is no PDF document'."
    is_text: bool
    "Whether its bytes are text, so that nothing but a look inside tells it from other texts."
    recognize: Callable[[Specimen], str | None]
    "The media type, where the file is of this format."
    read: Callable[[Reading], Iterator[Block | PageDone]]
