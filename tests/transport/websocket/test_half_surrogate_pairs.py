"""Half a surrogate pair in a frame affects only its own operation; persisted queries are rejected in the same way."""

import pytest

from tests.transport.websocket.client import Socket

HALF_PAIR = '"\\ud83d"'
"""Half a surrogate pair, as JavaScript writes a string that was cut inside an emoji."""


GREET, BOOKS = "query ($n: String) { greeting(name: $n) }", "query ($n: Int) { books(first: $n) { totalCount } }"
COUNT = "subscription ($to: Int!) { count(to: $to) }"


def subscribe_frame(query: str, variables: str = "{}", more: str = "") -> str:
    payload = f'{{"query":{query},"variables":{variables}{more}}}'
    return f'{{"id":"half","type":"subscribe","payload":{payload}}}'


@pytest.mark.parametrize(
    "frame",
    [
        subscribe_frame(f'"{GREET}"', f'{{"n":{HALF_PAIR}}}'),
        subscribe_frame('"{ greeting }"', f"{{{HALF_PAIR}:1}}"),
        subscribe_frame(HALF_PAIR),
        subscribe_frame('"{ greeting }"', more=f',"operationName":{HALF_PAIR}'),
        subscribe_frame(f'"{BOOKS}"', f'{{"n":{HALF_PAIR}}}'),
        subscribe_frame(f'"{COUNT}"', f'{{"to":2,"x":{HALF_PAIR}}}'),
        f'{{"id":{HALF_PAIR},"type":"subscribe","payload":{{"query":"{{ greeting }}"}}}}',
        f'{{"type":"ping","payload":{{"x":{HALF_PAIR}}}}}',
        f'{{"id":{HALF_PAIR},"type":"complete"}}',
    ],
)
async def test_half_a_surrogate_pair_affects_only_its_own_operation(socket: Socket, frame: str) -> None:
    await socket.subscribe("live", "subscription { forever }")
    assert (await socket.receive())["id"] == "live"
    await socket.send(frame)
    await socket.send('{"type": "ping", "payload": {"last": true}}')
    frames = []
    while (received := await socket.receive()) != {"type": "pong", "payload": {"last": True}}:
        frames.append(received)
    assert (await socket.receive())["id"] == "live"
    if '"half"' in frame:
        while not any(each.get("id") == "half" for each in frames):
            frames.append(await socket.receive())
    errors = [each["payload"] for each in frames if each["type"] == "error"]
    assert "INTERNAL" not in str(errors)
    socket.connection.transport.abort()  # a close frame would wait behind the bytes in the buffers


async def test_an_id_with_half_a_surrogate_pair_is_returned_unchanged(socket: Socket) -> None:
    await socket.send(f'{{"id":{HALF_PAIR},"type":"subscribe","payload":{{"query":"{{ greeting }}"}}}}')
    assert len(await socket.until_complete("\ud83d")) == 1
    await socket.send(f'{{"id":{HALF_PAIR},"type":"subscribe","payload":{{"query":"{{"}}}}')
    assert (await socket.receive())["id"] == "\ud83d"
    for _ in range(2):
        await socket.send(f'{{"id":{HALF_PAIR},"type":"subscribe","payload":{{"query":"subscription {{ silence }}"}}}}')
    assert await socket.close_code() == 4409


async def test_the_hash_of_a_persisted_query_is_an_error_of_its_operation(socket: Socket) -> None:
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": "ab" * 32}}
    await socket.send({"type": "subscribe", "id": "1", "payload": {"extensions": extensions}})
    (errors,) = await socket.until_complete("1")
    assert errors == [
        {"message": "PersistedQueryNotSupported", "extensions": {"code": "PERSISTED_QUERY_NOT_SUPPORTED"}}
    ]
    await socket.subscribe("1", "{ greeting }")
    assert len(await socket.until_complete("1")) == 1
