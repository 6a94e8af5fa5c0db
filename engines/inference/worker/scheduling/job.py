"""A job: the request for one answer, with its prompt, from arrival to the first step of the engine."""

import time
from dataclasses import dataclass, field

from engines.inference.protocol import PromptProgress
from engines.inference.worker.prompting.prompt_builder import Prompt
from engines.inference.worker.streaming.text_stream import TextStream
from records.session import SamplingSettings
from workers.child import Call


@dataclass(slots=True, eq=False)
class Job:
    """One answer to generate. `sampling` has a value for every setting that is needed."""

    call: Call
    conversation: str
    salt: str
    prompt: Prompt
    sampling: SamplingSettings
    max_tokens: int
    text: TextStream
    grammar: str | None = None
    "Grammar in GBNF that the answer must follow."
    arrived: float = field(default_factory=time.monotonic)
    started: float | None = None

    def report_progress(self, queue_position: int, prefilled: int) -> None:
        """Send a progress event. Skip it if the client has not read earlier events, because sending would wait.

        Raises `CallCanceled` if the call was canceled.
        """
        if self.call.has_credit:
            self.call.event(PromptProgress(queue_position, len(self.prompt.tokens), prefilled))
