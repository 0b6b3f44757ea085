"""/docs and /problems: reading about the API, with nothing fetched from elsewhere."""

from __future__ import annotations

from html import escape
from importlib.resources import files
from typing import Final

from fastapi import APIRouter
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse, Response

from service.errors.base import ProblemError
from service.errors.catalogue import all_problems, problem_of
from service.errors.requests import NoSuchPathError

router = APIRouter(include_in_schema=False)

_ASSETS: Final = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}


@router.get("/docs")
def read_docs() -> HTMLResponse:
    """The OpenAPI document, to read and to try out."""
    return get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="Facsimile",
        swagger_js_url="/docs/swagger-ui-bundle.js",
        swagger_css_url="/docs/swagger-ui.css",
        swagger_favicon_url="/docs/favicon-32x32.png",
    )


@router.get("/docs/{name}")
def read_asset(name: str) -> Response:
    """A part of Swagger UI, from the Python package that carries it."""
    if name not in _ASSETS:
        raise NoSuchPathError(f"Nothing is served at /docs/{name[:100]}; see /docs.")
    content = (files("fastapi_swagger") / "resources" / name).read_bytes()
    return Response(
        content, media_type=_ASSETS[name], headers={"Cache-Control": "public, max-age=86400"}
    )


@router.get("/problems")
def read_problems() -> HTMLResponse:
    """Every kind of problem."""
    rows = "".join(_row(problem) for problem in all_problems())
    return _page("Problems", f"<table>{rows}</table>")


@router.get("/problems/{code}")
def read_problem(code: str) -> HTMLResponse:
    """What the `type` of a problem means."""
    problem = problem_of(code)
    if problem is None:
        raise NoSuchPathError("There is no problem of this type; /problems lists them all.")
    return _page(problem.title, f"<table>{_row(problem)}</table>")


def _row(problem: type[ProblemError]) -> str:
    meaning = escape(" ".join((problem.__doc__ or "").split()))
    return (
        f"<tr><td><code>/problems/{problem.code}</code></td><td>{problem.status}</td>"
        f"<td>{escape(problem.title)}</td><td>{meaning}</td></tr>"
    )


def _page(title: str, body: str) -> HTMLResponse:
    style = "body{font:16px sans-serif;margin:2em}td{padding:.3em 1em .3em 0;vertical-align:top}"
    return HTMLResponse(
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(title)}</title>"
        f"<style>{style}</style><h1>{escape(title)}</h1>{body}</html>"
    )
