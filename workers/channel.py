"""Frames over an asyncio stream: the parent's end of the socketpair."""

import asyncio
import socket

import msgspec

from workers import frames

_READ_AHEAD = 1024 * 1024


class ChannelClosed(Exception):
    """The other end of the socketpair is closed."""


class Channel:
    """Sends frames to a child and receives its frames."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._decoder: msgspec.msgpack.Decoder[frames.ToParent] = msgspec.msgpack.Decoder(frames.ToParent)

    @classmethod
    async def open(cls, end: socket.socket) -> "Channel":
        reader, writer = await asyncio.open_unix_connection(sock=end, limit=_READ_AHEAD)
        return cls(reader, writer)

    def send(self, frame: frames.ToChild) -> None:
        """Queue a frame without waiting. If the channel is closing, drop the frame.

        Raises `FrameTooLarge` above `frames.MAX_FRAME`.
        """
        encoded = frames.encode(frame)
        if not self._writer.is_closing():
            self._writer.write(encoded)

    async def drain(self) -> None:
        """Wait until the child has read most of the queued bytes. Raises `ChannelClosed` if the child closes the channel."""
        try:
            await self._writer.drain()
        except OSError as error:
            raise ChannelClosed from error

    async def receive(self) -> frames.ToParent:
        """Return the next frame. Raises `ChannelClosed` if the child has closed the channel or sent an invalid frame."""
        try:
            size = int.from_bytes(await self._reader.readexactly(frames.PREFIX), "big")
            frames.check_size(size)
            return self._decoder.decode(await self._reader.readexactly(size))
        except (asyncio.IncompleteReadError, OSError, frames.FrameTooLarge, msgspec.DecodeError) as error:
            raise ChannelClosed from error

    def close(self) -> None:
        """Send the queued frames and close the channel. The child then reads the end of the stream and exits."""
        self._writer.close()

    def abort(self) -> None:
        """Close the channel and discard the queued frames."""
        self._writer.transport.abort()
