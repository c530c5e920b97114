"""One source for the studio's language: every string that a reader sees goes through `_`.

Translations are gettext catalogues in studio/locale/<language>/LC_MESSAGES/studio.mo; RECSYS_EDU_LANGUAGE chooses
one. English is what the code says.
"""

from __future__ import annotations

import gettext
import os
from pathlib import Path

_translation = gettext.translation(
    "studio",
    Path(__file__).parent / "locale",
    languages=[os.environ.get("RECSYS_EDU_LANGUAGE", "en")],
    fallback=True,
)
_ = _translation.gettext
