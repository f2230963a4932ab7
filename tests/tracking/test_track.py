"""Tracks of small sequences worked out by hand, and of simulated ones with their truth."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
import tifffile
from hypothesis import example, given, settings
from hypothesis import strategies as st

pytest.importorskip("laptrack")

import hooke
from hooke.datasets import SequenceSettings, StackSettings, simulate, simulate_sequence, simulate_stack
from hooke.errors import ConfigError, DatasetError
from hooke.io import write_png
from hooke.pipeline import SegmentOptions, segment_folder
from hooke.tracking import TrackOptions
from hooke.tracking.frame_numbers import missing_frames, mixed_sequences
from hooke.tracking.sources import find_sequences
from tests.cases import cases
from tests.tracking.builders import links_of, squares

FEW = [1, 2, 3, 4]  # objects that stand around, so that medians are theirs


def around(frames: int, side: int = 8, size: int = 64) -> list[dict[int, tuple[float, float, int]]]:
    """Four objects in the corners that hardly move, in every frame."""
    low, high = side, size - side
    corners = dict(zip(FEW, [(low, low), (low, high), (high, low), (high, high)], strict=True))
    return [{label: (y + t % 2, x, side) for label, (y, x) in corners.items()} for t in range(frames)]


def test_ids_persist_though_labels_change():
    frames = squares(
        [{1: (20, 10, 8), 2: (40, 50, 8)}, {2: (20, 12, 8), 1: (40, 48, 8)}, {9: (20, 14, 8), 7: (40, 46, 8)}]
    )
    tracks = hooke.track(frames)
    assert links_of(tracks) == [[1, 2, 9], [2, 1, 7]]
    assert [sorted(np.unique(plane)) for plane in tracks.labels] == [[0, 1, 2]] * 3
    assert tracks.table["displacement"].dropna().tolist() == [2.0] * 4
    assert tracks.lineage.values.tolist() == [[1, 0, 2, 3, 0, 0, 0], [2, 0, 2, 3, 0, 0, 0]]
    assert repr(tracks).startswith("<Tracks: 2 tracks, 3 frames, 0 divisions")


@pytest.mark.parametrize("case", cases("more than 65535 ids"), ids=str)
def test_the_same_image_twice_gives_each_object_one_track(case):
    tracks = hooke.track(np.stack([case.truth, case.truth]), options=TrackOptions(repair=False))
    assert tracks.count == len(case.true_areas)
    assert all(
        labels == [label] * 2 for label, labels in zip(sorted(case.true_areas), sorted(links_of(tracks)), strict=True)
    )


@pytest.mark.parametrize("case", cases("more than 65535 ids"), ids=str)
def test_every_object_of_every_frame_has_one_row_and_its_pixels(case):
    stack = np.stack([case.pred, case.truth, case.pred])
    tracks = hooke.track(stack, options=TrackOptions(repair=False))
    assert len(tracks.table) == 2 * len(case.pred_areas) + len(case.true_areas)
    assert not tracks.table.duplicated(["track", "frame"]).any()
    for row in tracks.table.itertuples():
        assert ((tracks.labels[row.frame] == row.track) == (stack[row.frame] == row.label)).all()


def test_a_division_ends_the_mother_and_begins_two_daughters():
    frames = around(4)
    for t in (0, 1):
        frames[t][5] = (32, 32, 12)
    for t in (2, 3):
        frames[t] |= {6: (32, 28, 8), 7: (32, 37, 9)}
    tracks = hooke.track(squares(frames))
    assert tracks.divisions[["begins", "ends", "parent", "generation"]].values.tolist() == [[2, 3, 5, 1]] * 2
    assert tracks.lineage["ends"].tolist()[4] == 1
    alone = hooke.track(squares(frames), options=TrackOptions(divisions=False))
    assert alone.divisions.empty


def test_what_appears_beside_an_object_is_not_its_daughter():
    frames = around(4)
    for t in range(4):
        frames[t][5] = (32, 28, 8)
    for t in (2, 3):
        frames[t][6] = (32, 40, 8)  # as large, while the first does not shrink
    assert hooke.track(squares(frames)).divisions.empty


@pytest.mark.parametrize("others", [0, 12])
def test_daughters_lie_no_farther_apart_than_the_other_divisions_show(others):
    frames = []
    for t in range(4):
        objects = {}
        for index in range(16):
            y, x = 32 + 64 * (index // 4), 32 + 64 * (index % 4)
            # The last one divides to 20 pixels apart, the others to 8.
            apart = 20 if index == 15 else 8 if index < others else 0
            if t < 2 or not apart:
                objects[index + 1] = (y, x, 12)
            else:
                objects |= {index + 1: (y, x - apart // 2, 8), index + 101: (y, x + apart // 2, 8)}
        frames.append(objects)
    divisions = hooke.track(squares(frames, (256, 256)), options=TrackOptions(max_distance=12)).divisions
    assert len(divisions) == (2 * others or 2)


@pytest.mark.parametrize("missing", [1, 2, 3])
def test_a_gap_is_closed_up_to_its_limit_and_filled_on_request(missing):
    frames = around(missing + 4)
    for t in range(missing + 4):
        if not 2 <= t < 2 + missing:
            frames[t][5] = (32, 28 + t, 8)
    stack = squares(frames)
    tracks = hooke.track(stack)
    assert tracks.count == (5 if missing <= 2 else 6)
    assert hooke.track(stack, options=TrackOptions(max_gap=3)).count == 5
    filled = hooke.track(stack, options=TrackOptions(max_gap=3, fill_gaps=True))
    drawn = filled.table[filled.table["repaired"] == "filled"]
    assert drawn["frame"].tolist() == list(range(2, 2 + missing))
    assert drawn["label"].tolist() == [0] * missing
    assert drawn["centroid_x"].tolist() == pytest.approx([27.5 + t for t in range(2, 2 + missing)], abs=0.6)
    assert drawn["area"].tolist() == pytest.approx([64] * missing, abs=6)
    for frame in drawn["frame"]:
        assert (filled.labels[frame] == drawn["track"].iloc[0]).sum() == drawn["area"].iloc[0]


def test_frames_are_counted_from_the_end_too():
    frames = around(4)
    frames[2].pop(4)
    tracks = hooke.track(squares(frames), options=TrackOptions(fill_gaps=True))
    for index in (-1, -2):
        assert tracks.frame(index).any()
        assert (tracks.frame(index) == tracks.labels[index]).all()
        assert (tracks.planes[index] == tracks.planes[index + 4]).all()
    with pytest.raises(IndexError):
        tracks.frame(4)


def test_objects_found_as_one_for_a_frame_are_split_by_their_outlines():
    frames = around(5)
    for t in range(5):
        frames[t] |= {5: (32, 28, 8), 6: (32, 38, 8)}
    stack = squares(frames)
    stack[2][stack[2] == 6] = 5
    stack[2, 28:36, 32:34] = 5  # what joins them
    tracks = hooke.track(stack)
    assert tracks.count == 6
    assert tracks.table.loc[tracks.table["repaired"] == "split", "label"].tolist() == [5, 5]
    parts = tracks.table[tracks.table["repaired"] == "split"]
    assert parts["area"].tolist() == [72, 72]
    assert parts["centroid_x"].tolist() == [28.0, 37.0]
    assert hooke.track(stack, options=TrackOptions(repair=False)).table["repaired"].eq("").all()


def test_an_object_found_in_two_pieces_for_a_frame_is_joined():
    frames = around(5)
    for t in range(5):
        frames[t][5] = (32, 32, 12)
    stack = squares(frames)
    stack[2, 26:38, 33:38] = 6
    tracks = hooke.track(stack)
    assert tracks.count == 5
    assert tracks.table.loc[tracks.table["repaired"] == "joined", ["frame", "area"]].values.tolist() == [[2, 144]]


def test_a_part_that_stays_is_no_repair():
    frames = around(5)
    for t in range(5):
        frames[t][5] = (32, 32, 12)
    stack = squares(frames)
    stack[2:, 26:38, 32:38] = 6
    tracks = hooke.track(stack)
    assert tracks.table["repaired"].eq("").all()
    assert len(tracks.divisions) == 2


def test_merging_is_off_unless_wanted():
    frames = around(4)
    for t in (0, 1):
        frames[t] |= {5: (32, 28, 8), 6: (32, 37, 8)}
    for t in (2, 3):
        frames[t][7] = (32, 32, 11)
    stack = squares(frames)
    assert hooke.track(stack).lineage["merges_into"].eq(0).all()
    tracks = hooke.track(stack, options=TrackOptions(merging=True))
    fused = tracks.lineage[tracks.lineage["merges_into"] > 0]
    assert fused["ends"].tolist() == [1]
    graph = tracks.graph()
    into = (2, int(fused["merges_into"].iloc[0]))
    assert graph.in_degree(into) == 2


def test_short_tracks_are_left_out_and_the_others_numbered_again():
    frames = around(4)
    frames[1] = {9: (32, 32, 8)} | frames[1]
    stack = squares(frames)
    assert hooke.track(stack).count == 5
    tracks = hooke.track(stack, options=TrackOptions(min_length=2))
    assert tracks.lineage["track"].tolist() == [1, 2, 3, 4]
    assert sorted(np.unique(tracks.labels)) == [0, 1, 2, 3, 4]


def test_the_drift_of_the_field_is_taken_out():
    rng = np.random.default_rng(3)
    places = [(y, x) for y in range(12, 110, 14) for x in range(12, 110, 14)]
    chosen = [places[index] for index in rng.permutation(len(places))[:30]]
    frames = [{label: (y + 12 * t, x - 11 * t, 8) for label, (y, x) in enumerate(chosen, 1)} for t in range(3)]
    stack = squares([{k: (y + 10, x + 28, s) for k, (y, x, s) in frame.items()} for frame in frames], (160, 160))
    tracks = hooke.track(stack)
    assert tracks.drift == pytest.approx(np.array([[12, -11]] * 2), abs=0.6)
    assert all(len(set(labels)) == 1 for labels in links_of(tracks))
    without = hooke.track(stack, options=TrackOptions(drift=False))
    assert (without.drift == 0).all()
    assert any(len(set(labels)) > 1 for labels in links_of(without))


@pytest.mark.parametrize("empty", [[0], [2], [4], [1, 2], [0, 1, 2, 3, 4]])
def test_frames_without_objects_are_frames(empty):
    frames = around(5)
    for t in empty:
        frames[t] = {}
    tracks = hooke.track(squares(frames))
    assert tracks.count == (0 if len(empty) == 5 else 4)
    assert f"{len(empty)} of 5 frames are without objects" in tracks.notes[0]
    assert tracks.labels.shape == (5, 64, 64)


def test_one_frame_is_a_sequence():
    tracks = hooke.track(squares(around(1)))
    assert tracks.count == 4
    assert tracks.notes[0].startswith("one frame")


def test_binary_masks_are_refused():
    masks = squares(around(3)) > 0
    with pytest.raises(ConfigError, match=r"one value for all objects: binary masks.*hooke convert"):
        hooke.track(masks)
    assert hooke.track(squares([{1: (20, 20 + t, 8)} for t in range(3)])).count == 1


def test_labels_that_are_tracked_already_are_noted():
    moving = [{label: (y, x + t, s) for label, (y, x, s) in frame.items()} for t, frame in enumerate(around(3))]
    assert "tracked already" in hooke.track(squares(moving)).notes[-1]


@pytest.mark.slow
def test_more_than_65535_tracks():
    case = next(case for case in cases() if case.name == "more than 65535 ids")
    tracks = hooke.track(np.stack([case.truth, case.truth]), options=TrackOptions(drift=False))
    assert tracks.count == 67_500
    assert tracks.labels.max() == 67_500


def test_classes_and_scores_come_along_and_keep_apart():
    # Two that change places; only their class tells which is which.
    frames = squares([{1: (32, 29, 6), 2: (32, 36, 6)}, {1: (32, 30, 6), 2: (32, 37, 6)}], (64, 64))
    objects = pd.DataFrame({"frame": [0, 0, 1, 1], "label": [1, 2, 1, 2], "class": ["a", "b", "a", "b"], "score": 0.5})
    tracks = hooke.track(frames, objects=objects)
    assert tracks.table["class"].tolist() == ["a", "a", "b", "b"]
    assert tracks.table["score"].tolist() == [0.5] * 4


def test_micrometres_and_seconds():
    frames = squares([{1: (20, 10, 8)}, {1: (23, 14, 8)}])
    tracks = hooke.track(frames, pixel_size_um=(0.5, 2.0), time_step_s=10)
    last = tracks.table.iloc[1]
    assert last["displacement_um"] == pytest.approx(np.hypot(1.5, 8))
    assert last["speed_um_s"] == pytest.approx(np.hypot(1.5, 8) / 10)
    assert (last["time_s"], last["area_um2"], last["displacement"], last["speed"]) == (10, 64, 5, 5)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.zeros((4, 4), int), r"shape \(4, 4\)"),
        (np.zeros((0, 4, 4), int), "no frame"),
        ([np.zeros((4, 4), int), np.zeros((4, 5), int)], r"frame 1 has the shape \(4, 5\)"),
        (np.zeros((2, 4, 4)), "holds float64"),
        (np.full((2, 4, 4), -1), "label -1"),
        ("frames", "not frames"),
    ],
)
def test_what_is_not_a_sequence_is_refused(labels, message):
    with pytest.raises(ConfigError, match=message):
        hooke.track(labels)


@pytest.mark.parametrize("options", [{"max_distance": 0}, {"max_gap": -1}, {"min_length": 0}])
def test_options_out_of_range_are_refused(options):
    with pytest.raises(ConfigError, match=next(iter(options))):
        TrackOptions(**options)


def test_images_and_tables_that_do_not_fit_are_refused():
    frames = squares(around(2))
    with pytest.raises(ConfigError, match="3 images for 2"):
        hooke.track(frames, np.zeros((3, 64, 64)))
    with pytest.raises(ConfigError, match="no column 'frame'"):
        hooke.track(frames, objects=pd.DataFrame({"label": [1]}))


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
@example(7089, False)  # where two parts of a split meet, pixels are as near to both
@example(80, False)
def test_numbers_of_labels_change_nothing(seed, fill):
    """However the labels of a frame are numbered, tracks hold the same pixels."""
    made = simulate_sequence(SequenceSettings(frames=5, shape=(96, 96), cycle=10), seed=seed)
    rng = np.random.default_rng(seed)
    again = made.found.copy()
    for plane in again:
        ids = np.unique(plane[plane > 0])
        number = np.zeros(int(plane.max(initial=0)) + 1, np.int32)
        number[ids] = rng.permutation(ids)
        plane[...] = number[plane]
    first, second = (hooke.track(stack, options=TrackOptions(fill_gaps=fill)) for stack in (made.found, again))
    assert pixels_of(first.labels) == pixels_of(second.labels)


@pytest.mark.parametrize("by_kind", [False, True])
def test_whether_shapes_count_does_not_depend_on_the_numbers_of_labels(by_kind):
    """Lying and standing bars in turn; numbered in turn, or all lying ones first."""
    places = [(row, column) for row in range(4) for column in range(4)]
    kinds = [sum(place) % 2 for place in places]
    order = np.argsort(kinds, kind="stable") if by_kind else np.arange(len(places))
    frames = np.zeros((4, 140, 140), np.int32)
    for number, index in enumerate(order.tolist(), start=1):
        (row, column), kind = places[index], kinds[index]
        for frame in range(4):
            y, x = 15 + 30 * row, 15 + 30 * column + 3 * (frame % 2) * (1 - 2 * (row % 2))
            half = (2, 6 + frame % 2) if kind else (6 + frame % 2, 2)
            frames[frame, y - half[0] : y + half[0], x - half[1] : x + half[1]] = number
    assert hooke.track(frames).parameters.shape_spread > 0


def pixels_of(labels):
    flat = labels.reshape(-1)
    return {tuple(np.flatnonzero(flat == track)) for track in np.unique(flat[flat > 0])}


def test_a_simulated_sequence_is_followed():
    made = simulate_sequence(SequenceSettings(frames=12, displacement=0.2, missed=0, merged=0, cycle=15), seed=5)
    tracks = hooke.track(made.found)
    frame, place = tracks.table["frame"].to_numpy(), tracks.table[["centroid_y", "centroid_x"]].to_numpy().round()
    true = made.truth[frame, place[:, 0].astype(int), place[:, 1].astype(int)]
    assert (true > 0).mean() > 0.99
    ids = pd.Series(true).groupby(tracks.table["track"]).nunique()
    assert (ids == 1).mean() > 0.95
    number = tracks.table["track"].to_numpy()
    found = {
        (int(true[number == track][0]), int(true[number == parent][-1]))
        for track, parent in tracks.divisions[["track", "parent"]].values.tolist()
    }
    mothers = list(made.parents.values())
    both = {(daughter, mother) for daughter, mother in made.parents.items() if mothers.count(mother) == 2}
    assert len(both) > 40
    assert len(found & both) >= 0.9 * len(both)


def test_an_object_missing_in_the_last_frame_alone_is_drawn_where_it_was():
    frames = squares([*({9: (32, 32, 8)} | objects for objects in around(5)[:4]), around(5)[4]])
    filled = hooke.track(frames, options=TrackOptions(fill_gaps=True))
    lengths = filled.lineage["frames"].tolist()
    assert lengths.count(5) == len(lengths)
    assert filled.table["repaired"].tolist().count("filled") == 1
    assert hooke.track(frames).lineage["frames"].min() == 4
    # What was seen near the edge may have left.
    at_edge = squares([*({9: (32, 6, 8)} | objects for objects in around(5)[:4]), around(5)[4]])
    assert hooke.track(at_edge, options=TrackOptions(fill_gaps=True)).lineage["frames"].min() == 4


def test_between_rings_of_two_sizes_the_nearer_one_is_drawn():
    rows, columns = np.mgrid[:64, :64]
    far = np.hypot(rows - 32, columns - 32)
    stack = squares(around(5))
    for frame, inner in enumerate((10, 10, None, 14, 14)):  # such as cytoplasm around a nucleus
        if inner is not None:
            stack[frame][(far > inner) & (far <= inner + 2)] = 9
    tracks = hooke.track(stack, options=TrackOptions(fill_gaps=True))
    (drawn,) = tracks.table[tracks.table["repaired"] == "filled"].to_dict("records")
    assert (drawn["frame"], drawn["area"]) == (2, np.count_nonzero(stack[3] == 9))


@pytest.mark.parametrize(("longest", "said"), [(2, False), (3, True)])
def test_frames_without_objects_that_are_too_many_to_close_are_told(longest, said):
    frames = around(8)
    for t in range(longest):
        frames[3 + t] = {}
    notes = " ".join(hooke.track(squares(frames)).notes)
    assert ("--max-gap 3" in notes) == said


def test_label_stacks_that_are_numbered_plane_by_plane_are_noted():
    stack = np.zeros((2, 3, 32, 32), np.int32)
    stack[:, :, 4:10, 4:10], stack[:, :, 20:26, 20:26] = 1, 2
    assert "labelled each by itself" not in " ".join(hooke.track(stack).notes)
    stack[:, 1] = np.where(stack[:, 1] > 0, 3 - stack[:, 1], 0)
    assert "100 % of the voxels" in " ".join(hooke.track(stack).notes)


def test_the_graph_is_written_as_geff_where_it_is_installed(tmp_path):
    geff = pytest.importorskip("geff")
    tracks = hooke.track(simulate_sequence(SequenceSettings(frames=6, shape=(128, 128), cycle=10), seed=1).found)
    tracks.save(tmp_path, movie=False)
    graph, _ = geff.read(tmp_path / "tracks.geff")
    own = tracks.graph()
    assert (len(graph.nodes), len(graph.edges)) == (len(own.nodes), len(own.edges))
    places = {(data["t"], data["track"]): (data["y"], data["x"]) for _, data in graph.nodes(data=True)}
    assert places == {node: (data["y"], data["x"]) for node, data in own.nodes(data=True)}
    tracks.save(tmp_path, movie=False)  # again, over the first


def test_without_geff_there_is_no_graph(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    hooke.track(squares([{1: (20, 10, 8)}] * 2)).save(tmp_path, movie=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "ctc", "labels.tif", "lineage.csv", "tracks.csv", "tracks.html", "tracks.json",
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("anisotropy", [1.0, 4.0])
def test_objects_in_3d_are_followed(anisotropy):
    settings = StackSettings(shape=(40, 128, 128), anisotropy=anisotropy, times=5, displacement=0.3, density=0.1)
    made = simulate_stack(settings, seed=1)
    rng = np.random.default_rng(0)
    mixed = np.stack([np.append(0, rng.permutation(made.count) + 1)[frame] for frame in made.labels])
    tracks = hooke.track(mixed, pixel_size_um=0.5, z_step_um=0.5 * anisotropy, options=TrackOptions(divisions=False))
    pairs = {(int(a), int(b)) for a, b in zip(made.labels.ravel(), tracks.labels.ravel(), strict=True) if a}
    # Steps of true objects, and those that the tracks have too.
    seen = [set(np.unique(frame[frame > 0]).tolist()) for frame in made.labels]
    steps = sum(len(here & there) for here, there in itertools.pairwise(seen))
    broken = len(pairs) - made.count
    assert broken <= 0.03 * steps
    assert tracks.table["displacement"].max() <= 0.3 * 22 + 1
    assert np.isclose(tracks.table["displacement_um"], tracks.table["displacement"] / 2, equal_nan=True).all()


def test_images_of_results_are_found_from_another_folder(tmp_path, monkeypatch):
    (tmp_path / "film").mkdir()
    for frame in range(3):
        pixels = simulate((96, 96), seed=5, diameter=20, density=0.15).image
        write_png(tmp_path / "film" / f"t{frame}.png", np.roll(pixels, frame, axis=1))
    monkeypatch.chdir(tmp_path)
    segment_folder(["film"], "out", SegmentOptions(threads=1))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    (found,) = find_sequences(["../out"])
    assert found.images is not None and len(found.images) == 3


def test_files_that_a_shell_names_one_by_one_are_frames_in_their_order(tmp_path):
    for frame in range(11):
        labels = squares([{1: (20, 10 + 4 * frame, 8)}])[0]
        tifffile.imwrite(tmp_path / f"t{frame}.tif", labels.astype(np.uint16))
    (found,) = find_sequences(sorted(tmp_path.glob("*.tif")))  # as a shell sorts: t0, t1, t10, t2, ...
    assert found.name == tmp_path.name
    lefts = [int(np.nonzero(plane.any(axis=0))[0][0]) for plane in found.labels]
    assert lefts == sorted(lefts) and len(lefts) == 11


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["t0", "t1", "t3"], "frame 2 is missing between t1 and t3"),
        (["a1_t00", "a1_t05", "a1_t20"], "2 frames (10, 15) are missing between a1_t05 and a1_t20"),
        (["1", "2", "5", "6", "8"], "3 frames (3, 4, 7) are missing: "),
        (["t1", "t2", "t1700000000"], "1699999997 frames (3, 4, 5, 6, 7 …) are missing"),
        (["t8", "t9", "t10"], ""),
        (["0s", "59s", "121s"], ""),  # seconds that count no frames
        (["B02_t1", "B03_t3", "B04_t4"], ""),
        (["a_t1", "b_t2", "c_t4"], ""),
        (["t1", "t01", "t3"], ""),
        (["only"], ""),
    ],
)
def test_missing_frames_are_told_by_the_names_of_files(names, says):
    assert "".join(missing_frames(names)).startswith(says)
    assert bool(missing_frames(names)) == bool(says)


def test_one_frame_of_another_size_is_named(tmp_path):
    for frame, height in enumerate((64, 64, 50)):
        tifffile.imwrite(tmp_path / f"t{frame}.tif", np.ones((height, 64), np.uint16))
    with pytest.raises(DatasetError, match=r"t2\.tif: is \(50, 64\) pixels, and t0\.tif \(64, 64\)"):
        find_sequences(sorted(tmp_path.glob("*.tif")))


@pytest.mark.parametrize(
    ("names", "several"),
    [
        (["t0.tif", "t1.tif", "t2.tif"], False),
        (["t0.tif", "t1.tif", "t3.tif"], False),
        (["a.tif", "b.tif"], False),
        (["one.tif"], False),
        (["2026-11-30_12-00.tif", "2026-11-30_12-30.tif", "2026-11-30_13-00.tif", "2026-11-30_13-30.tif"], False),
        (["A01_t0.tif", "A01_t1.tif", "B01_t0.tif", "B01_t1.tif"], True),
        (["t1_s1.tif", "t1_s2.tif", "t2_s1.tif", "t2_s2.tif"], True),
        ([f"{well}_T{t:03}.tif" for well in ("ctrl", "drug", "wash") for t in range(1, 9)], True),
        (["A_t0.tif", "A_t1.tif", "B_t0.tif"], False),
    ],
)
def test_files_of_several_sequences_are_known_by_their_names(names, several):
    found = mixed_sequences(names)
    assert bool(found) == several
    assert not found or f"({names[0]}, {names[1]} … {names[-1]})" in found[0]


def test_what_holds_no_labels_is_refused_by_its_name():
    images = np.random.default_rng(0).integers(0, 256, (3, 40, 50), np.uint8)
    with pytest.raises(ConfigError, match=r"the frames hold intensities, not labels; .* segments images first"):
        hooke.track(images)
    with pytest.raises(ConfigError, match=r"a list of str holds no label images; give arrays, such as found\.labels"):
        hooke.track(["a.tif"])
