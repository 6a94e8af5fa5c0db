"""Ends a streamed text before the first stop string, even if the string is split over several pieces."""

from collections.abc import Sequence


class StopFilter:
    """Passes text through until a stop string is found. Holds back only what may become a stop string."""

    def __init__(self, stop_strings: Sequence[str]) -> None:
        self._stop_strings = tuple(stop for stop in stop_strings if stop)
        self._held = ""
        self.is_empty = not self._stop_strings
        self.found: str | None = None
        "The stop string that was found."

    def feed(self, text: str) -> str:
        if self.found or not text:
            return ""
        whole = self._held + text
        places = [(place, stop) for stop in self._stop_strings if (place := whole.find(stop)) >= 0]
        if places:
            place, self.found = min(places)
            self._held = ""
            return whole[:place]
        end = len(whole) - held_suffix(whole, self._stop_strings)
        self._held = whole[end:]
        return whole[:end]

    def finish(self) -> str:
        """Return the text that was held back and did not become a stop string."""
        held, self._held = self._held, ""
        return held


def held_suffix(text: str, patterns: Sequence[str]) -> int:
    """Return the length of the longest suffix of `text` that is a proper prefix of one of the patterns."""
    longest = 0
    for pattern in patterns:
        start = text.find(pattern[0], max(0, len(text) - len(pattern) + 1))
        while start >= 0 and not pattern.startswith(text[start:]):
            start = text.find(pattern[0], start + 1)
        if start >= 0:
            longest = max(longest, len(text) - start)
    return longest
