"""Answers: from a prompt to its last event, whoever watches and whoever leaves.

An answer belongs to the server, not to the request that asked for it. `answers.py` owns those at work, `answerer.py` makes
one, `log.py` keeps its numbered events for subscribers to follow by cursor.
"""

from services.answers.answers import Answers, open_answers

__all__ = ["Answers", "open_answers"]
