"""What the studio serves beside Streamlit's pages."""

import gzip
from importlib.resources import files
from urllib.request import Request, urlopen


def test_plotly_comes_packed_to_whom_takes_it_packed(studio):
    whole = (files("plotly") / "package_data" / "plotly.min.js").read_bytes()
    url = f"{studio.url}/assets/plotly.min.js"
    with urlopen(Request(url, headers={"Accept-Encoding": "gzip"}), timeout=10) as packed:
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.read()) == whole
    with urlopen(url, timeout=10) as plain:
        assert plain.headers["Content-Encoding"] is None
        assert plain.read() == whole
