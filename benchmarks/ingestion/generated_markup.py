"""Generated documents with known facts in HTML, EPUB, e-mail and Markdown, and the share of facts in their text (T2).

Every document is drawn from a seed: its facts, their order, the markup around them, the encoding, and the navigation and
banners of a website. A fact is a line that the text must contain, such as `Boat: Petrel 7, Fee: 41`.
"""

import random
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from html import escape
from pathlib import Path

from benchmarks.figures import Figure, at_least
from engines.parsing.detection.detect import detect_type
from engines.parsing.parsing_limits import ParsingLimits
from engines.parsing.worker.blocks.block import Block
from engines.parsing.worker.parse_context import ParseContext
from engines.parsing.worker.readers import reader_for

NOUNS = (
    "harbour",
    "Möwe",
    "ferry",
    "gauge",
    "crane",
    "Łódź",
    "pier",
    "çay",
    "lantern",
    "κύμα",
    "rope",
    "日没",
    "buoy",
    "winch",
)
"""Words of the texts and labels of all generated documents, in several scripts."""
_NAMES = (
    "cookies",
    "share",
    "menu",
    "sidebar",
    "banner",
    "social",
    "modal",
    "promo",
    "content",
    "c1",
    "footer-note",
    "x",
)
_CHARSETS = ("utf-8", "utf-8-sig", "utf-16")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a document with its facts, written as HTML and as Markdown."""

    html: str
    markdown: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Generated:
    """A generated document: its file, and the facts that it states."""

    path: Path
    facts: tuple[str, ...]


class Writer:
    """Writes random documents. The same seed gives the same documents."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._numbers = iter(range(1, 100_000))

    def parts(self) -> list[Part]:
        """Return the parts of a document: prose, lists, definitions, tables, listings, links and collapsed answers."""
        makers: list[Callable[[], Part]] = [
            self._prose, self._list, self._definitions, self._table, self._listing, self._link, self._folded, self._heading,
        ]  # fmt: skip
        return [self._heading(), *(self._random.choice(makers)() for _ in range(self._random.randint(4, 14)))]

    def _words(self, count: int) -> str:
        """Return `count` words. The first contains a number, so that the text occurs nowhere else."""
        first = f"{self._random.choice(NOUNS)} {next(self._numbers)}"
        return " ".join([first, *self._random.choices(NOUNS, k=count - 1)])

    def _marked(self, text: str) -> str:
        """Return the text as HTML, often with a random word in a formatting element such as `b`."""
        words = [escape(word) for word in text.split()]
        if len(words) > 2 and self._random.random() < 0.7:
            tag = self._random.choice(("b", "i", "span", "code", "mark", "font"))
            chosen = self._random.randrange(len(words))
            words[chosen] = f"<{tag}>{words[chosen]}</{tag}>"
        return self._random.choice((" ", "\n", "  ")).join(words)

    def _heading(self) -> Part:
        text, level = self._words(3), self._random.randint(1, 4)
        return Part(f"<h{level}>{self._marked(text)}</h{level}>", f"{'#' * level} {text}", (text,))

    def _prose(self) -> Part:
        text = f"{self._words(9)} & {self._random.randint(2, 99)} crowns < {self._words(2)}."
        opening, closing = self._random.choice(
            (("<p>", "</p>"), ("<div>", "</div>"), ("<p>", ""), ("<blockquote>", "</blockquote>"))
        )
        return Part(f"{opening}{self._marked(text)}{closing}", text.replace("<", "\\<"), (text,))

    def _list(self) -> Part:
        items = [self._words(4) for _ in range(self._random.randint(1, 5))]
        if self._random.random() < 0.5:
            rows, kind = [f"{number}. {item}" for number, item in enumerate(items, 1)], "ol"
        else:
            rows, kind = [f"- {item}" for item in items], "ul"
        html = "".join(f"<li>{self._marked(item)}" for item in items)
        return Part(f"<{kind}>{html}</{kind}>", "\n".join(rows), tuple(rows))

    def _definitions(self) -> Part:
        pairs = [(self._words(1), self._words(4)) for _ in range(self._random.randint(1, 4))]
        html = "".join(f"<dt>{escape(term)}</dt><dd>{self._marked(text)}</dd>" for term, text in pairs)
        markdown = "\n\n".join(f"{term}\n: {text}" for term, text in pairs)
        return Part(f"<dl>{html}</dl>", markdown, tuple(f"{term}: {text}" for term, text in pairs))

    def _table(self) -> Part:
        names = [self._words(1) for _ in range(self._random.randint(2, 5))]
        rows = [[str(self._random.randint(0, 9999) / 10) for _ in names] for _ in range(self._random.randint(2, 6))]
        for row in rows:
            row[0] = self._words(2)
        facts = tuple(", ".join(f"{name}: {cell}" for name, cell in zip(names, row, strict=True)) for row in rows)
        head = "".join(f"<th>{escape(name)}</th>" for name in names)
        body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
        marked = self._random.choice((f"<tr>{head}</tr>{body}", f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"))
        lines = [names, ["---"] * len(names), *rows]
        return Part(f"<table>{marked}</table>", "\n".join(f"| {' | '.join(line)} |" for line in lines), facts)

    def _listing(self) -> Part:
        name = f"step_{next(self._numbers)}"
        lines = [f"def {name}(x):", "    if x < 2:", f'        return "{name}"']
        html = escape("\n".join(lines), quote=False)
        if self._random.random() < 0.5:
            html = "".join(f"<span class=line><span>{line}</span></span>\n" for line in html.split("\n"))
        return Part(f"<pre><code>{html}</code></pre>", "\n".join(["```python", *lines, "```"]), ("\n".join(lines),))

    def _link(self) -> Part:
        words, target, image = self._words(2), f"https://e{next(self._numbers)}.example/a.pdf", self._words(2)
        html = f'<p>{self._words(2)} <a href="{target}">{words}</a> <img src="i.png" alt="{image}"></p>'
        markdown = f"{self._words(2)} [{words}]({target}) ![{image}](i.png)"
        return Part(html, markdown, (words, target, image))

    def _folded(self) -> Part:
        question, answer = f"{self._words(4)}?", self._words(5)
        html = self._random.choice((
            f"<details><summary>{question}</summary><p>{answer}</p></details>",
            f"<h3><button>{question}</button></h3><div hidden><p>{answer}</p></div>",
            f'<aside class="note"><p>{question}</p><div id="a" style="display:none">{answer}</div></aside>',
        ))  # fmt: skip
        return Part(html, f"<details><summary>{question}</summary>\n\n{answer}\n\n</details>", (question, answer))

    def body(self, parts: list[Part]) -> str:
        """Return the parts as HTML, some of them in elements with class names of boilerplate such as `cookies`."""
        wrapped = []
        for part in parts:
            name, tag = self._random.choice(_NAMES), self._random.choice(("div", "section", "form", "article"))
            wrapped.append(
                f'<{tag} id="{name}" class="{name}">{part.html}</{tag}>' if self._random.random() < 0.4 else part.html
            )
        return "\n".join(wrapped)

    def page(self, parts: list[Part]) -> str:
        """Return the parts as a page of a website."""
        links = "".join(f"<li><a href=/{number}>Department {number}</a>" for number in range(5))
        inside = self.body(parts)
        layout = self._random.choice((
            "<nav><ul>{links}</ul></nav><main>{inside}</main><footer>© 2031 Holm AS</footer>",
            "<div class=menu><ul>{links}</ul></div><div id=content>{inside}</div><div class=footer>Powered by Kiosk</div>",
            "<form id=aspnetForm><table><tr><td>{inside}</td></tr></table></form>",
            "{inside}",
        )).format(links=links, inside=inside)  # fmt: skip
        return f"<!DOCTYPE html><html><head><title>Page</title></head><body>{layout}</body></html>"

    def write_html(self, folder: Path) -> Generated:
        """Write a web page in one of several encodings."""
        parts = self.parts()
        (folder / "page.html").write_bytes(self.page(parts).encode(self._random.choice(_CHARSETS)))
        return Generated(folder / "page.html", _facts(parts))

    def write_markdown(self, folder: Path) -> Generated:
        """Write a Markdown file, sometimes with front matter."""
        parts, title = self.parts(), self._words(2)
        has_metadata = self._random.random() < 0.5
        start = f"---\ntitle: {title}\n---\n\n" if has_metadata else ""
        (folder / "notes.md").write_text(
            start + "\n\n<!-- -->\n\n".join(part.markdown for part in parts), encoding="utf-8"
        )
        return Generated(folder / "notes.md", (*_facts(parts), *((f"title: {title}",) if has_metadata else ())))

    def write_email(self, folder: Path) -> Generated:
        """Write an e-mail in HTML, sometimes with a plain-text version that contains no facts."""
        parts, message = self.parts(), EmailMessage()
        message["From"], message["Subject"] = "Lin <lin@mail.example>", self._words(3)
        if self._random.random() < 0.5:
            message.set_content("This message is in HTML.")
            message.add_alternative(self.body(parts), subtype="html", charset="utf-8")
        else:
            message.set_content(self.body(parts), subtype="html", charset="utf-8")
        (folder / "letter.eml").write_bytes(message.as_bytes())
        return Generated(folder / "letter.eml", (*_facts(parts), str(message["Subject"])))

    def write_epub(self, folder: Path) -> Generated:
        """Write a book of up to four chapters."""
        chapters = [self.parts() for _ in range(self._random.randint(1, 4))]
        items = "".join(
            f'<item id="c{n}" href="c{n}.xhtml" media-type="application/xhtml+xml"/>' for n in range(len(chapters))
        )
        spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
        package = f"<package><metadata/><manifest>{items}</manifest><spine>{spine}</spine></package>"
        container = '<container><rootfiles><rootfile full-path="b.opf"/></rootfiles></container>'
        with zipfile.ZipFile(folder / "book.epub", "w") as archive:
            archive.writestr("mimetype", "application/epub+zip")
            archive.writestr("META-INF/container.xml", container)
            archive.writestr("b.opf", package)
            for number, parts in enumerate(chapters):
                page = f"<html xmlns='http://www.w3.org/1999/xhtml'><head><title/></head><body>{self.body(parts)}</body></html>"
                archive.writestr(f"c{number}.xhtml", f'<?xml version="1.0" encoding="utf-8"?>\n{page}')
        return Generated(folder / "book.epub", tuple(fact for parts in chapters for fact in _facts(parts)))


def _facts(parts: list[Part]) -> tuple[str, ...]:
    return tuple(fact for part in parts for fact in part.facts)


WRITERS: dict[str, Callable[[Writer, Path], Generated]] = {
    "HTML": Writer.write_html,
    "Markdown": Writer.write_markdown,
    "e-mail": Writer.write_email,
    "EPUB": Writer.write_epub,
}


def missing_facts(document: Generated) -> list[str]:
    """Return the facts that the extracted text of a document does not contain."""
    media_type = detect_type(document.path, document.path.name).require()
    context = ParseContext(document.path, document.path.name, media_type, ParsingLimits())
    text = "\n".join(block.text for block in reader_for(media_type)(context) if isinstance(block, Block))
    return [fact for fact in document.facts if fact not in text]


async def measure(folder: Path, quick: bool) -> list[Figure]:
    """Return the share of facts that are read, by format."""
    figures = []
    for name, write in WRITERS.items():
        total = lost = 0
        for seed in range(50 if quick else 1000):
            document = write(Writer(seed), folder)
            total += len(document.facts)
            lost += len(missing_facts(document))
        figures.append(at_least("T2", f"text facts read: {name}", (total - lost) / total, 0.995, facts=total))
    return figures
