"""What the Map page's browser part fetches, past Streamlit.

- /live/<token>/frames.bin?kind=pca: all maps of the run's epochs (see snapshots.Film), so that scrubbing asks nobody
- /live/<token>/honesty.bin?kind=pca&epoch=7: of one map, how many of each point's neighbours there are true ones:
  k as one byte, then a byte a point
- POST /live/<token>/space: has UMAP draw one more epoch in 3-D, the newest that it has not; answers how many of how
  many it has drawn by now: {"drawn": 3, "of": 12}
kind: umap, pca, axis (with a=, b=: item_index), seed. dims=3: umap and pca in three dimensions.
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


async def space(request: Request) -> Response:
    try:
        run = _run(request)
        snapshots = run.snapshots  # those of before a reset take what is no longer wanted
        if (wanted := snapshots.next_in_space()) is not None:
            one, near = wanted
            task = jobs.shared().submit(run, map_work.umap_in_space, one.vectors, near, run.spec.settings.seed)
            snapshots.keep_space(one, await asyncio.wrap_future(task))
    except RecsysEduError as error:
        return JSONResponse({"error": str(error)}, status_code=404)
    return JSONResponse({"drawn": snapshots.in_space, "of": len(snapshots.all)}, headers=NEVER)


def _read(request: Request) -> tuple[Run, tuple]:
    """The run and what `Snapshots.film` is asked. Raises SettingsError."""
    numbers = (_number(request, "a"), _number(request, "b"), _number(request, "dims", "2"))
    return _run(request), (request.query_params.get("kind", "umap"), *numbers)


def _run(request: Request) -> Run:
    run = jobs.shared().get(request.path_params["token"])
    if not isinstance(run, Run):
        raise SettingsError(_("This run has ended on the server. Press Train for a new one."))
    return run


def _number(request: Request, name: str, usual: str = "-1") -> int:
    try:
        return int(request.query_params.get(name, usual)[:12])
    except ValueError as error:
        raise SettingsError(_("{name} must be a whole number.").format(name=name)) from error


ROUTES = [
    Route("/live/{token}/frames.bin", frames),
    Route("/live/{token}/honesty.bin", honesty),
    Route("/live/{token}/space", space, methods=["POST"]),
]
