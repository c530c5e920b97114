"""What the Map page's browser part fetches, past Streamlit.

- /live/<token>/frames.bin?kind=pca: all maps of the run's epochs (see snapshots.Film), so that scrubbing asks nobody
- /live/<token>/honesty.bin?kind=pca&epoch=7: of one map, how many of each point's neighbours there are true ones:
  k as one byte, then a byte a point
kind: umap, pca, axis (with a=, b=: item_index), seed.
"""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from recsys_edu.errors import RecsysEduError, SettingsError
from recsys_edu.studio import jobs, map_work
from recsys_edu.studio.i18n import _
from recsys_edu.studio.runs import Run

NEVER = {"Cache-Control": "no-store"}  # the run goes on


async def frames(request: Request) -> Response:
    try:
        run, asked = _read(request)
        film = await asyncio.to_thread(run.snapshots.film, *asked)
    except RecsysEduError as error:
        return JSONResponse({"error": str(error)}, status_code=404)
    return Response(film.as_bytes(), media_type="application/octet-stream", headers=NEVER)


async def honesty(request: Request) -> Response:
    try:
        run, asked = _read(request)
        film = await asyncio.to_thread(run.snapshots.film, *asked)
        place = film.at(_number(request, "epoch"))
        one = run.snapshots.other_seed if asked[0] == "seed" else run.snapshots.at(film.epochs[place])
        # Asked of a worker: 9,000 points take it seconds.
        task = jobs.shared().submit(run, map_work.kept_by_point, one.vectors, film.positions[place])
        kept, k = await asyncio.wrap_future(task)
    except RecsysEduError as error:
        return JSONResponse({"error": str(error)}, status_code=404)
    return Response(bytes([k]) + kept.tobytes(), media_type="application/octet-stream", headers=NEVER)


def _read(request: Request) -> tuple[Run, tuple]:
    """The run and what `Snapshots.film` is asked. Raises SettingsError."""
    run = jobs.shared().get(request.path_params["token"])
    if not isinstance(run, Run):
        raise SettingsError(_("This run has ended on the server. Press Train for a new one."))
    return run, (request.query_params.get("kind", "umap"), _number(request, "a"), _number(request, "b"))


def _number(request: Request, name: str) -> int:
    try:
        return int(request.query_params.get(name, "-1")[:12])
    except ValueError as error:
        raise SettingsError(_("{name} must be a whole number.").format(name=name)) from error


ROUTES = [Route("/live/{token}/frames.bin", frames), Route("/live/{token}/honesty.bin", honesty)]
