"""The chapters' moving pictures in a real JupyterLab: they move while the kernel is busy, and in their place."""

import contextlib
import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

ROOT = Path(__file__).resolve().parent.parent
PICTURES = """
import time
from pathlib import Path
import plotly.graph_objects as go
from recsys_edu import lesson
from recsys_edu.events import EpochEvent, FinishedEvent

def draw(k=2):
    return go.Figure(go.Scatter(y=[0, k]), layout={"title": f"k is {k}"})

lesson.explore(draw, k=(1, 9))
"""
LEARNING = """
def learn_until_seen(curve):
    for epoch in (1, 2, 3):
        curve(EpochEvent(epoch, "mse", 4.0 / epoch, 5.0 / epoch, None, 0.1))
        while not Path(f"seen-{epoch}").exists():  # the kernel is busy until the reader has seen this point
            time.sleep(0.05)
    curve(FinishedEvent(3.0, 0.3, 10))

learn_until_seen(lesson.LossCurve("Live"))
"""
POINTS = """() => [...document.querySelectorAll(".js-plotly-plot")]
  .map((plot) => plot.data?.[0]?.x?.length ?? plot.data?.[0]?.y?.length ?? 0)"""


@pytest.fixture
def lab(tmp_path):
    """Address of a JupyterLab, set as `python -m recsys_edu lab` sets it, over a folder with one notebook."""
    cells = [new_code_cell(PICTURES), new_code_cell(LEARNING)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}  # else it asks which
    nbformat.write(new_notebook(cells=cells, metadata=kernel), tmp_path / "live.ipynb")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    calm = ROOT / "recsys_edu" / "setup" / "jupyterlab"
    options = ["--no-browser", "--allow-root", f"--ServerApp.port={port}", f"--ServerApp.root_dir={tmp_path}"]
    secrets = ["--IdentityProvider.token=", "--ServerApp.password=", f"--LabApp.app_settings_dir={calm}"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "JUPYTER_CONFIG_DIR": str(tmp_path / "config")}
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *options, *secrets],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    yield f"http://127.0.0.1:{port}", server, tmp_path
    server.terminate()
    server.wait()


def wait_until_it_answers(address, server):
    while server.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/api", timeout=5):
            return
    pytest.fail(f"JupyterLab ended with exit code {server.returncode}")


@pytest.mark.browser
def test_pictures_move_in_their_place_while_the_kernel_is_busy(lab, browser):
    address, server, folder = lab
    wait_until_it_answers(address, server)
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.set_default_timeout(120_000)
    page.goto(f"{address}/lab/tree/live.ipynb")
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    for epoch in (1, 2, 3):
        page.wait_for_function(f"() => ({POINTS})()[1] === {epoch}")
        (folder / f"seen-{epoch}").touch()
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    assert page.evaluate(POINTS) == [2, 3]  # the still picture has not come as a third
    page.get_by_role("slider").first.focus()
    page.keyboard.press("ArrowUp")
    page.wait_for_function("() => document.querySelector('.js-plotly-plot').layout.title.text === 'k is 3'")
    assert page.get_by_text("Jupyter news").count() == 0
    page.close()
