"""The parsing process: reads one file after the other, at idle priority, within its limits.

docling is imported by the first file that needs it; text and CSV never wait for that. What a library raises over a
damaged file goes to the parent as it is: the parent knows that a file that surprises its parser is a damaged one.
"""

import resource
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from engines.parsing.limits import Limits
from engines.parsing.protocol import Event, Parse, Parsed, ParseProgress, Request, Start
from engines.parsing.worker.extract import Extraction
from engines.parsing.worker.reading import Reading
from engines.parsing.worker.recognizer import Recognizer, find_recognizer
from engines.parsing.worker.tokens import Tokens, open_tokens
from records.codes import ErrorCode
from records.document import Chunking
from records.errors import DocumentUnreadable
from workers.child import Call, CallFailure, Link, serve

__all__ = ["Request", "Start", "run"]


def run(link: Link, start: Start) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    tokens = open_tokens()
    recognizer = find_recognizer() if start.recognize else None
    serve(link, lambda call: _parse(call, start.limits, tokens, recognizer))


def _parse(call: Call, limits: Limits, tokens: Tokens, recognizer: Recognizer | None) -> Parsed:
    request: Parse = call.request
    limit_cpu(limits.cpu_seconds)
    reading = Reading(Path(request.path), request.name, request.media_type, limits, recognizer)
    extraction = Extraction(reading, Chunking(request.max_tokens, request.overlap_tokens), tokens)
    try:
        with closing(extraction.events()) as events:
            send_events(call, events, limits)
    except DocumentUnreadable as unreadable:
        raise CallFailure(unreadable.code, unreadable.message) from unreadable
    except MemoryError:
        raise CallFailure(ErrorCode.PARSER_LIMIT, "Reading the document takes more memory than it may.") from None
    except RecursionError:
        raise CallFailure(ErrorCode.PARSER_LIMIT, "The document's parts are nested too deep.") from None
    return Parsed(extraction.document)


def send_events(call: Call, events: Iterable[Event], limits: Limits) -> None:
    """A page that was recognized took seconds; the limit is for what gets stuck."""
    looked_at = 0
    for event in events:
        call.event(event)
        if isinstance(event, ParseProgress) and event.pages_looked_at > looked_at:
            looked_at = event.pages_looked_at
            limit_cpu(limits.cpu_seconds)


def limit_cpu(seconds: int) -> None:
    """From here on; the kernel ends the process with SIGXCPU, wherever it is stuck."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds, hard))
