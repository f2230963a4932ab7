"""Lists what is installed in this interpreter's environment in a version that constraints.txt does not pin.

python .ci/pins.py constraints.txt
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import distributions
from pathlib import Path

# pip and setuptools come with a new environment; hooke-cells is what is installed.
BROUGHT_ALONG = {"pip", "setuptools", "hooke-cells"}


def unpinned(constraints: str, installed: dict[str, str]) -> list[str]:
    """Installed packages, as ``name==version``, that no line of the constraints pins to that version.

    Parameters
    ----------
    constraints : str
        The file's text.
    installed : dict of str to str
        Version of each package.
    """
    pinned = {same_name(line.split("#")[0].strip()) for line in constraints.splitlines()}
    found = {
        same_name(f"{name}=={version}") for name, version in installed.items() if same_name(name) not in BROUGHT_ALONG
    }
    return sorted(found - pinned)


def same_name(requirement: str) -> str:
    """Write a package's name as the package index compares it, and leave its version alone."""
    name, equals, version = requirement.partition("==")
    return re.sub(r"[-_.]+", "-", name).lower() + equals + version


if __name__ == "__main__":
    loose = unpinned(
        Path(sys.argv[1]).read_text(encoding="utf-8"), {one.metadata["Name"]: one.version for one in distributions()}
    )
    if loose:
        sys.exit(f"installed, but not pinned in {sys.argv[1]}: {', '.join(loose)}")
