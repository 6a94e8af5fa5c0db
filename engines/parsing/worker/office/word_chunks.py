"""Documents of any format that a Word document includes (`altChunk`). Programs that merge documents write them."""

from collections.abc import Callable, Iterator
from email import policy
from email.parser import BytesParser
from pathlib import PurePosixPath

from engines.parsing.parsing_limits import check_size
from engines.parsing.text_cleaning import clean_text
from engines.parsing.web_encoding import decode_labelled, decode_web_page
from engines.parsing.worker.blocks.block import Block, BlockKind
from engines.parsing.worker.markup.web_page import html_blocks
from engines.parsing.worker.office.package import OfficePackage, Relation
from engines.parsing.worker.parse_context import ParseContext
from engines.parsing.worker.rtf.rtf_blocks import rtf_blocks

_PAGES = (".htm", ".html", ".xhtml")
_MESSAGES = (".mht", ".mhtml")
_TEXTS = (".txt", ".xml")


def chunk_blocks(
    package: OfficePackage, relation: Relation, context: ParseContext, read_word: Callable[[bytes], Iterator[Block]]
) -> Iterator[Block]:
    """Yield the blocks of an included document. Add a warning if its format is not supported.

    `read_word` returns the blocks of a Word document from the document's bytes.
    """
    content = package.content(relation.target)
    extension = PurePosixPath(relation.target).suffix.lower()
    check_size(len(content), context.limits.markup_bytes)
    if content.startswith(b"{\\rtf"):
        yield from rtf_blocks(content, context)
    elif extension in _MESSAGES or content[:200].lower().lstrip().startswith((b"mime-version", b"from:")):
        yield from _message_blocks(content, context)
    elif extension in _PAGES or content.lstrip()[:1] == b"<":
        page = decode_web_page(content)
        context.warn_of_decoding(page)
        yield from html_blocks(page.text, context)
    elif extension in _TEXTS:
        text = clean_text(decode_labelled(content, None).text)
        yield from (Block(BlockKind.PARAGRAPH, each.strip()) for each in text.split("\n\n") if each.strip())
    elif _is_word(content):
        yield from read_word(content)
    else:
        name = PurePosixPath(relation.target).name
        context.warn_once(f"An included document was not read: {name}. Upload it as a separate document.")


def _message_blocks(content: bytes, context: ParseContext) -> Iterator[Block]:
    message = BytesParser(policy=policy.compat32).parsebytes(content)
    for part in message.walk():
        payload = part.get_payload(decode=True)
        if part.get_content_type() == "text/html" and isinstance(payload, bytes):
            stated = part.get_param("charset")
            yield from html_blocks(decode_labelled(payload, str(stated) if stated else None).text, context)


def _is_word(content: bytes) -> bool:
    return content.startswith(b"PK") and b"[Content_Types].xml" in content
