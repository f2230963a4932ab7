"""Makes the web application: routes, error answers, the page and its files."""

from __future__ import annotations

import importlib.util
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, Request
from fastapi import Path as InPath
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from starlette.exceptions import HTTPException
from starlette.responses import Response

from hooke import __version__
from hooke.errors import HookeError
from hooke.serve import download_routes, edit_routes, image_routes, job_routes, segment_route, track_routes
from hooke.serve.answers import ApiError, api_error
from hooke.serve.api_models import Limits, ModelList, ServerInfo
from hooke.serve.request_checks import RequestChecks, own_names
from hooke.serve.route_parts import Place, errors
from hooke.serve.serve_options import ServeOptions
from hooke.serve.workplace import Workplace

_LOG = logging.getLogger("hooke.serve")
ModelName = Annotated[str, InPath(min_length=1, max_length=100)]
_PAGE = Path(__file__).with_name("page")


def make_app(options: ServeOptions | None = None) -> FastAPI:
    """Make the application; `serve` runs it.

    Parameters
    ----------
    options : ServeOptions, optional

    Returns
    -------
    FastAPI
        An ASGI application. Nothing else may use its work folder.
    """
    options = options or ServeOptions()
    place = Workplace(options)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        place.close()

    app = FastAPI(
        title="hooke",
        version=__version__,
        description="Find, correct and measure nuclei and cells.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.workplace = place
    for routes in (image_routes, edit_routes, job_routes, download_routes, track_routes, segment_route):
        app.include_router(routes.router)
    _add_own_routes(app)
    _add_error_answers(app, place)
    hosts = own_names(options.host, options.allow_hosts)
    app.add_middleware(
        RequestChecks,
        hosts=hosts,
        addresses=not options.is_local,
        token=options.token,
        upload_bytes=options.upload_bytes,
        folder=options.work_folder,
    )
    return app


def _add_own_routes(app: FastAPI) -> None:
    """Add the page, its files, and what the server says of itself."""
    templates = Jinja2Templates(_PAGE)

    @app.get("/", include_in_schema=False)
    def page(request: Request) -> Response:
        return templates.TemplateResponse(request, "index.html", {"version": __version__})

    app.mount("/page", StaticFiles(directory=_PAGE), name="page")

    @app.get("/api/info", tags=["server"], responses=errors())
    def info(place: Place) -> ServerInfo:
        """Say what this server is and can do."""
        options = place.options
        limits = Limits(
            upload_bytes=options.upload_bytes,
            pixels=options.max_pixels,
            jobs=options.max_jobs,
            keep_days=options.keep_days,
            folder_bytes=options.folder_bytes,
        )
        return ServerInfo(
            version=__version__,
            models=place.bundles.models(),
            classifiers=place.bundles.classifiers(),
            limits=limits,
            adapt=_is_installed("torch"),
            track=_is_installed("laptrack"),
            tokens=options.token is not None,
            paths=options.allow_paths,
        )

    @app.get("/api/models", tags=["server"], responses=errors())
    def models(place: Place) -> ModelList:
        """List the models that can be chosen by name."""
        return ModelList(models=place.bundles.models())

    @app.delete("/api/models/{name}", tags=["server"], responses=errors(404, 409))
    def delete_model(place: Place, name: ModelName) -> ModelList:
        """Delete a model that was learnt here, and list those that are left; 409 where a job needs it."""
        if name in place.queue.models_in_use():
            raise ApiError(409, f"a job needs the model {name}", "stop the job, or wait for its end")
        place.bundles.delete(name)
        return ModelList(models=place.bundles.models())


def _add_error_answers(app: FastAPI, place: Workplace) -> None:
    """Answer every error with what is wrong and what to do, and no path."""

    @app.exception_handler(ApiError)
    def refuse(request: Request, error: ApiError) -> JSONResponse:
        return JSONResponse(error.content, error.status, error.headers)

    @app.exception_handler(HookeError)
    def refuse_input(request: Request, error: HookeError) -> JSONResponse:
        image = place.images.peek(str(request.path_params.get("id", "")))
        return refuse(request, api_error(error, None if image is None else image.names))

    @app.exception_handler(OSError)
    def refuse_disk(request: Request, error: OSError) -> JSONResponse:
        _LOG.warning("%s: %s", request.url.path, error)
        return refuse(request, api_error(error))

    @app.exception_handler(RequestValidationError)
    def refuse_values(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part != "body")
        said = f"{where}: {first['msg']}" if where else str(first["msg"])
        return refuse(request, ApiError(422, said, "see /api/openapi.json"))

    @app.exception_handler(HTTPException)
    def refuse_address(request: Request, error: HTTPException) -> JSONResponse:
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["Allow"] = ", ".join(_methods(app, request.url.path)) or headers.get("Allow", "GET")
        said = ApiError(error.status_code, str(error.detail), "see /api/openapi.json", headers)
        return refuse(request, said)

    @app.exception_handler(Exception)
    def report(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": "an error of hooke's own", "remedy": "report it with the server's log"}, 500)


def _methods(app: FastAPI, path: str) -> list[str]:
    """Methods that an address takes, of all its routes together."""
    paths = app.openapi()["paths"]
    items = [paths[path]] if path in paths else [item for known, item in paths.items() if _fits(known, path)]
    return sorted(method.upper() for item in items for method in item)


def _fits(pattern: str, path: str) -> bool:
    """Whether an address has the form of a route."""
    return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), path) is not None


def _is_installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None
