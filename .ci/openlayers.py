"""Makes the built OpenLayers file of the page of `hooke serve`, and the licences of what is in it, from npm packages.

python .ci/openlayers.py [--check]

With `--check`, the files are compared with those in the repository and nothing is written. npm must be installed.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PAGE = Path(__file__).parents[1] / "src" / "hooke" / "serve" / "page"
#: OpenLayers, and the packages that its built file holds, as its source map names them.
VERSIONS = {"ol": "10.11.0", "earcut": "3.2.4", "pbf": "5.1.2", "quickselect": "3.0.0", "rbush": "4.0.1"}
_MAP_LINE = re.compile(r"\n//# sourceMappingURL=\S+\s*$")


def main() -> int:
    """Write the files, or compare them."""
    with tempfile.TemporaryDirectory() as folder:
        packages = install(Path(folder))
        made = {"ol.js": script(packages), "ol.LICENSES": licences(packages)}
    if "--check" in sys.argv[1:]:
        wrong = [name for name, text in made.items() if (PAGE / name).read_text(encoding="utf-8") != text]
        print(f"other than what npm gives: {', '.join(wrong)}" if wrong else f"OpenLayers {VERSIONS['ol']}: the same")
        return int(bool(wrong))
    for name, text in made.items():
        (PAGE / name).write_text(text, encoding="utf-8", newline="\n")
        print(f"{name}: {len(text.encode()):,} bytes")
    return 0


def install(folder: Path) -> Path:
    """Install the packages without running any script of theirs; give the folder that they are in."""
    names = [f"{name}@{version}" for name, version in VERSIONS.items()]
    subprocess.run(
        ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", *names], cwd=folder, check=True
    )
    return folder / "node_modules"


def script(packages: Path) -> str:
    """The built file, without its last line: the source map that it names is not shipped."""
    return _MAP_LINE.sub("\n", (packages / "ol" / "dist" / "ol.js").read_text(encoding="utf-8"))


def licences(packages: Path) -> str:
    """Licences of OpenLayers and of each package whose code is in the built file."""
    sources = json.loads((packages / "ol" / "dist" / "ol.js.map").read_text(encoding="utf-8"))["sources"]
    bundled = {"ol"} | {
        found[1] for source in sources if (found := re.search(r"node_modules/((?:@[^/]+/)?[^/]+)/", source))
    }
    if bundled != set(VERSIONS):
        raise SystemExit(f"the built file holds {sorted(bundled)}: name them, with versions, in this script")
    texts = []
    for name in ["ol", *sorted(bundled - {"ol"})]:
        [file] = [file for file in (packages / name).iterdir() if file.name.upper().startswith(("LICENSE", "LICENCE"))]
        texts.append(f"{name} {VERSIONS[name]}\n\n{file.read_text(encoding='utf-8').strip()}\n")
    return f"\n{'-' * 72}\n\n".join(texts)


if __name__ == "__main__":
    sys.exit(main())
