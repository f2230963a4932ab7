"""`hooke serve` opens a local page on which images are segmented, corrected and learnt from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def serve(
    folder: Annotated[
        Path | None,
        typer.Option(help="Folder for uploads, results and models. Default: .hooke/serve in the home folder."),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; another than 127.0.0.1 lets other machines in, with a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.")] = 8642,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="HOOKE_TOKEN",
            help="What clients have to show, 16 characters or more. Default: made up where one is needed.",
        ),
    ] = None,
    allow_hosts: Annotated[
        list[str] | None,
        typer.Option("--allow-host", help="A further name under which browsers reach the server; may be repeated."),
    ] = None,
    allow_paths: Annotated[
        bool,
        typer.Option("--allow-paths", help="Let the page open files of this machine by their path, without a copy."),
    ] = False,
    max_upload: Annotated[str, typer.Option(help="Largest upload, such as 500M.")] = "2G",
    max_pixels: Annotated[int, typer.Option(help="Most pixels of an image, all planes together.")] = 1_000_000_000,
    max_jobs: Annotated[int, typer.Option(help="Most jobs that wait or run.")] = 100,
    threads: Annotated[int, typer.Option(help="Threads; 0 takes all cores.")] = 0,
    keep_days: Annotated[
        float,
        typer.Option(help="Days after its last use that an image is removed from the work folder. 0: kept for good."),
    ] = 90.0,
    max_folder: Annotated[
        str, typer.Option(help="Most bytes of all images of the work folder; those used least lately go. 0: any.")
    ] = "50G",
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = False,
) -> int:
    r"""Open a page to segment, correct and teach; and an interface for programs.

    Nothing leaves this machine, and nothing is loaded from elsewhere. All is kept in the work folder, so that a restart
    finds it again; images that are not used for 90 days are removed, unless they are corrected, or edited and not
    downloaded since.

    Needs the serve extra: [bold]pip install '.\[serve]'[/] in a copy of hooke's repository.

    [bold]Examples[/]

      hooke serve --browser

      hooke serve --folder work/ --allow-paths

      hooke serve --host 0.0.0.0 --port 9000
    """
    from hooke.serve import ServeOptions
    from hooke.serve import serve as serve_until_stopped

    options = ServeOptions(
        folder=folder,
        host=host,
        port=port,
        token=token,
        allow_hosts=tuple(allow_hosts or ()),
        allow_paths=allow_paths,
        max_upload=max_upload,
        max_pixels=max_pixels,
        max_jobs=max_jobs,
        threads=threads,
        keep_days=keep_days,
        max_folder=max_folder,
    )
    serve_until_stopped(options, say=typer.echo, browser=browser)
    return 0
