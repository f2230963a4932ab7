"""Reads what a compressed TIFF segment says in its own header, in JPEG and JPEG 2000: its pixels, and their bits."""

from __future__ import annotations

#: Numbers by which TIFF names JPEG 2000; the first is Aperio's.
JPEG_2000 = frozenset({33003, 33004, 33005, 34712})
#: Bytes from a segment's start in which its header ends, except one with a picture within it.
HEAD_BYTES = 1 << 14
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})  # SOF0..SOF15 without DHT, JPG and DAC
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length
_CODESTREAM = b"\xff\x4f\xff\x51"  # how one of JPEG 2000 begins


def stated_pixels(head: bytes) -> int | None:
    """Pixels that a codec would make room for; None where the header does not say, or is of another format.

    Parameters
    ----------
    head : bytes
        Start of the segment.

    Examples
    --------
    >>> stated_pixels(bytes.fromhex("ffd8 ffc0 0011 08 0010 0020 03"))
    512
    """
    if head.startswith(b"\xff\xd8"):
        return _of_jpeg(head)
    at = head.find(_CODESTREAM)
    if at < 0 or len(head) < at + 24:
        return None
    width, height, left, top = (int.from_bytes(head[at + start : at + start + 4], "big") for start in (8, 12, 16, 20))
    return max(width - left, 0) * max(height - top, 0)


def stated_bits(head: bytes) -> int | None:
    """Bits of a pixel's first channel in JPEG 2000; None where the header does not say, or is of another format.

    Examples
    --------
    >>> stated_bits(bytes.fromhex("ff4f ff51") + bytes(38) + bytes([15])), stated_bits(b"")
    (16, None)
    """
    at = head.find(_CODESTREAM)
    if at < 0 or len(head) <= at + 42:
        return None
    return (head[at + 42] & 0x7F) + 1  # the highest bit says that they are signed


def _of_jpeg(head: bytes) -> int | None:
    """Walk the markers up to the frame's."""
    at = 2
    while at + 9 <= len(head):
        if head[at] != 0xFF:
            return None
        marker = head[at + 1]
        if marker in _FRAMES:
            return int.from_bytes(head[at + 5 : at + 7], "big") * int.from_bytes(head[at + 7 : at + 9], "big")
        at += 1 if marker == 0xFF else 2 if marker in _ALONE else 2 + int.from_bytes(head[at + 2 : at + 4], "big")
    return None
