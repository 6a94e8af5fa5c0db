"""Random answers of multi-byte text, cut into tokens at any byte, with random stop strings; and the checks for each."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from engines.inference.worker.streaming.text_stream import TextStream

ALPHABETS = (
    "abc END\n<|>",
    "äöüßéñçåø",
    "日本語한국어中文。、",
    "שלום مرحبا",
    "नमस्ते ไทย",
    "🙂🚀👩‍👩‍👧🇨🇭\u200d\ufe0f",
    "𝔘𝔫𝔦𝕔𝕠𝕕𝕖\U0010ffff",
    "e\u0301a\u0308\u0327",
)
MAX_LENGTH, MAX_TOKENS = 120, 40


@dataclass(frozen=True, slots=True)
class RandomAnswer:
    content: str
    tokens: list[bytes]
    stops: list[str]


def random_answer(seed: int) -> RandomAnswer:
    """Create an answer. Half of the stop strings are parts of the content, so that they are found at any position."""
    chosen = random.Random(seed)
    letters = "".join(chosen.sample(ALPHABETS, chosen.randint(1, 3)))
    content = "".join(chosen.choices(letters, k=chosen.randint(0, MAX_LENGTH)))
    stops = [_stop(chosen, content, letters) for _ in range(chosen.randint(0, 4))]
    encoded = content.encode()
    cuts = sorted({0, len(encoded), *(chosen.randint(0, len(encoded)) for _ in range(chosen.randint(0, MAX_TOKENS)))})
    return RandomAnswer(content, [encoded[start:end] for start, end in pairwise(cuts)], stops)


def _stop(chosen: random.Random, content: str, letters: str) -> str:
    length = chosen.randint(1, 6)
    if content and chosen.random() < 0.5:
        start = chosen.randrange(len(content))
        return content[start : start + length]
    return "".join(chosen.choices(letters, k=length))


def find_faults(answer: RandomAnswer) -> list[str]:
    """Stream an answer and return a description of each fault in its deltas; an empty list if there is none."""
    deltas, stopped = _stream(answer.tokens, answer.stops)
    text, content = "".join(deltas), answer.content.lstrip()
    found = []
    if any("\ufffd" in delta for delta in deltas):
        found.append("a character was split")
    if any(stop in text for stop in answer.stops):
        found.append("a stop string is in the text")
    if stopped != any(stop in content for stop in answer.stops):
        found.append("a stop string was missed, or there was none")
    rest = content.removeprefix(text)
    is_cut = stopped and any(rest.startswith(stop) for stop in answer.stops)
    if not content.startswith(text) or (rest and not is_cut):
        found.append("the deltas do not join to the content")
    return found


def _stream(tokens: Sequence[bytes], stops: Sequence[str]) -> tuple[list[str], bool]:
    stream = TextStream(stops)
    deltas: list[str] = []
    for token in tokens:
        deltas.append(stream.feed(token).text)
        if stream.is_ended:
            return deltas, True
    return [*deltas, stream.finish().text], stream.is_ended
