"""Needles in a haystack: facts inserted into documents of several lengths at several depths.

Each fact has a question that uses other words than the fact.
"""

from collections.abc import Iterator
from dataclasses import dataclass

FACTS = (
    (
        "The lighthouse of {name} was painted {value} after the great storm.",
        "Which colour did {name}'s lighthouse get?",
    ),
    (
        "Every engine that leaves the works of {name} is filled with {value} oil.",
        "What oil goes into engines from {name}?",
    ),
    ("In {name} the ferry to the island leaves from pier {value} alone.", "Where does one board the boat in {name}?"),
)
VALUES = ("crimson", "turquoise", "ochre", "violet", "ivory", "silver", "amber", "indigo", "coral")
NAMES = (
    "Aldermoor", "Brackwell", "Carnforth", "Dunmarrow", "Eskvale", "Fenwick", "Garthdale", "Holmsea", "Inverlay",
    "Jarnholm", "Kelstrand", "Lindvik", "Marrowby", "Norrhaven", "Oxmere", "Pennerley", "Quarndon", "Ravenglass",
    "Skelbrook", "Thornaby", "Ulverston", "Varnby", "Westray", "Yarmside", "Zealford", "Ashcombe", "Birkdale",
)  # fmt: skip
DEPTHS = (0.0, 0.5, 1.0)
"""Positions of a fact, as a share of the document."""
LENGTHS = {"short": 2, "middle": 18, "long": 90}
"""Paragraphs of a document, by the name of its length."""

_SUBJECTS = ("The committee", "A gardener", "The old railway", "Our laboratory", "The museum", "A harbour pilot")
_VERBS = ("measured", "described", "repaired", "catalogued", "compared", "photographed", "forgot")
_OBJECTS = ("the northern greenhouse", "a collection of clocks", "twelve samples of clay", "the minutes of the meeting",
            "a bridge of oak", "the migration of geese", "letters from the archive", "an outdated timetable")  # fmt: skip
_WHEN = ("in early spring", "during the strike", "before the audit", "on a rainy Tuesday", "after long debate")


@dataclass(frozen=True, slots=True)
class Needle:
    """A fact, its question and its document. `name` is the subject of the fact and the name of the document."""

    name: str
    sentence: str
    question: str
    depth: float
    length: str

    @property
    def text(self) -> str:
        """The text of the document that contains the fact."""
        paragraphs = [_paragraph(self.name, number) for number in range(LENGTHS[self.length])]
        paragraphs.insert(round(self.depth * len(paragraphs)), self.sentence)
        return "\n\n".join(paragraphs)


def needles() -> Iterator[Needle]:
    """Yield each fact at each depth of each length, with a different name each time."""
    places = [(fact, depth, length) for fact in range(len(FACTS)) for depth in DEPTHS for length in LENGTHS]
    for number, (fact, depth, length) in enumerate(places):
        name, value = NAMES[number], VALUES[number % len(VALUES)]
        sentence, question = (each.format(name=name, value=value) for each in FACTS[fact])
        yield Needle(name, sentence, question, depth, length)


def _paragraph(name: str, number: int) -> str:
    """Return filler sentences that differ between the paragraphs and between the documents."""
    seed = number * 7 + sum(map(ord, name))
    return " ".join(
        f"{_SUBJECTS[(seed + place) % 6]} {_VERBS[(seed // 2 + 3 * place) % 7]} {_OBJECTS[(seed // 3 + place) % 8]} "
        f"{_WHEN[(seed + 2 * place) % 5]}, as page {seed + place} of the report says."
        for place in range(4)
    )
