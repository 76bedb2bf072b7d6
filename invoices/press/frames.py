"""Frames: four bytes of length, then as many bytes."""

from __future__ import annotations

import struct
from typing import BinaryIO

HEADER = struct.Struct("!I")


def pack(*parts: bytes) -> bytes:
    """Each part as a frame."""
    return b"".join(HEADER.pack(len(part)) + part for part in parts)


def read(stream: BinaryIO) -> bytes:
    """The next frame. EOFError when the other side is gone."""
    return _exactly(stream, HEADER.unpack(_exactly(stream, HEADER.size))[0])


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError("the other side is gone")
    return data
