"""The chapters, executed, as a static HTML book that opens without a network: `python -m recsys_edu book`.

Reading them is running.py's work, their pictures pages.py's, the pages themselves Sphinx's (build.py, conf.py)."""
