import numpy as np
import pytest

from hooke.errors import ConfigError
from hooke.image import Image
from hooke.preprocess import find_channel
from hooke.preprocess.channel_names import DNA_DYE, EXCITATION, NUCLEAR_MARKER, nuclear_evidence

DYES = """DAPI|dapi_0|DAPI (405 nm)|Hoechst 33342|Hoechst33342|HOECHST|DNA|DNA1|DNA_2|191Ir|193Ir|Ir(193)|Ir191Di
|191Ir_DNA1|SYTO 13|SYTO-13|Syto 140|SYTOX Green|DRAQ5|DRAQ7|SiR-DNA|SPY555-DNA|TO-PRO-3|Propidium iodide|7-AAD
|NucBlue|Hematoxylin|DAPI background subtracted|DNA content"""
MARKERS = (
    "SYTO 14|H2B|H2B-GFP|mCherry-H2B|Histone H3|HistoneH3|NLS-mCherry|nuclei|Nuclear|nucleus|Nuc|nuc_1|NucLight Red"
)
LIGHT = "405|405 nm|405nm|Ex405|blue|BFP"
NONE = """Nucleolin|Histone deacetylase 1|nucleoporin 98|NPM1 nucleophosmin|nuclear envelope|Nuclear pore|perinuclear
|mtDNA|DNA-PK|DNA polymerase|DNAJB1|gamma-H2AX|H3K27me3|phospho-H3|CD3|GFP|actin|tubulin|488|561 nm|Alexa 647|NF-kB|
|RNA-DNA hybrid|RNA:DNA hybrids|DNA-PAINT|DNA-FISH|Draq-negative|DAPI neg|no DAPI|w/o Hoechst|unstained (DAPI)
|DAPI blank|DAPI bleed-through|DAPI background|nuclei excluded|blue autofluorescence"""


@pytest.mark.parametrize(
    ("names", "rank"), [(DYES, DNA_DYE), (MARKERS, NUCLEAR_MARKER), (LIGHT, EXCITATION), (NONE, 0)]
)
def test_names_are_ranked_by_what_they_say_of_nuclei(names, rank):
    assert {name.strip(): nuclear_evidence(name.strip()) for name in names.split("|")} == {
        name.strip(): rank for name in names.split("|")
    }


@pytest.mark.parametrize("channel", [2, "DAPI"])
def test_an_image_of_one_channel_offers_that_one(channel):
    with pytest.raises(ConfigError, match=r"so there is no channel .*; choose 0, its only one"):
        find_channel(Image(np.zeros((4, 4), np.uint8)), channel)
