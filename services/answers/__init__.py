"""Answers: from a stored prompt to the last event of its answer, independent of the clients that watch.

`answers.py` is the entry: it starts, follows, cancels and deletes. `answer_runner.py` owns the running answers,
`answerer.py` generates one, `event_log.py` keeps its numbered events, and `outcome_store.py` stores how it ended.
"""

from services.answers.answer_plan import AnswerPlanner
from services.answers.answer_runner import AnswerListeners
from services.answers.answers import Answers, open_answers

__all__ = ["AnswerListeners", "AnswerPlanner", "Answers", "open_answers"]
