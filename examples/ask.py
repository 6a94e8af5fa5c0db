"""Ask a question about files and print the answer while it is generated: `python -m examples.ask "question" file.pdf`.

The program uploads the files, waits until they are READY, creates a session with them, sends the question and prints the
events of the answer.
"""

import argparse
import asyncio
import os
import sys
from contextlib import aclosing
from pathlib import Path

import httpx
from websockets.exceptions import WebSocketException

from examples.client import Client, Json, RequestFailed

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


def write(text: str, end: str = "\n") -> None:
    sys.stdout.write(text + end)
    sys.stdout.flush()


async def upload(client: Client, file: Path) -> str:
    """Upload a file, wait until it can be searched, and return the id of the document.

    Raises `RequestFailed` if the document cannot be parsed.
    """
    document = (await client.upload(UPLOAD, file))["document"]
    async with aclosing(client.subscribe(DOCUMENT, id=document["id"])) as events:
        async for event in events:
            current = event["document"]
            if current and current["status"] == "READY":
                pages = f"{current['pageCount']} pages, " if current["pageCount"] else ""
                write(f"{current['name']}: {pages}{current['chunkCount']} chunks")
                break
            if current and current["status"] in ("FAILED", "CANCELED"):
                raise RequestFailed(f"{current['name']}: {(current['error'] or {}).get('message', current['status'])}")
    return str(document["id"])


async def ask(client: Client, question: str, files: list[Path]) -> None:
    """Print the answer to a question about the files, and the passages that it cites."""
    documents = [await upload(client, file) for file in files]
    settings = {"thinkingMode": "RAG", "topK": 3, "sampling": {"temperature": 0}}
    session = (await client.run(SESSION, input={"documentIds": documents, "settings": settings}))["session"]
    answer = (await client.run(SEND, input={"sessionId": session["id"], "content": question}))["answer"]
    write("")
    async with aclosing(client.subscribe(ANSWER, id=answer["id"])) as events:
        async for event in events:
            match event["__typename"]:
                case "TextDelta":
                    write(event["text"], end="")
                case "MessageCompleted":
                    write_citations(event["message"]["citations"])
                case "MessageFailed":
                    raise RequestFailed(event["error"]["message"])


def write_citations(citations: list[Json]) -> None:
    """Write the citations that the answer uses, or all passages of its prompt if it uses none."""
    write("")
    for citation in [each for each in citations if each["used"]] or citations:
        page = f", page {citation['page']}" if citation["page"] else ""
        quote = " ".join(citation["quote"].split())
        write(
            f"\n[{citation['marker']}] {citation['documentName']}{page}\n    “{quote[:160]}{'…' * (len(quote) > 160)}”"
        )


async def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m examples.ask", description="Ask a question about files.")
    parser.add_argument("question")
    parser.add_argument("file", nargs="+", type=Path)
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="address of the server (default: %(default)s)")
    arguments = parser.parse_args()
    try:
        async with Client(arguments.url, os.environ.get("GRAPHLORE_ACCESS_TOKEN")) as client:
            await ask(client, arguments.question, arguments.file)
    except (RequestFailed, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except (httpx.TransportError, WebSocketException) as error:
        sys.stderr.write(
            f"{arguments.url} cannot be reached ({type(error).__name__}). Start the server with `make serve`.\n"
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
