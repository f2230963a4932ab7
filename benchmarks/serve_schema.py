"""Sends requests that schemathesis makes of the server's own OpenAPI schema, good and bad ones.

    python benchmarks/serve_schema.py --examples 300 [--command schemathesis] [--seed 0]

Counted as failures: status 500, a status or a body that the schema does not name, wrong values that are taken. The
schema's ids are made to be those of images that are there, so that requests reach what is behind them; deleting has
images of its own. schemathesis is not among hooke's packages: install it into an environment of its own, and name its
program with --command.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import imagecodecs

from hooke.datasets import simulate
from serving.running import Server, running_server

_UNKNOWN = "0123456789abcdef"
# Valid values may be refused for what they mean (an object that is not there); ids of deleted images stay in the list;
# /api/images/local has the form of /api/images/{id}, and takes no more methods than that.
_LEFT_OUT = (
    "positive_data_acceptance,use_after_free,ensure_resource_availability,ignored_auth,missing_required_header,"
    "unsupported_method"
)
# What is sent as a file in a form is text, also where schemathesis meant a number that is to be refused.
_CONFIGURATION = """
[[operations]]
include-name = "POST /api/images"
checks.negative_data_rejection.enabled = false
"""


def make_images(server: Server, count: int) -> list[str]:
    """Upload small images and segment some of them."""
    ids = []
    for seed in range(count):
        content = bytes(imagecodecs.png_encode(simulate((96, 112), seed=seed).image))
        ids.append(server.upload(f"{seed}.png", content).json()["images"][0]["id"])
    job = server.post_json("/api/jobs", {"kind": "segment", "images": ids[: count // 2]}).json()
    while server.send("GET", f"/api/jobs/{job['id']}").json()["state"] in ("waiting", "running"):
        pass
    return [*ids, job["id"]]


def with_ids(schema: dict[str, Any], images: list[str], job: str, lost: list[str]) -> dict[str, Any]:
    """Name ids of images and jobs in place of the pattern of ids."""
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] == "id" and parameter["in"] == "path":
                    known = [job] if "/jobs/" in path else lost if method == "delete" else images
                    parameter["schema"] = {"type": "string", "enum": [*known, _UNKNOWN]}
    edit = schema["components"]["schemas"]["EditRequest"]["properties"]
    edit["plane"]["maximum"] = 1
    edit["ids"]["items"] |= {"minimum": 0, "maximum": 9}
    edit["revision"] |= {"minimum": 0, "maximum": 3}
    # A job that learns takes minutes; tests of the server do it.
    kinds = schema["components"]["schemas"]["JobRequest"]["properties"]["kind"]
    kinds["enum"] = ["segment", "suggest", "track"]
    return schema


def main() -> int:
    """Run schemathesis; its own status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=300, help="requests per route at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--command", default="schemathesis", help="program of schemathesis")
    parser.add_argument("--max-time", type=int, help="seconds that all may take")
    args = parser.parse_args()
    if shutil.which(args.command) is None:
        parser.error("schemathesis is not installed; see --help")
    with running_server("--max-jobs", "20") as server, tempfile.TemporaryDirectory() as folder:
        *images, job = make_images(server, 8)
        schema = with_ids(server.send("GET", "/api/openapi.json").json(), images[:-3], job, images[-3:])
        path = Path(folder) / "openapi.json"
        path.write_text(json.dumps(schema), encoding="utf-8")
        (Path(folder) / "schemathesis.toml").write_text(_CONFIGURATION, encoding="utf-8")
        command = [
            args.command, "run", str(path), "--url", server.address, "--max-examples", str(args.examples),
            "--seed", str(args.seed), "--exclude-checks", _LEFT_OUT, "--continue-on-failure",
            "--request-timeout", "60", "--suppress-health-check", "all",
        ]  # fmt: skip
        if args.max_time is not None:
            command += ["--max-time", str(args.max_time)]
        status = subprocess.run(command, cwd=folder).returncode
        if server.process.poll() is not None:
            print("the server ended")
            return 1
    return status


if __name__ == "__main__":
    sys.exit(main())
