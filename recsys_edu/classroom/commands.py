"""`python -m recsys_edu class`: the studio for a class on the network; `class export` and `class erase`."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
import webbrowser
from pathlib import Path
from urllib.parse import urlsplit

from recsys_edu.classroom import archive, arrival, networks
from recsys_edu.classroom.store import DEFAULT, Store, open_class
from recsys_edu.errors import SettingsError


def prepare(name: str | None, port: int, url: str | None) -> tuple[dict, str]:
    """Open the class and print how to get in. Returns Streamlit's settings for a network, and the teacher's link.

    Only here the studio listens on all addresses, and not where a proxy on this machine does so for it: then `url` is
    what students open. The scheduler and the workers stay on 127.0.0.1. Streamlit's checks of origin (CORS, XSRF) stay
    on: pages of other sites cannot speak for a student. Raises SettingsError for a url that no browser opens."""
    if url:
        _check_url(url)
    store = Store()
    code, secret = open_class(store, name)
    store.close()
    os.environ["RECSYS_EDU_CLASS_MODE"] = "1"
    if url:
        os.environ["RECSYS_EDU_CLASS_URL"] = url
    address = networks.addresses()[0]
    join = f"{url.rstrip('/')}/class/join?code={code}" if url else arrival.join_url(address, port, code)
    teacher = f"http://localhost:{port}/class/teacher/{secret}"
    print(_welcome(join, code, teacher, bool(url)), flush=True)
    config = {
        "server.address": "127.0.0.1" if url else "0.0.0.0", "server.port": port, "server.headless": True,
        "browser.serverAddress": urlsplit(url).hostname if url else address,
        "server.enableCORS": True, "server.enableXsrfProtection": True,
    }  # fmt: skip
    return config, teacher


def _check_url(url: str) -> None:
    """Raises SettingsError for anything but the address of a whole host: the studio's pages lie at its root."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise SettingsError(f"--url {url} is not what students can open. Write it as https://studio.school.example")


def _welcome(join: str, code: str, teacher: str, behind_proxy: bool) -> str:
    others = [] if behind_proxy else [address for address in networks.addresses()[1:] if address not in join]
    also = f"\n(This machine is also at {', '.join(others)}.)" if others else ""
    if behind_proxy:
        way = "Only this machine reaches the studio itself: the proxy that serves this address must run here."
    else:
        way = "What is typed goes over this network as it is (http): use one that you trust, or a TLS proxy (--url)."
    qr = arrival.qr_for_terminal(join) if sys.stdout.isatty() else ""
    return (
        f"\n{qr}\nStudents open    {join.split('/class/')[0]}\nJoin code        {code}{also}\n\n"
        f"You, the teacher, open this link on this machine, and show it to nobody:\n{teacher}\n\n"
        f"{way}\n"
        "Ctrl-C ends it; the same command goes on with the same class."
    )


def open_when_ready(link: str, port: int) -> None:
    """Open the teacher's link in a browser once the studio answers."""

    def wait() -> None:
        for _attempt in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    webbrowser.open(link)
                    return
            time.sleep(0.1)

    threading.Thread(target=wait, daemon=True).start()


def export(folder: Path) -> None:
    """Print what was written."""
    for path in archive.export(_existing(), folder):
        print(path)


def erase(sure: bool) -> None:
    """Ask, unless `sure`; then nothing of the class is left. Raises SettingsError for a no."""
    store = _existing()
    if not sure:
        (people,) = store.read("SELECT count(*) FROM people")[0]
        (sent,) = store.read("SELECT count(*) FROM submissions")[0]
        print(f"{store.path}: {people} people, {sent} submissions. Erase all of it? Type yes: ", end="", flush=True)
        if sys.stdin.readline().strip().lower() != "yes":
            raise SettingsError("Nothing was erased.")
    gone = archive.erase(store)
    print("Erased." if gone else "Erased. A studio still has the empty file open; it tells its class so.")


def _existing() -> Store:
    path = Path(os.environ.get("RECSYS_EDU_CLASS") or DEFAULT)
    if not path.exists():
        raise SettingsError(f"There is no class in {path}. RECSYS_EDU_CLASS names another file.")
    return Store(path)
