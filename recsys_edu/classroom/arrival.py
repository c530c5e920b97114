"""How a class arrives: the address of this machine, and the picture of it that a phone reads."""

from __future__ import annotations

import io
import socket
from urllib.parse import urlencode

import segno


def addresses() -> list[str]:
    """The IPv4 addresses of this machine on its networks, the likeliest first; without any, that of the machine."""
    found = [_on_the_way_out(), *_of_the_name()]
    return list(dict.fromkeys(address for address in found if address and not address.startswith("127."))) or [
        "127.0.0.1"
    ]


def _on_the_way_out() -> str | None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # nothing is sent: this asks the system which way it would go
            return probe.getsockname()[0]
        except OSError:
            return None


def _of_the_name() -> list[str]:
    try:
        return socket.gethostbyname_ex(socket.gethostname())[2]
    except OSError:
        return []


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
