"""Random answers of multi-byte text, cut into tokens anywhere, with random stop strings; and what must hold of each."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from engines.inference.worker.text.text_stream import TextStream

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
LONGEST, MOST_TOKENS = 120, 40


@dataclass(frozen=True, slots=True)
class Fuzzed:
    content: str
    tokens: list[bytes]
    stops: list[str]


def make(seed: int) -> Fuzzed:
    """Half of the stop strings are taken out of the content, so that they are found, and at any place."""
    chosen = random.Random(seed)
    letters = "".join(chosen.sample(ALPHABETS, chosen.randint(1, 3)))
    content = "".join(chosen.choices(letters, k=chosen.randint(0, LONGEST)))
    stops = [_stop(chosen, content, letters) for _ in range(chosen.randint(0, 4))]
    whole = content.encode()
    cuts = sorted({0, len(whole), *(chosen.randint(0, len(whole)) for _ in range(chosen.randint(0, MOST_TOKENS)))})
    return Fuzzed(content, [whole[start:end] for start, end in pairwise(cuts)], stops)


def _stop(chosen: random.Random, content: str, letters: str) -> str:
    length = chosen.randint(1, 6)
    if content and chosen.random() < 0.5:
        start = chosen.randrange(len(content))
        return content[start : start + length]
    return "".join(chosen.choices(letters, k=length))


def faults(fuzzed: Fuzzed) -> list[str]:
    """What is wrong with what a client was shown; nothing, where all is well."""
    deltas, stopped = _shown(fuzzed.tokens, fuzzed.stops)
    text, content = "".join(deltas), fuzzed.content.lstrip()
    found = []
    if any("\ufffd" in delta for delta in deltas):
        found.append("a character was split")
    if any(stop in text for stop in fuzzed.stops):
        found.append("a stop string leaked")
    if stopped != any(stop in content for stop in fuzzed.stops):
        found.append("a stop string was missed, or none was there")
    rest = content.removeprefix(text)
    is_cut = stopped and any(rest.startswith(stop) for stop in fuzzed.stops)
    if not content.startswith(text) or (rest and not is_cut):
        found.append("the deltas do not join to the content")
    return found


def _shown(tokens: Sequence[bytes], stops: Sequence[str]) -> tuple[list[str], bool]:
    stream = TextStream(stops)
    deltas: list[str] = []
    for token in tokens:
        deltas.append(stream.feed(token).text)
        if stream.stopped:
            return deltas, True
    return [*deltas, stream.finish().text], stream.stopped
