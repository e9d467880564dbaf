"""What the desk asks for: keys, edits, pictures, and what the model, rules and coders say."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, FastAPI, Request, Response
from fastapi.responses import PlainTextResponse

from facedrive.annotate.desk import Desk, ForbiddenError, Job
from facedrive.annotate.dump import dump
from facedrive.annotate.expert import Decision
from facedrive.annotate.exports import export
from facedrive.annotate.journal import ConflictError
from facedrive.annotate.project import EXPERT
from facedrive.errors import DataError, FacedriveError
from facedrive.studio.annotate.invitations import WHO
from facedrive.studio.explain import explain, translated
from facedrive.studio.texts import Language, language_of

Given = Annotated[dict[str, Any], Body()]

KEPT = {"Cache-Control": "private, max-age=600"}


def who_asks(scope: Mapping[str, Any]) -> str:
    """Return whose a request is: without invitations, this computer's user may see all."""
    return str(scope.get(WHO) or EXPERT)


def add_routes(app: FastAPI, desk: Desk) -> None:
    """Add everything but the pages."""
    app.add_exception_handler(FacedriveError, _say_why)
    _add_pictures(app, desk)
    _add_own(app, desk)
    _add_team(app, desk)


def _add_own(app: FastAPI, desk: Desk) -> None:
    """Add what a coder is asked for by who may: nothing here is reached by another."""

    def allow(name: str, coder: str, request: Request) -> None:
        desk.allow(who_asks(request.scope), coder, name)

    routes = APIRouter(dependencies=[Depends(allow)])
    _add_video(routes, desk)
    _add_edits(routes, desk)
    _add_model(routes, desk)
    app.include_router(routes)


async def _say_why(request: Request, error: Exception) -> Response:
    """Answer a request that failed, in the line that says why."""
    status = 404 if request.method == "GET" else 400
    if isinstance(error, ForbiddenError):
        status = 403
    elif isinstance(error, ConflictError):
        status = 409
    return PlainTextResponse(explain(_language(request), str(error)), status)


def _warned(request: Request, found: dict[str, Any]) -> dict[str, Any]:
    """Put what is wrong with a coder's files into the page's language."""
    return found | {"warning": explain(_language(request), found["warning"])}


def _language(request: Request) -> Language:
    return language_of(request.cookies, request.headers.get("accept-language", ""))


def _add_pictures(app: FastAPI, desk: Desk) -> None:
    @app.get("/frame/{name}/{position}.jpg")
    def frame(name: str, position: int, request: Request) -> Response:
        who = who_asks(request.scope)
        desk.allow(who, who, name)
        return Response(desk.picture(name, position), media_type="image/jpeg", headers=KEPT)


def _add_video(routes: APIRouter, desk: Desk) -> None:
    @routes.get("/api/video/{name}")
    def video(name: str, coder: str, request: Request) -> dict[str, Any]:
        found = desk.video(name)
        if who_asks(request.scope) != EXPERT:
            found["coders"] = [coder]
        return found

    @routes.get("/api/model/{name}")
    def model(name: str) -> Response:
        return Response(desk.model(name), media_type="application/octet-stream")


def _add_edits(routes: APIRouter, desk: Desk) -> None:
    @routes.get("/api/keys/{name}")
    def keys(name: str, coder: str, request: Request) -> dict[str, Any]:
        return _warned(request, desk.keys(name, coder))

    @routes.get("/api/revision/{name}")
    def revision(name: str, coder: str) -> dict[str, int]:
        return {"revision": desk.document(name, coder).revision}

    @routes.post("/api/edit/{name}")
    def edit(name: str, coder: str, given: Given, request: Request) -> dict[str, Any]:
        changes = given.get("changes")
        if not isinstance(changes, list) or not all(isinstance(row, list) for row in changes):
            raise DataError("an edit has a list of changes.")
        found = _warned(request, desk.edit(name, coder, str(given.get("text", "")), changes))
        return {key: value for key, value in found.items() if key != "changes"}

    @routes.post("/api/undo/{name}")
    def undo(name: str, coder: str, request: Request) -> dict[str, Any]:
        return _warned(request, desk.undo(name, coder))

    @routes.post("/api/redo/{name}")
    def redo(name: str, coder: str, request: Request) -> dict[str, Any]:
        return _warned(request, desk.undo(name, coder, again=True))

    @routes.get("/api/findings/{name}")
    def findings(name: str, coder: str, request: Request) -> list[dict[str, Any]]:
        language = _language(request)
        return [each | {"says": translated(language, each["says"])}
                for each in desk.findings(name, coder)]  # fmt: skip


def _add_model(routes: APIRouter, desk: Desk) -> None:
    @routes.post("/api/guess/{name}")
    def guess(name: str) -> dict[str, Any]:
        desk.begin_guess(name)
        return {}

    @routes.get("/api/job/{name}")
    def job(name: str, request: Request) -> dict[str, Any]:
        found = desk.job(name) or Job(0.0, "", done=False)
        return found._asdict() | {"error": explain(_language(request), found.error)}

    @routes.post("/api/fill/{name}")
    def fill(name: str, coder: str, request: Request) -> dict[str, Any]:
        return _warned(request, desk.fill(name, coder))

    @routes.get("/api/fits/{name}")
    def fits(name: str, coder: str) -> list[dict[str, Any]]:
        return desk.fits(name, coder)

    @routes.post("/api/refine/{name}")
    def refine(name: str, coder: str, given: Given, request: Request) -> dict[str, Any]:
        aus = [str(each) for each in given.get("aus", [])]
        return _warned(request, desk.refine(name, coder, aus))


def _add_team(app: FastAPI, desk: Desk) -> None:
    """Add what only the expert may see."""

    def allow(request: Request) -> None:
        desk.allow(who_asks(request.scope), EXPERT, request.path_params.get("name", ""))

    routes = APIRouter(dependencies=[Depends(allow)])

    @routes.get("/api/others/{name}")
    def others(name: str) -> dict[str, Any]:
        return desk.others(name)

    @routes.post("/api/decide/{name}")
    def decide(name: str, given: Given) -> list[dict[str, Any]]:
        try:
            decision = Decision(str(given["au"]), int(given["first"]), int(given["last"]),
                                tuple(map(str, given["accept"])), str(given["reason"]))  # fmt: skip
        except (KeyError, TypeError, ValueError) as error:
            raise DataError("a decision has au, first, last, accept and reason.") from error
        return desk.decide(name, decision)

    @routes.get("/dump.zip")
    def dump_all() -> Response:
        return _download(dump(desk.project.folder), f"{desk.project.name}.zip")

    @routes.get("/export/{to}.zip")
    def export_all(to: str) -> Response:
        return _download(_exported(desk, to), f"{desk.project.name}-{to}.zip")

    app.include_router(routes)


def _exported(desk: Desk, to: str) -> bytes:
    """Write an export and pack it; the videos, which it links, are left out."""
    packed = io.BytesIO()
    with tempfile.TemporaryDirectory(prefix="facedrive-") as folder:
        desk.change(lambda project: export(project, to, Path(folder)))
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(Path(folder).rglob("*")):
                if path.is_file() and not path.is_symlink():
                    archive.write(path, path.relative_to(folder).as_posix())
    return packed.getvalue()


def _download(content: bytes, name: str) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="{name.encode("ascii", "replace").decode()}"'
    }
    return Response(content, media_type="application/zip", headers=headers)
