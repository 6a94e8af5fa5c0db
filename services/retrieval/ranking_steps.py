"""The steps that change the order of hits. Benchmarks switch them off one by one; the server uses the defaults."""

from dataclasses import dataclass
from enum import StrEnum


class Fusion(StrEnum):
    """The way in which rankings are combined."""

    MIN_MAX = "min-max"
    "Scores scaled to 0 to 1."
    RECIPROCAL_RANKS = "reciprocal ranks"


@dataclass(frozen=True, slots=True)
class RankingSteps:
    """The switches and weights of the steps, with the values that measurements favour (docs/benchmarks.md, R14)."""

    fusion: Fusion = Fusion.MIN_MAX
    keyword_weight: float = 1.0
    "Weight of the keyword ranking; the dense and the deep ranking together weigh 1."
    neighbour_share: float = 0.1
    "Share of a hit's score that the chunks before and after it gain; 0 switches the step off."
    page_share: float = 0.1
    "Share of the scores of a page's other chunks that its best chunk gains; 0 switches the step off."
    page_decay: float = 0.9
    "Factor of the score of a page's second best chunk; its square for the third."
    puts_identifiers_first: bool = True
    "Move passages with a rare identifier of the query before all others."
    removes_near_duplicates: bool = True
