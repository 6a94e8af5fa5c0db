"""Share of the table facts of a folder that Graphlore's chunks state, and that the texts of other readers state."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.judged.collection import JudgedFolder, TableFact
from benchmarks.judged.other_readers import OTHER_READERS
from benchmarks.judged.table_facts import states
from records.document import NewChunk

OURS = "Graphlore"


@dataclass(slots=True)
class TableReport:
    """The facts that each reader does not state."""

    facts: list[TableFact]
    missed: dict[str, list[TableFact]] = field(default_factory=dict)

    def share(self, reader: str, document: str | None = None) -> float:
        """Return the share of the facts, of one document or of all, that a reader's text states."""
        facts = [fact for fact in self.facts if document in (None, fact.document)]
        missed = [fact for fact in self.missed[reader] if document in (None, fact.document)]
        return 1 - len(missed) / max(1, len(facts))

    def rows(self) -> list[tuple[str, ...]]:
        """Return a row for each document with facts, and one for all, with the share of each reader."""
        documents = [*dict.fromkeys(fact.document for fact in self.facts), None]
        return [(name or "all", *(f"{self.share(reader, name):.2f}" for reader in self.missed)) for name in documents]


def compare_readers(folder: JudgedFolder, chunks_of: Callable[[Path], list[NewChunk]]) -> TableReport:
    """Judge all facts by the chunks of Graphlore, and by the text of the fact's page as other readers return it."""
    report = TableReport(folder.facts)
    chunks: dict[str, list[str]] = {
        name: [chunk.text for chunk in chunks_of(folder.documents[name])]
        for name in dict.fromkeys(fact.document for fact in folder.facts)
    }
    report.missed[OURS] = [
        fact for fact in folder.facts if not states(chunks[fact.document], fact, folder.columns_of(fact))
    ]
    for reader, text_of in OTHER_READERS.items():
        texts: dict[tuple[str, int], str] = {}
        for fact in folder.facts:
            if (fact.document, fact.page) not in texts:
                texts[fact.document, fact.page] = text_of(folder.documents[fact.document], fact.page)
        report.missed[reader] = [
            fact
            for fact in folder.facts
            if not states([texts[fact.document, fact.page]], fact, folder.columns_of(fact))
        ]
    return report
