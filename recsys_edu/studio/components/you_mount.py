"""Mount what the page You has of its own: a list of films to rate with stars, and the film map with the visitor's
point on it. One component for all the stars, so that a press costs little."""

from collections.abc import Callable, Sequence

import streamlit as st

from recsys_edu.studio.components import mount
from recsys_edu.studio.i18n import _

STAR_LIST = mount.read_assets(["element.js", "star_list.js"], "star_list")
YOU_MAP = mount.read_assets([*mount.MAP_SCRIPTS, "film_you.js"], "film_map")

mount_star_list = st.components.v2.component("recsys_edu.star_list", **STAR_LIST)
mount_you_map = st.components.v2.component("recsys_edu.you_map", **YOU_MAP)


def star_list(films: Sequence[dict], label: str, key: str, on_rated: Callable[[int, int], None]) -> None:
    """Show films with five stars each; `on_rated(item_index, stars)` is called before the script runs, with 0 stars to
    forget a rating. A film is {"item_index", "title", "detail", "stars": 0 to 5}."""

    def rated() -> None:
        said = st.session_state[key].rated
        on_rated(int(said["item_index"]), int(said["stars"]))

    mount_star_list(key=key, data={"films": list(films), "strings": star_strings(label)}, on_rated_change=rated)


def you_map(
    run_token: str, visitor: dict | None, selected: int | None, neighbours: Sequence[int], height: int, key: str
):
    """The live map of a run, as `mount.film_map`, with the visitor's point: {"films": item_index, "weights", "name",
    "said"} lies at the weighted mean of its films. The result's `picked` is a film just clicked or searched."""
    data = {
        "run": run_token,
        "items_url": f"/live/{run_token}/items.json",
        "live_url": f"/live/{run_token}",
        "selected": selected,
        "neighbours": list(neighbours),
        "height": height,
        "visitor": visitor,
        "strings": mount.map_strings(),
    }
    return mount_you_map(key=key, data=data, on_picked_change=lambda: None)


def star_strings(label: str) -> dict[str, str]:
    return {
        "label": label,
        "rate": _("Your rating of {title}"),
        "stars": _("{stars} of 5 stars"),
        "forget": _("Forget your rating of {title}"),
    }
