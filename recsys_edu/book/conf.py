"""Sphinx's settings of the book. build.py gives it the pages, and Plotly and MathJax to stand beside them."""

project = "recsys_edu"
html_title = "Deep learning in recommender systems, taken apart"
author = ""
language = "en"

extensions = ["myst_nb", "sphinx.ext.mathjax"]
nb_execution_mode = "off"  # they come executed
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_update_mathjax = False
myst_heading_anchors = 3
suppress_warnings = ["myst.xref_missing"]  # links between the notebooks' files, outside the book

html_theme = "sphinx_book_theme"
html_theme_options = {
    "show_toc_level": 2,
    "use_download_button": False,
    "use_fullscreen_button": False,
    "navbar_persistent": [],  # the sidebar has the search field
}
html_context = {"default_mode": "auto"}
html_static_path = ["_static"]
html_css_files = ["book.css"]
html_js_files = [("plotly.min.js", {"defer": "defer"}), ("book.js", {"defer": "defer"})]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False

mathjax_path = "mathjax.js"  # formulas become SVG: no font files, which a browser may refuse to read from a disk
mathjax_options = {"defer": "defer"}
mathjax3_config = {
    "options": {"enableMenu": False, "processHtmlClass": "math", "ignoreHtmlClass": "document"},
    "svg": {"fontCache": "global"},
}
