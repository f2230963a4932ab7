"""Parquet files hold what they were given: read back here by the format's definition, and by pyarrow where it is."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pandas as pd
import pytest

from hooke.errors import OutputError
from hooke.io.annotations import parquet_tables
from hooke.io.annotations.parquet_tables import write_parquet_of_csv
from hooke.io.parquet import BOOLEAN, FLOAT, INTEGER, TEXT, write_parquet

TABLE = pd.DataFrame(
    {
        "image": ["a", "=é☃", None],
        "label": [1, -2, 2**40],
        "area": [1.5, np.nan, -np.inf],
        "at_border": [True, False, True],
    }
)
KINDS = {"image": TEXT, "label": INTEGER, "area": FLOAT, "at_border": BOOLEAN}


class Thrift:
    """Reads structs of Thrift's compact protocol as dicts by field number."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def varint(self):
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def number(self):
        value = self.varint()
        return value >> 1 ^ -(value & 1)

    def value(self, kind):
        if kind in (5, 6):
            return self.number()
        if kind == 8:
            size = self.varint()
            self.at += size
            return self.data[self.at - size : self.at]
        if kind == 9:
            head = self.varint() if self.data[self.at] < 0x80 else self.head()
            size, inner = (head >> 4, head & 15) if head < 0xF0 else (self.varint(), head & 15)
            return [self.value(inner) for _ in range(size)]
        assert kind == 12
        return self.struct()

    def head(self):
        self.at += 1
        return self.data[self.at - 1]

    def struct(self):
        found, last = {}, 0
        while head := self.head():
            last += head >> 4
            found[last] = self.value(head & 15)
        return found


def read_back(path):
    """Columns of a file, by the definition of the format."""
    data = path.read_bytes()
    assert data[:4] == data[-4:] == b"PAR1"
    size = struct.unpack("<I", data[-8:-4])[0]
    footer = Thrift(data[-8 - size : -8]).struct()
    names = [part[4].decode() for part in footer[2][1:]]
    columns = {name: [] for name in names}
    for group in footer[4]:
        for name, chunk in zip(names, group[1], strict=True):
            facts = chunk[3]
            head = Thrift(data[facts[9] :])
            about = head.struct()
            start = facts[9] + head.at
            page = zlib.decompress(data[start : start + about[3]], wbits=31)
            assert len(page) == about[2]
            columns[name] += values_of(page, facts[1], facts[5])
    assert all(len(values) == footer[3] for values in columns.values())
    return columns


def values_of(page, kind, count):
    """Values of a page, None where one is missing."""
    size = struct.unpack("<I", page[:4])[0]
    levels, there = Thrift(page[4 : 4 + size]), []
    while levels.at < size:
        length = levels.varint() >> 1
        there += [levels.head()] * length
    assert len(there) == count
    rest, known = page[4 + size :], sum(there)
    if kind == 0:
        values = np.unpackbits(np.frombuffer(rest, np.uint8), bitorder="little")[:known].astype(bool).tolist()
    elif kind == 6:
        values = []
        while rest:
            length = struct.unpack("<I", rest[:4])[0]
            values.append(rest[4 : 4 + length].decode())
            rest = rest[4 + length :]
    else:
        values = np.frombuffer(rest, {2: "<i8", 5: "<f8"}[kind]).tolist()
    assert len(values) == known
    source = iter(values)
    return [next(source) if one else None for one in there]


def plain(table):
    """Columns with None for what is missing."""
    return {name: [None if pd.isna(value) else value for value in table[name]] for name in table}


def test_parts_come_back_as_one_table(tmp_path):
    long = pd.concat([TABLE] * 300, ignore_index=True)
    write_parquet([TABLE, TABLE.iloc[:0], long], tmp_path / "a.parquet", KINDS)
    assert read_back(tmp_path / "a.parquet") == plain(pd.concat([TABLE, long], ignore_index=True))


def test_a_table_of_many_columns_and_one_of_none(tmp_path):
    wide = pd.DataFrame(np.random.default_rng(0).random((5, 40)), columns=[f"c{at}" for at in range(40)])
    write_parquet([wide], tmp_path / "a.parquet", dict.fromkeys(wide, FLOAT))
    assert read_back(tmp_path / "a.parquet") == plain(wide)
    write_parquet([], tmp_path / "b.parquet", KINDS)
    assert read_back(tmp_path / "b.parquet") == {name: [] for name in KINDS}


def test_pyarrow_reads_it(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    write_parquet([TABLE, TABLE], tmp_path / "a.parquet", KINDS)
    read = parquet.read_table(tmp_path / "a.parquet")
    assert [str(kind) for kind in read.schema.types] == ["string", "int64", "double", "bool"]
    assert read.to_pydict() == plain(pd.concat([TABLE, TABLE]))


def test_types_of_a_csv_are_those_of_all_its_parts(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_tables, "_ROWS", 2)
    rows = ["image,n,mixed,flag,late,none,NA"]
    rows += ["'=a,1,1,True,,,1", "NA,2,2,False,,,2", "c,3,x,,0.5,,3", '"d,e",4,4,True,2,,4']
    (tmp_path / "a.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    write_parquet_of_csv(tmp_path / "a.csv", tmp_path / "a.parquet")
    assert read_back(tmp_path / "a.parquet") == {
        "image": ["=a", "NA", "c", "d,e"],
        "n": [1, 2, 3, 4],
        "mixed": ["1", "2", "x", "4"],
        "flag": [True, False, None, True],
        "late": [None, None, 0.5, 2.0],
        "none": [None] * 4,
        "NA": [1, 2, 3, 4],
    }


def test_names_of_digits_stay_texts(tmp_path):
    rows = ["image,label,class,folder,suffix", "001,1,01,2024,.tif", "1E3,2,3,2024,.tif"]
    (tmp_path / "a.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    write_parquet_of_csv(tmp_path / "a.csv", tmp_path / "a.parquet")
    read = read_back(tmp_path / "a.parquet")
    assert (read["image"], read["class"], read["folder"]) == (["001", "1E3"], ["01", "3"], ["2024", "2024"])


def test_a_place_that_can_not_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"a\.parquet: can't be written"):
        write_parquet([TABLE], tmp_path / "file" / "a.parquet", KINDS)
