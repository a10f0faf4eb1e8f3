"""Pictures of pages with few colours: they are small enough to be kept in a repository."""

import base64
import struct
import zlib
from typing import Any, Final

import numpy as np
from playwright.sync_api import BrowserContext

#: Of a palette.
COLOURS: Final = 64

#: Tells the pixels of a picture, which the browser has drawn and can read.
_PIXELS: Final = """
async (address) => {
  const image = await createImageBitmap(await (await fetch(address)).blob());
  const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
  canvas.drawImage(image, 0, 0);
  const bytes = canvas.getImageData(0, 0, image.width, image.height).data;
  let text = "";
  for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  return {width: image.width, bytes: btoa(text)};
}
"""


def with_few_colours(context: BrowserContext, png: bytes) -> bytes:
    """The picture with the commonest colours in place of those that are near to them."""
    pixels = pixels_of(context, png)
    palette, places = _indexed(pixels.reshape(-1, 3).astype(np.int32))
    return _png(places.reshape(pixels.shape[:2]), palette)


def pixels_of(context: BrowserContext, png: bytes) -> Any:
    """Red, green and blue of a picture: (height, width, 3) of uint8."""
    page = context.new_page()
    try:
        found = page.evaluate(_PIXELS, f"data:image/png;base64,{base64.b64encode(png).decode()}")
    finally:
        page.close()
    return np.frombuffer(base64.b64decode(found["bytes"]), np.uint8).reshape(-1, found["width"], 4)[:, :, :3]


def _indexed(pixels: Any) -> tuple[Any, Any]:
    """A palette (colours, 3) of uint8, and the place in it of each pixel."""
    packed = pixels @ np.array([1 << 16, 1 << 8, 1])
    shades, which, counts = np.unique(packed, return_inverse=True, return_counts=True)
    colours = np.stack([shades >> 16, shades >> 8 & 255, shades & 255], axis=1)
    # The next colour is the one that most pixels are furthest from.
    distances, chosen = np.full(len(shades), np.iinfo(np.int64).max), [int(counts.argmax())]
    nearest = np.zeros(len(shades), np.int64)
    while True:
        to_last = ((colours - colours[chosen[-1]]) ** 2).sum(axis=1)
        nearest = np.where(to_last < distances, len(chosen) - 1, nearest)
        distances = np.minimum(distances, to_last)
        if len(chosen) == min(COLOURS, len(shades)):
            break
        chosen.append(int((distances * counts).argmax()))
    return colours[chosen].astype(np.uint8), nearest[which].astype(np.uint8)


def _png(places: Any, palette: Any) -> bytes:
    height, width = places.shape
    rows = np.concatenate([np.zeros((height, 1), np.uint8), places], axis=1)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = [
        (b"IHDR", header),
        (b"PLTE", palette.tobytes()),
        (b"IDAT", zlib.compress(rows.tobytes(), 9)),
        (b"IEND", b""),
    ]
    parts = [
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)
