"""/studio: faces to move by hand, in a browser, with nothing fetched from elsewhere."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from models.facs import AU_NAMES, LEVELS
from service.api.deps import ServicesDep
from service.errors.requests import NoSuchPathError

router = APIRouter(include_in_schema=False)

_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
}
_HEADERS: Final = {
    # Pictures that the page has fetched or made are blobs; everything else is a file of ours.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob:; media-src 'self' blob:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    # Asked for each time, and answered by 304: a new version is never half an old one.
    "Cache-Control": "no-cache",
}


@router.get("/")
def read_root() -> RedirectResponse:
    """Whoever comes with a browser is shown what there is."""
    return RedirectResponse("/studio")


@router.get("/studio")
def read_studio(request: Request, services: ServicesDep) -> Response:
    """The page. Who reads it will soon draw, so what draws is started."""
    services.room.warm()
    return _file(request, "index.html")


@router.get("/studio/vocabulary")
def read_vocabulary() -> JSONResponse:
    """The action units by the names that FACS gives them."""
    return JSONResponse({"aus": dict(AU_NAMES), "levels": LEVELS}, headers=_HEADERS)


@router.get("/studio/{name}")
def read_studio_file(request: Request, name: str) -> Response:
    """One of the files it is made of."""
    if name not in _names():
        raise NoSuchPathError(f"Nothing is served at /studio/{name[:100]}; see /studio.")
    return _file(request, name)


@cache
def _names() -> frozenset[str]:
    ours = files("service.web").iterdir()
    return frozenset(one.name for one in ours if one.name.rpartition(".")[2] in _TYPES)


def _file(request: Request, name: str) -> Response:
    content = (files("service.web") / name).read_bytes()
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {**_HEADERS, "ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=_TYPES[name.rpartition(".")[2]], headers=headers)
