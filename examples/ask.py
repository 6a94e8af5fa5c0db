"""Asks a question about files, and shows the answer while it is made: `python -m examples.ask "question" file.pdf`.

Uploads the files, waits until each is READY, opens a session over them, sends the question and follows the answer.
"""

import argparse
import asyncio
import os
import sys
from contextlib import aclosing
from pathlib import Path

import httpx
from websockets.exceptions import WebSocketException

from examples.client import Client, Json, Refused

UPLOAD = """
mutation ($input: UploadDocumentInput!) {
  uploadDocument(input: $input) {
    ... on UploadDocumentSuccess { document { id name } }
    ... on Error { code message }
  }
}"""
DOCUMENT = """
subscription ($id: ID!) {
  documentEvents(documentId: $id) {
    document { name status progress pageCount chunkCount error { message } }
  }
}"""
SESSION = """
mutation ($input: CreateSessionInput!) {
  createSession(input: $input) { ... on CreateSessionSuccess { session { id } } ... on Error { code message } }
}"""
SEND = """
mutation ($input: SendMessageInput!) {
  sendMessage(input: $input) { ... on SendMessageSuccess { answer { id } } ... on Error { code message } }
}"""
ANSWER = """
subscription ($id: ID!) {
  messageEvents(messageId: $id) {
    __typename
    ... on TextDelta { text }
    ... on MessageFailed { error { message } }
    ... on MessageCompleted { message { citations { marker documentName page quote used } } }
  }
}"""


def say(text: str, end: str = "\n") -> None:
    sys.stdout.write(text + end)
    sys.stdout.flush()


async def read(client: Client, file: Path) -> str:
    """Uploads one file; its id, once it can be searched."""
    document = (await client.upload(UPLOAD, file))["document"]
    async with aclosing(client.watch(DOCUMENT, id=document["id"])) as events:
        async for event in events:
            current = event["document"]
            if current and current["status"] == "READY":
                pages = f"{current['pageCount']} pages, " if current["pageCount"] else ""
                say(f"{current['name']}: {pages}{current['chunkCount']} chunks")
                break
            if current and current["status"] in ("FAILED", "CANCELED"):
                raise Refused(f"{current['name']}: {(current['error'] or {}).get('message', current['status'])}")
    return str(document["id"])


async def ask(client: Client, question: str, files: list[Path]) -> None:
    documents = [await read(client, file) for file in files]
    settings = {"thinkingMode": "RAG", "topK": 3, "sampling": {"temperature": 0}}
    session = (await client.run(SESSION, input={"documentIds": documents, "settings": settings}))["session"]
    answer = (await client.run(SEND, input={"sessionId": session["id"], "content": question}))["answer"]
    say("")
    async with aclosing(client.watch(ANSWER, id=answer["id"])) as events:
        async for event in events:
            match event["__typename"]:
                case "TextDelta":
                    say(event["text"], end="")
                case "MessageCompleted":
                    show_sources(event["message"]["citations"])
                case "MessageFailed":
                    raise Refused(event["error"]["message"])


def show_sources(citations: list[Json]) -> None:
    """Those that the answer names, or all that it was given where it names none."""
    say("")
    for citation in [each for each in citations if each["used"]] or citations:
        page = f", page {citation['page']}" if citation["page"] else ""
        quote = " ".join(citation["quote"].split())
        say(f"\n[{citation['marker']}] {citation['documentName']}{page}\n    “{quote[:160]}{'…' * (len(quote) > 160)}”")


async def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m examples.ask", description="Asks a question about files.")
    parser.add_argument("question")
    parser.add_argument("file", nargs="+", type=Path)
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="the server's; %(default)s unless given")
    given = parser.parse_args()
    try:
        async with Client(given.url, os.environ.get("GRAPHLORE_ACCESS_TOKEN")) as client:
            await ask(client, given.question, given.file)
    except (Refused, OSError) as refused:
        sys.stderr.write(f"{refused}\n")
        return 1
    except (httpx.TransportError, WebSocketException) as broken:
        sys.stderr.write(f"{given.url} does not answer ({type(broken).__name__}): is `make serve` running?\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
