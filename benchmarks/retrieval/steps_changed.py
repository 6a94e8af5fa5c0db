"""Variants of the ranking, each with one step switched off or changed."""

from services.retrieval.ranking_steps import Fusion, RankingSteps

STEPS_CHANGED = {
    "reciprocal ranks": RankingSteps(fusion=Fusion.RECIPROCAL_RANKS),
    "keyword ranking × 0.5": RankingSteps(keyword_weight=0.5),
    "keyword ranking × 2": RankingSteps(keyword_weight=2.0),
    "no neighbours": RankingSteps(neighbour_share=0.0),
    "neighbours × 0.3": RankingSteps(neighbour_share=0.3),
    "no grouping by pages": RankingSteps(page_share=0.0),
    "no identifiers first": RankingSteps(puts_identifiers_first=False),
    "near-duplicates kept": RankingSteps(removes_near_duplicates=False),
}
"""The variants by the name of the change."""
