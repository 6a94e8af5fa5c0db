"""Finds the text that ends an answer in a chat template, for models whose vocabulary does not mark it as an end.

A fine-tuned model may have been taught an end of turn that is not a token of its vocabulary, or a token that the file does
not declare as an end. Such a model would continue with the user's next message.
"""

import re

from engines.inference.worker.prompting.chat_template import ANSWER_PROBE, USER_PROBE, ChatTemplate
from engines.inference.worker.prompting.template_sandbox import TemplateFailed

NEXT_PROBE = "Iterum 6b0e14?"
_TAG = re.compile(r"<[^<>\s]*>|\[[^\[\]\s]*\]")
_MIN_LENGTH = 4
"""A shorter text without tags, such as a line break, also occurs within answers."""


def find_turn_end(template: ChatTemplate) -> str:
    """Return the first tag between an answer and the next user message; without a tag, the text between them.

    Return an empty string if that text is too short, or if the template cannot render it.
    """
    messages = [("user", USER_PROBE), ("assistant", ANSWER_PROBE), ("user", NEXT_PROBE)]
    try:
        prompt = template.render(messages)
    except TemplateFailed:
        return ""
    between, is_next, _ = prompt.partition(ANSWER_PROBE)[2].partition(NEXT_PROBE)
    if not is_next:
        return ""
    tag = _TAG.match(between.lstrip())
    if tag:
        return tag[0]
    text = between.rstrip()
    return text if len(text.strip()) >= _MIN_LENGTH else ""
