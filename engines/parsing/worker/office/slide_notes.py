"""Speaker notes of slides, and comments on them."""

from collections.abc import Iterator
from typing import Any

from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.blocks.block import Block, BlockKind
from engines.parsing.worker.markup.xml_tree import local_name
from engines.parsing.worker.office.drawings import shape_text
from engines.parsing.worker.office.package import OfficePackage, attribute, child
from engines.parsing.worker.office.slide_shapes import SlideReader
from engines.parsing.worker.parse_context import ParseContext

_REPEATED_TYPES = ("sldImg", "hdr", "ftr", "dt", "sldNum")
"""Types of placeholders on a notes page that repeat the slide or its footers and are not read."""


class CommentAuthors:
    """The names of the authors of comments, by their ids. Older and newer files store them in different parts."""

    def __init__(self, package: OfficePackage) -> None:
        relations = package.relations(package.main).values()
        roots = [package.tree(each.target) for each in relations if each.kind in ("commentAuthors", "authors")]
        self._names = {
            attribute(author, "id"): one_line(attribute(author, "name"))
            for root in roots if root is not None for author in root
        }  # fmt: skip

    def name(self, id: str) -> str:
        """Return the name of the author with this id, or `unknown`."""
        return self._names.get(id) or "unknown"


def speaker_notes(
    package: OfficePackage, slide: str, title: str, context: ParseContext, number: int
) -> Iterator[Block]:
    """Yield each paragraph of a slide's speaker notes as a note.

    `slide` is the name of the slide's part, `title` its title, which may be empty, and `number` its number.
    """
    for relation in package.relations(slide).values():
        root = package.tree(relation.target) if relation.kind == "notesSlide" else None
        tree = child(root, "cSld", "spTree")
        if tree is None:
            continue
        for shape in [each for each in tree if _is_repeated(each)]:
            tree.remove(shape)
        reader = SlideReader(package, package.relations(relation.target), context.for_part(), number)
        for block in reader.read(tree).blocks:
            text = one_line(block.text.removeprefix("- "))
            yield Block(BlockKind.NOTE, f"Speaker notes on {title or f'slide {number}'}: {text}", page=number)


def _is_repeated(shape: Any) -> bool:
    placeholder = child(shape, "nvSpPr", "nvPr", "ph")
    return local_name(shape) == "pic" or (placeholder is not None and attribute(placeholder, "type") in _REPEATED_TYPES)


def comment_notes(package: OfficePackage, slide: str, authors: CommentAuthors, number: int) -> Iterator[Block]:
    """Yield each comment on a slide, and each reply, as a note. `slide` is the name of the slide's part."""
    for relation in package.relations(slide).values():
        root = package.tree(relation.target) if relation.kind == "comments" else None
        for comment in root.iter() if root is not None else ():
            name = local_name(comment)
            stored = child(comment, "text" if name == "cm" and child(comment, "text") is not None else "txBody")
            if name in ("cm", "reply") and stored is not None:
                text = one_line(stored.text or "") or shape_text(stored)
                if text:
                    yield Block(
                        BlockKind.NOTE,
                        f"Comment by {authors.name(attribute(comment, 'authorId'))}: {text}",
                        page=number,
                    )
