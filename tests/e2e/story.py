"""The steps of a user: upload and wait, ask and watch."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.client import Client, Json

DOCUMENT_EVENTS = """subscription ($id: ID) { documentEvents(documentId: $id) {
    change documentId document { id name status progress chunkCount pageCount error { code message stage retryable } } } }"""
MESSAGE_EVENTS = """subscription ($id: ID!, $after: String) { messageEvents(messageId: $id, after: $after) {
    __typename cursor messageId
    ... on RetrievalCompleted { citations { ...Source } }
    ... on MessageProgress { status queuePosition promptTokens promptTokensRead }
    ... on ReasoningDelta { text offset }
    ... on TextDelta { text offset }
    ... on StreamGap { content reasoning }
    ... on MessageCompleted { message { ...Whole } }
    ... on MessageCanceled { message { ...Whole } }
    ... on MessageFailed { error { code message } message { ...Whole } } } }
  fragment Source on Citation { marker documentName quote page startOffset endOffset
    used score document { id } chunk { id } }
  fragment Whole on Message { id status content reasoning error { code message } citations { ...Source }
    generation { finishReason usage { promptTokens completionTokens } budget { contextLength prompt } } }"""
SEND = """mutation ($input: SendMessageInput!) { sendMessage(input: $input) {
    __typename ... on SendMessageSuccess { prompt { id } answer { id status } } ... on Error { code message path } } }"""
CREATE = """mutation ($input: CreateSessionInput!) { createSession(input: $input) {
    __typename ... on CreateSessionSuccess { session { id name } } ... on Error { code message path } } }"""
SEARCH = """query ($input: SearchInput!) { search(input: $input) { __typename
    ... on Error { code message }
    ... on SearchResults { tookMs
      hits { rank score similarity bm25 document { id name } chunk { id text pageStart pageEnd headings }
        snippet { text matches { start end } } }
      trace { legs { name state message candidates } } } } }"""
ENDS = ("READY", "FAILED", "CANCELED")
TERMINAL = ("MessageCompleted", "MessageCanceled", "MessageFailed")


@dataclass
class Answer:
    """An answer that a watching client has assembled from its events."""

    id: str
    events: list[Json] = field(default_factory=list)
    content: str = ""
    reasoning: str = ""
    citations: list[Json] = field(default_factory=list)

    def add(self, event: Json) -> bool:
        """Add an event; return whether it is the last one."""
        self.events.append(event)
        match event["__typename"]:
            case "TextDelta":
                assert event["offset"] == len(self.content), "deltas join without gaps and repetitions"
                self.content += event["text"]
            case "ReasoningDelta":
                assert event["offset"] == len(self.reasoning)
                self.reasoning += event["text"]
            case "RetrievalCompleted":
                self.citations = event["citations"]
            case "StreamGap":
                self.content, self.reasoning = event["content"], event["reasoning"]
        return event["__typename"] in TERMINAL

    @property
    def end(self) -> Json:
        return self.events[-1]


async def wait_for_document(client: Client, document_id: str, *, until: tuple[str, ...] = ENDS) -> Json:
    """Wait for a status of a document and return the document."""
    async with client.subscribe(DOCUMENT_EVENTS, id=document_id) as events:
        async for event in events:
            document = event["documentEvents"]["document"]
            if document is not None and document["status"] in until:
                return dict(document)
    raise AssertionError("the stream ended before the document had the expected status")


async def upload_ready(client: Client, file: Path) -> Json:
    """Upload a file and wait until its document is READY."""
    uploaded = await client.upload(file)
    assert uploaded["__typename"] == "UploadDocumentSuccess", uploaded
    document = await wait_for_document(client, uploaded["document"]["id"])
    assert document["status"] == "READY", document
    return document


async def create_session(
    client: Client, documents: list[str], collections: list[str] | None = None, **settings: Any
) -> str:
    chosen = {"documentIds": documents, "collectionIds": collections or [], "settings": settings}
    created = (await client.run(CREATE, input=chosen))["createSession"]
    assert created["__typename"] == "CreateSessionSuccess", created
    return str(created["session"]["id"])


async def send(client: Client, session_id: str, content: str, **more: Any) -> Json:
    sent = await client.run(SEND, input={"sessionId": session_id, "content": content, **more})
    return dict(sent["sendMessage"])


async def ask(client: Client, session_id: str, content: str, **more: Any) -> Answer:
    """Send a prompt and watch its answer to the end."""
    sent = await send(client, session_id, content, **more)
    assert sent["__typename"] == "SendMessageSuccess", sent
    return await watch(client, sent["answer"]["id"])


async def watch(client: Client, message_id: str, after: str | None = None) -> Answer:
    """Watch an answer to its end."""
    answer = Answer(message_id)
    async with client.subscribe(MESSAGE_EVENTS, id=message_id, after=after) as events:
        async for event in events:
            if answer.add(event["messageEvents"]):
                return answer
    raise AssertionError("the stream ended without a terminal event")


async def search(client: Client, query: str, **more: Any) -> Json:
    return dict((await client.run(SEARCH, input={"query": query, **more}))["search"])


async def wait_for_model(client: Client) -> Json:
    """Wait until the default model is READY and return it."""
    query = """subscription { modelEvents { change
        model { id name status stage progress isDefault error { code message } } } }"""
    async with client.subscribe(query) as events:
        async for event in events:
            model = event["modelEvents"]["model"]
            if model and model["isDefault"] and model["status"] in ("READY", "FAILED"):
                assert model["status"] == "READY", model
                return dict(model)
    raise AssertionError("no default model")
