"""How a class arrives: the address that it opens, and the picture of it that a phone reads."""

from __future__ import annotations

import io
from urllib.parse import urlencode

import segno


def join_url(address: str, port: int, code: str) -> str:
    """The page that asks for a nickname, with the join code filled in."""
    return f"http://{address}:{port}/class/join?{urlencode({'code': code})}"


def qr_for_terminal(url: str) -> str:
    """The QR code in half blocks, for a dark or a light terminal."""

    out = io.StringIO()
    segno.make(url, error="m", micro=False).terminal(out, border=2, compact=True)
    return out.getvalue()


def qr_as_svg(url: str) -> str:
    """The QR code as an image for a page: dark on white in either theme."""
    return segno.make(url, error="m", micro=False).svg_data_uri(scale=6, border=2, dark="#000", light="#fff")
