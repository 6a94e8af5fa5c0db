"""The parsing process: parses one file after another at idle priority, within its limits.

docling is imported only when a file needs it, so that text and CSV files do not wait for the import. Exceptions of libraries
are sent to the server, which reports the file as damaged.
"""

import resource
from collections.abc import Iterable
from contextlib import closing
from math import ceil
from pathlib import Path

from engines.parsing.parsing_limits import ParsingLimits
from engines.parsing.protocol import ParseEvent, ParseProgress, ParseReply, ParseRequest, Request, Start
from engines.parsing.worker.chunking.token_counter import TokenCounter, open_token_counter
from engines.parsing.worker.extraction import Extraction
from engines.parsing.worker.ocr.recognizer import Recognizer, find_recognizer
from engines.parsing.worker.parse_context import ParseContext
from records.codes import ErrorCode
from records.document import Chunking
from records.errors import DocumentUnreadable
from workers.child import Call, CallFailure, Link, serve

__all__ = ["Request", "Start", "run"]


def run(link: Link, start: Start) -> None:
    """Serve requests until the server closes the link. Core dumps are disabled: they would contain documents."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    tokens = open_token_counter()
    recognizer = find_recognizer() if start.ocr else None
    serve(link, lambda call: _parse(call, start.limits, tokens, recognizer))


def _parse(call: Call, limits: ParsingLimits, tokens: TokenCounter, recognizer: Recognizer | None) -> ParseReply:
    request: ParseRequest = call.request
    limit_cpu(limits.cpu_seconds)
    context = ParseContext(Path(request.path), request.name, request.media_type, limits, recognizer)
    extraction = Extraction(context, Chunking(request.max_tokens, request.overlap_tokens), tokens)
    try:
        with closing(extraction.events()) as events:
            send_events(call, events, limits)
    except DocumentUnreadable as unreadable:
        raise CallFailure(unreadable.code, unreadable.message) from unreadable
    except MemoryError:
        raise CallFailure(
            ErrorCode.PARSER_LIMIT, "Parsing the document exceeded the memory limit. Split it into smaller files."
        ) from None
    except RecursionError:
        raise CallFailure(
            ErrorCode.PARSER_LIMIT, "The parts of the document are nested too deeply. Simplify its structure."
        ) from None
    return ParseReply(extraction.document)


def send_events(call: Call, events: Iterable[ParseEvent], limits: ParsingLimits) -> None:
    """Send the events of a document. Each page that was passed to OCR restarts the CPU limit.

    OCR takes seconds for each page, but the limit is meant to end only a parser that makes no progress.
    """
    ocr_pages = 0
    for event in events:
        call.event(event)
        if isinstance(event, ParseProgress) and event.ocr_pages > ocr_pages:
            ocr_pages = event.ocr_pages
            limit_cpu(limits.cpu_seconds)


def limit_cpu(seconds: int) -> None:
    """Allow the process at least this much CPU time from now on. Above it, the kernel ends the process with SIGXCPU.

    The limit is in whole seconds of the process, so it can be up to one second more.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (ceil(used.ru_utime + used.ru_stime) + seconds, hard))
