"""The text of a message. Of several versions, the one with more words is read.

Files that programs before MIME encoded inside of the text are removed from it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from email.message import Message
from functools import partial

from engines.parsing.text_cleaning import clean_text, one_line
from engines.parsing.web_encoding import decode_labelled
from engines.parsing.worker.blocks.block import Block, BlockKind
from engines.parsing.worker.mail.message_parts import Alternatives
from engines.parsing.worker.mail.rich_text import RTF
from engines.parsing.worker.markup.web_page import html_blocks, website_blocks
from engines.parsing.worker.parse_context import ParseContext
from engines.parsing.worker.rtf.rtf_blocks import rtf_blocks

_BLANK_LINES = re.compile(r"\n[^\S\n]*\n(?:[^\S\n]*\n)*")
_WORD = re.compile(r"\w+")
_ADDRESS = re.compile(r"https?://\S+|\[(image|cid):[^\]]*\]", re.I)
_ENCODED_FILE = re.compile(
    r"^begin [0-7]{3,4} (\S[^\n]*)\n(?:[!-`]{1,61}[^\S\n]*\n)+(?:`?[^\S\n]*\n)?end[^\S\n]*$", re.MULTILINE
)
"""A file that is encoded inside of the text of a message (uuencode), as programs did before MIME."""
_SAVED_PAGE = ("Snapshot-Content-Location", "X-Snapshot-Content-Location")
"""Headers that show that the message is a web page saved by a browser (MHTML)."""


def text_blocks(alternatives: Alternatives, message: Message, context: ParseContext, level: int) -> list[Block]:
    """Return the blocks of a text. Of its versions in plain text and in HTML, the one with more words is read.

    `level` is the level of the message's own heading.
    """
    plain = [part for part in alternatives.parts if part.get_content_type() != "text/html"]
    html = [part for part in alternatives.parts if part.get_content_type() == "text/html"]
    in_plain, in_html = context.for_part(), context.for_part()
    plain_blocks = [block for part in plain for block in _plain_blocks(part, in_plain)]
    saved = any(message.get(name) for name in _SAVED_PAGE)
    read = website_blocks if saved else partial(html_blocks, level=level + 1)
    html_version = [block for part in html for block in read(_decoded(part, in_html), in_html)]
    if html_version and (not plain_blocks or _says_more(html_version, plain_blocks)):
        context.add_part(in_html)
        return html_version
    context.add_part(in_plain)
    return plain_blocks


def _says_more(html: list[Block], plain: list[Block]) -> bool:
    """Return True if the HTML version has more words of its own, or as many words and a table with column names."""
    html_words, plain_words = _words(html), _words(plain)
    only_html, only_plain = (html_words - plain_words).total(), (plain_words - html_words).total()
    if only_html != only_plain:
        return only_html > only_plain
    return any(block.kind is BlockKind.TABLE_ROW and any(block.header) for block in html)


def _words(blocks: Iterable[Block]) -> Counter[str]:
    return Counter(_WORD.findall(_ADDRESS.sub("", "\n".join(block.text for block in blocks)).casefold()))


def _plain_blocks(part: Message, context: ParseContext) -> Iterator[Block]:
    if part.get_content_type() == RTF:
        content = part.get_payload(decode=True)
        yield from rtf_blocks(content if isinstance(content, bytes) else b"", context)
        return
    text = _decoded(part, context)
    if str(part.get_param("format", "")).lower() == "flowed":
        text = _unfold(text, delete_space=str(part.get_param("delsp", "")).lower() == "yes")
    if names := [one_line(match[1]) for match in _ENCODED_FILE.finditer(text)]:
        context.attachments += names
        text = _ENCODED_FILE.sub("", text)
    for paragraph in _BLANK_LINES.split(text):
        if paragraph.strip():
            yield Block(BlockKind.PARAGRAPH, paragraph.strip("\n").rstrip())


def _unfold(text: str, *, delete_space: bool) -> str:
    """Join the lines of `format=flowed` text (RFC 3676). A line that ends in a space continues in the next line.

    With `delete_space` (`DelSp=yes`), this space is not a part of the text.
    """
    lines, continues, depth = list[str](), False, 0
    for line in text.split("\n"):
        quoted = len(line) - len(line.lstrip(">"))
        words = line[quoted:].removeprefix(" ")
        is_signature = words == "-- "
        if continues and quoted == depth and not is_signature:
            lines[-1] += words
        else:
            lines.append(f"{'>' * quoted} {words}" if quoted else words)
        continues, depth = words.endswith(" ") and not is_signature, quoted
        if continues and delete_space:
            lines[-1] = lines[-1][:-1]
    return "\n".join(line.rstrip() for line in lines)


def _decoded(part: Message, context: ParseContext) -> str:
    """Return the text of a part. Add a warning if the part states an unknown or wrong encoding."""
    if part.get_content_type() == "message/delivery-status":
        return "\n\n".join(each.as_string() for each in part.walk() if each is not part)
    content = part.get_payload(decode=True)
    decoded = decode_labelled(content if isinstance(content, bytes) else b"", _charset(part))
    context.warn_of_decoding(decoded)
    return clean_text(decoded.text)


def _charset(part: Message) -> str | None:
    stated = part.get_param("charset")
    return str(stated[2] if isinstance(stated, tuple) else stated) if stated else None
