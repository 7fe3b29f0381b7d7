"""Vectors for any text, the same every time, and as near to each other as chance has it: they know nothing of meaning.

Fewer dimensions are the first of the full ones, scaled to length 1 again: that is how text-embedding-3 shortens (OpenAI, "New embedding
models and API updates").
"""

import base64
import hashlib
import math
import sys
from array import array


def vector_of(text: str, *, dimensions: int) -> "array[float]":
    """float32 of length 1."""
    drawn = array("h", hashlib.shake_256(text.encode(errors="surrogatepass")).digest(2 * dimensions))
    if sys.byteorder == "big":
        drawn.byteswap()
    length = math.hypot(*drawn)
    return array("f", (number / length for number in drawn))


def as_base64(vector: "array[float]") -> str:
    """Of little-endian float32."""
    if sys.byteorder == "big":
        vector = array("f", vector)
        vector.byteswap()
    return base64.b64encode(vector.tobytes()).decode()


def tokens_of(text: str) -> int:
    """About as many as the tokenizer would say of English prose."""
    return -(-len(text.encode(errors="surrogatepass")) // 4)
