"""Rename, ignore or drop the classes of a sample, by rules that the user gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from hooke.datasets.adapter import Sample
from hooke.errors import ConfigError


@dataclass(frozen=True)
class ClassRules:
    """What becomes of each class; one that no rule names stays as it is.

    Attributes
    ----------
    rename : dict of str to str
        Old name to new; several old names with one new name are merged.
    ignore : frozenset of str
        Nuclei of these classes stay in the label image and lose their class, so that no classifier learns from them.
    drop : frozenset of str
        Nuclei of these classes leave the label image: annotations that outline no nucleus.
    """

    rename: dict[str, str] = field(default_factory=dict)
    ignore: frozenset[str] = frozenset()
    drop: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, rename: Sequence[str] = (), ignore: Sequence[str] = (), drop: Sequence[str] = ()) -> ClassRules:
        """Read rules as they are typed, ``OLD=NEW`` and names of classes before they are renamed.

        Raises
        ------
        ConfigError
            If a rename is not such a pair, or a class has two rules.
        """
        pairs = [text.partition("=")[::2] for text in rename]
        for text, (old, new) in zip(rename, pairs, strict=True):
            if not old or not new:
                raise ConfigError(f"{text!r} renames no class", remedy="write OLD=NEW")
        named = [*dict.fromkeys(pairs), *((name, "") for name in [*dict.fromkeys(ignore), *dict.fromkeys(drop)])]
        names = [name for name, _ in named]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ConfigError(f"class {twice!r} has two rules", remedy="rename, ignore or drop it")
        return cls(dict(pairs), frozenset(ignore), frozenset(drop))

    @property
    def named(self) -> set[str]:
        """Every class that a rule is about."""
        return {*self.rename, *self.ignore, *self.drop}

    def renamed(self, name: str) -> str | None:
        """Return the class that a class of the source becomes, or None where its nuclei get none."""
        return None if name in self.ignore or name in self.drop else self.rename.get(name, name)

    def apply(self, sample: Sample) -> Sample:
        """Rename, ignore and drop; ids count from 1 without gaps afterwards.

        Examples
        --------
        >>> sample = Sample(np.zeros((1, 3), np.uint8), np.array([[1, 2, 3]], np.int32), {}, {1: "a", 2: "b", 3: "c"})
        >>> ruled = ClassRules({"a": "A"}, frozenset("c"), frozenset("b")).apply(sample)
        >>> ruled.labels.tolist(), ruled.classes
        ([[1, 0, 2]], {1: 'A'})
        """
        ids = np.arange(1, int(sample.labels.max(initial=0)) + 1)
        kept = [id_ for id_ in ids.tolist() if sample.classes.get(id_) not in self.drop]
        new_id = np.zeros(len(ids) + 1, np.int32)
        new_id[kept] = np.arange(1, len(kept) + 1)
        classes = {
            int(new_id[id_]): new
            for id_ in kept
            if id_ in sample.classes and (new := self.renamed(sample.classes[id_])) is not None
        }
        return replace(sample, labels=new_id[sample.labels], classes=classes)
