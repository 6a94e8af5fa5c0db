"""Text that every encoder accepts."""


def encodable(text: str) -> str:
    """Return `text` with each unpaired surrogate replaced by a question mark; UTF-8 cannot encode those.

    JSON can carry unpaired surrogates (`"\\ud83d"`), so clients can send them. Lengths do not change.
    """
    return text.encode("utf-8", "replace").decode()
