"""Ranks channel names by how clearly they state that the channel shows nuclei.

A dye that binds DNA is the clearest sign, a tagged histone or a name such as "nuclei" the next. Names of proteins that
only contain such a word (nucleolin, nucleoporin, histone deacetylase) are not evidence, nor are names that say that a
stain is absent.
"""

from __future__ import annotations

import re
from typing import Final

#: Ranks that `nuclear_evidence` gives; 0 is a name that says nothing.
DNA_DYE: Final = 3
NUCLEAR_MARKER: Final = 2
EXCITATION: Final = 1

_SEPARATORS = re.compile(r"[^0-9a-zµ]+")
_PROTEIN = re.compile(
    r"nucleol|nucleop|nucleot|nucleos|nucleoc|nucleof|nucleas|perinucl|binucl|multinucl|polynucl|mononucl|cytonucl"
    r"|(nuclear|nucleus|nuclei|nuc) ?(pore|envelope|membrane|lamin|speckle|factor|receptor|import|export|antigen|matrix"
    r"|body|bodies|foci|transport|protein)|non nuclear|nuclear free"
    r"|acetyl|methyl|kinase|chaperon|phospho|h2ax|h3k|h3s|h4k|\bph3\b"
    r"|mtdna|mitochondrial|\bdna (pk|pol|lig|dam|bind|rep|helic|topo|frag|paint|fish|probe|origami|aptamer)|hybrid"
    # The stain is said to be absent, or its light to be another's.
    r"|\b(no|non|not|without|w o|minus|neg|negative|excluded|unstained|empty|blank|bleed ?through|crosstalk|leak\w*)\b"
    r"|\bbackground\b(?! (sub|corr|rem))|auto ?fluor"
)
_DNA_DYE = re.compile(
    r"dapi|hoech?st|\bh ?33342|\b33342\b|\b33258\b|bisbenzimid|draq ?[57]?|\bsyto ?(?!14\b)\d|sytox|\bsybr|to ?pro\b"
    r"|to ?pro ?[13]|toto ?[13]|yoyo ?1|propidium|ethidium|\b7 ?aad\b|picogreen|dyecycle|sir ?dna|spy ?\d* ?dna"
    r"|nucblue|nucred|nucspot|nuclearmask|methyl green|ha?ematoxylin|feulgen|iridium"
    r"|\bir ?19[13]|\b19[13] ?ir|\bdna ?\d*\b"
)
_MARKER = re.compile(
    # SYTO 14 shows RNA, above all in nucleoli, beside a DNA dye (Cell Painting).
    r"\bsyto ?14\b|h2b|\bhistone|\bh3\b|\bnls|nuclei|nucleus|nuclear|\bnucl?\b|\bnuc ?\d|^nuc|nuclight"
    r"|\bkern(e|marker)?\b"
)
_EXCITATION = re.compile(
    r"\b(ex|em|laser|led|cw|channel|ch)? ?(405|385|358) ?(nm|nanometer)?\b|\bblue\b|\buv\b|\bt?bfp\d?\b"
)


def nuclear_evidence(name: str) -> int:
    """Rank a channel's name.

    Returns
    -------
    int
        `DNA_DYE`, `NUCLEAR_MARKER`, `EXCITATION` (light that excites the commonest DNA dyes) or 0.

    Examples
    --------
    >>> [nuclear_evidence(name) for name in ("191Ir_DNA1", "H2B-mCherry", "405 nm", "Nucleolin", "CD3")]
    [3, 2, 1, 0, 0]
    """
    words = _SEPARATORS.sub(" ", name.casefold()).strip()
    if "methyl green" not in words and _PROTEIN.search(words):
        return 0
    for rank, pattern in ((DNA_DYE, _DNA_DYE), (NUCLEAR_MARKER, _MARKER), (EXCITATION, _EXCITATION)):
        if pattern.search(words):
            return rank
    return 0
