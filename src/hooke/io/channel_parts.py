"""Recognises the part of a file's name that says its channel, as microscopes and other programs write it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hooke.io.formats import result_stem

# MetaXpress ends the names of its files in one that is different for each.
_GUID = re.compile(r"_?[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}$")
_WORD = r"[A-Za-z0-9]+"
_DNA = r"dapi|hoechst[ ]?(?:\d{5})?|draq[57]|dna|nuclei|nuclear|nucleus"
_STAINS = (
    rf"{_DNA}|e?gfp|fitc|rfp|yfp|cfp|bfp|m-?cherry|td-?tomato|tritc|rhodamine|texas[ ]?red|tx[ ]?red|cy[2357](?:[.]5)?"
    r"|(?:alexa(?:[ ]?fluor)?|af|a)[ ]?[4-7]\d\d|phalloidin|actin|tubulin|wga|cona|mito(?:tracker)?|er|rna|agp|edu"
    r"|ki[ ]?67|phase|bf|bright[ ]?field|dic|trans|tl|red|green|blue|orange|far[ ]?red"
)
#: A word that is a stain or a kind of light, with what separates it from its neighbours.
STAIN = re.compile(rf"(?:^|(?<=[_\-. ]))(?P<channel>{_STAINS})(?=[_\-. ]|$)", re.IGNORECASE)
_IS_DNA = re.compile(_DNA, re.IGNORECASE)


@dataclass(frozen=True)
class ChannelPart:
    """A way to say the channel in the name of a file.

    Parameters
    ----------
    pattern : re.Pattern
        What is searched in the name (`bare_name`). Its group ``channel`` is the channel. Where it has a group
        ``number``, this says the channel once more: each number goes with one channel. The group ``other`` differs
        between channels of an image, too.
    option : str
        What `hooke.io.channel_files.find_channels` is given to join such files.
    prefix : str
        What is written before the channel, where it is a number alone.
    needs_dna : bool
        Whether one of the channels must be that of the nuclei, as the words may mean something else.
    """

    pattern: re.Pattern[str]
    option: str
    prefix: str = ""
    needs_dna: bool = False

    def read(self, name: str) -> tuple[str, str, str] | None:
        """Read the channel of a file, its number (or empty), and what is the same in all channels' names.

        Examples
        --------
        >>> WAVELENGTH.read("x_A01_s1_w2")
        ('w2', '', 'x_A01_s1_*')
        """
        matches = list(self.pattern.finditer(name))
        if not matches:
            return None
        last = matches[-1]
        groups = last.groupdict()
        rest = name
        for start, end in sorted((last.span(group) for group, text in groups.items() if text), reverse=True):
            rest = f"{rest[:start]}*{rest[end:]}"  # of a number within a channel's name, which is cut first, the place
        return f"{self.prefix}{last['channel'].strip('_- .')}", groups.get("number") or "", rest

    def fits(self, channels: Sequence[str]) -> bool:
        """Whether names are those of channels, where the words alone may mean something else."""
        return not self.needs_dna or any(_IS_DNA.fullmatch(channel) for channel in channels)


def bare_name(path: Path) -> str:
    """Name of a file without its suffix, nor what makes it different from all others.

    Examples
    --------
    >>> bare_name(Path("x_A01_s1_w1051DAA7C-7042-435F-99F0-1E847D9B42CB.tif"))
    'x_A01_s1_w1'
    """
    return _GUID.sub("", result_stem(path))


def part_of_option(option: str) -> ChannelPart:
    """Make one of what a user gives: the part of a name with ``{}`` for the channel."""
    before, after = (re.escape(part) for part in option.split("{}"))
    return ChannelPart(re.compile(f"(?P<channel>{before}{_WORD}{after})", re.IGNORECASE), option)


def _known(pattern: str, option: str = "auto", prefix: str = "") -> ChannelPart:
    return ChannelPart(re.compile(pattern, re.IGNORECASE), option, prefix)


#: MetaXpress and MetaMorph.
WAVELENGTH = _known(r"_(?P<channel>w\d{1,2}(?![0-9]))", "_w{}")
#: Whose files are joined without being asked for, where each image has the same channels.
CERTAIN_PARTS = (
    WAVELENGTH,
    _known(r"_(?P<channel>ch\d{1,2}(?![0-9]))", "_ch{}"),  # Leica, Keyence
    _known(r"-(?P<channel>ch\d{1,2}(?![0-9]))", "-ch{}"),  # Harmony
    _known(r"_(?P<channel>(?P<number>w\d)(?:\d{3}(?!\d)|[A-Za-z][^_]*))(?=_|$)"),  # MetaMorph: w1DAPI, w2488
    _known(r"_T\d+F\d+L\d+(?P<other>A\d+)Z\d+(?P<channel>C\d+)$"),  # CellVoyager
    _known(r"^W\d+F\d+T\d+Z\d+(?P<channel>C\d+)$"),  # CV1000
    _known(r"\(fld \d+ wv (?P<channel>[^()]+?)(?= z \d| time \d|\))"),  # IN Cell
    _known(r"[A-P]\d\df\d+(?P<channel>d\d+)$"),  # ArrayScan, CellInsight, EVOS
    _known(r"^\d{6}-\d+-\d{6}(?P<channel>\d{3})$", prefix="ch"),  # Columbus
    _known(r"^[A-P]\d+_-?\d+_(?P<number>\d+)_\d+_(?P<channel>[A-Za-z].*)_\d+$"),  # Gen5
    _known(r"--Z\d+--T\d+--(?P<channel>.+)$"),  # ScanR
    _known(r"_(?P<channel>Channel.+?)(?=_Seq\d+$)"),  # NIS-Elements
    _known(r"^img_(?P<channel>channel\d+)(?=_position\d+_time\d+_z\d+$)"),  # Micro-Manager
    _known(r"^img_\d{9}_(?P<channel>.+)_\d{3}$"),  # of version 1.4
    _known(r"_(?P<channel>c\d+)(?=_ORG$)"),  # ZEN
    ChannelPart(STAIN, "auto", needs_dna=True),
)
#: What may mean a channel or something else; such files are only joined when asked for.
POSSIBLE_PARTS = (
    _known(r"^(?P<channel>C\d)-(?=.)", "C{}-"),  # ImageJ
    _known(r"_(?P<channel>c\d{1,2}(?![0-9]))", "_c{}"),
    ChannelPart(STAIN, "auto"),
)
