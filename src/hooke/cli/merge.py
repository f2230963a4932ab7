"""`hooke merge` puts the results of several runs, such as the jobs of an array, into one folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hooke.cli.measure import Write
from hooke.cli.progress_bar import progress_bar
from hooke.errors import readable

if TYPE_CHECKING:
    from hooke.classify import Classifier
    from hooke.io.file_runner import Progress
    from hooke.pipeline.result_files import ImageResult

OK, INCOMPLETE = 0, 1


def merge(
    folders: Annotated[
        list[Path],
        typer.Argument(help="What [bold]hooke segment -o[/] wrote; of an array job, the one folder of all its jobs."),
    ],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Folder for all results. Default: the one folder given.")
    ] = None,
    write: Write = "",
    layout: Annotated[Path | None, typer.Option(help="Conditions of the wells of a plate, a csv.")] = None,
    wells: Annotated[str | None, typer.Option(help="How file names hold the well: {well}_{site}_*, or auto.")] = None,
    page: Annotated[bool, typer.Option(help="Write results.html, too.")] = True,
    threads: Annotated[int, typer.Option(help="Threads, to finish large images; 0 takes all cores.")] = 0,
    max_memory: Annotated[str | None, typer.Option(help="Memory to use at most, such as 8G.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
) -> int:
    """Put the results of several runs into one folder, with tables, record and page.

    Shards in the folder move into it; results of other folders are linked or copied, and stay. Large images whose
    blocks were shared are finished.

    [bold]Examples[/]

      hooke segment plate/ -o results/ --shard 3/8

      hooke merge results/

      hooke merge monday/ tuesday/ -o both/
    """
    from hooke.pipeline import merge_results

    with progress_bar("merging", hidden=quiet) as show:

        def progress(at: Progress[ImageResult]) -> None:
            show(round(100 * (at.done + at.share)), 100 * at.total, at.amount or None)

        merged = merge_results(
            folders,
            out,
            write=write,
            layout=layout,
            wells=wells,
            page=page,
            threads=threads,
            max_memory=max_memory,
            load_classifier=_load_classifier,
            command=["hooke", *sys.argv[1:]],
            progress=progress,
        )
    if not quiet:
        typer.echo(f"{merged.objects} objects in {merged.images} image(s); results in {readable(str(merged.out))}")
        for note in merged.notes:
            typer.secho(note, fg="yellow", err=True)
        if merged.failed:
            typer.secho(f"{merged.failed} image(s) failed: see summary.csv", fg="red", err=True)
    return OK if merged.complete and not merged.failed else INCOMPLETE


def _load_classifier(name_or_path: str) -> Classifier:
    from hooke.classify import load_classifier

    return load_classifier(name_or_path)
