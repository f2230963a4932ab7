"""The page's modules against NumPy and values worked out by hand, run in Chromium."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tests.serve.page.conftest import start_server

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def module_page(chromium, tmp_path_factory):
    server = start_server(tmp_path_factory.mktemp("modules"))
    page = chromium.new_page()
    page.goto(server.address)
    yield page
    page.close()
    server.stop()


def run(page, module: str, expression: str, value=None):
    """Value of an expression of a module `m` and a value `v`."""
    return page.evaluate(f"(v) => import('/page/{module}').then(async (m) => {expression})", value)


def test_histogram_counts_as_numpy(module_page):
    values = np.random.default_rng(0).normal(50, 20, 500)
    got = run(module_page, "histogram.js", "[...m.countBins(v, 10, 90, 16)]", values.tolist())
    assert got == np.histogram(values, bins=16, range=(10, 90))[0].tolist()


def test_points_in_a_polygon(module_page):
    star = [[0, 0], [4, 0], [4, 4], [2, 1], [0, 4]]  # the notch at the top reaches down to (2, 1)
    points = [[2, 0.5], [2, 2], [0.5, 2], [3.5, 2], [5, 1], [-1, 1]]
    got = run(module_page, "filters.js", "v[1].map(([x, y]) => m.inside(x, y, v[0]))", [star, points])
    assert got == [True, False, True, True, False, False]


def test_filters_keep_what_is_not_measured_and_hide_classes(module_page):
    table = {
        "label": [3, 5, 9, 12],
        "area": [10, 20, 30, 40],
        "score": [0.2, None, 0.9, 0.8],
        "class": ["a", "b", None, "a"],
    }
    expression = """(() => {
        const table = new t.ObjectTable(v);
        const none = { size: [null, null], score: [null, null], hiddenClasses: new Set(), gate: null };
        const rows = (change) => [...m.passing(table, { ...none, ...change }).rows];
        return [rows({}), rows({ size: [15, 35] }), rows({ score: [0.5, null] }),
          rows({ hiddenClasses: new Set(['a']) }),
          rows({ gate: { x: 'area', y: 'label', polygon: [[25, 0], [50, 0], [50, 10], [25, 10]] } })];
      })()"""
    got = run(module_page, "filters.js", f"import('/page/object_table.js').then((t) => {expression})", table)
    assert got == [[0, 1, 2, 3], [1, 2], [1, 2, 3], [1, 2], [2]]


def test_a_table_takes_the_rows_of_an_edit(module_page):
    expression = """(() => {
        const table = new m.ObjectTable({ label: [1, 2, 3], area: [10, 20, 30], class: [null, 'a', null] });
        table.apply([2], { label: [3, 7], area: [33, 70], perimeter: [12, 25] });
        return { count: table.count, area: table.value(3, 'area'), gone: table.value(2, 'area') ?? null,
          new: [table.value(7, 'area'), table.value(7, 'class'), table.value(7, 'perimeter')], highest: table.highest,
          range: m.rangeOf(table, 'area') };
      })()"""
    got = run(module_page, "object_table.js", expression)
    assert got == {"count": 3, "area": 33, "gone": None, "new": [70, None, 25], "highest": 7, "range": [10, 70]}


def test_counts_by_condition(module_page):
    images = [
        {"state": "segmented", "count": 10, "condition": "drug"},
        {"state": "corrected", "count": 20, "condition": "drug"},
        {"state": "new", "count": 0, "condition": "drug"},
        {"state": "segmented", "count": 7, "condition": None},
    ]
    got = run(module_page, "counts_tab.js", "m.byCondition(v)", images)
    assert [(group["name"], group["total"], group["mean"]) for group in got] == [
        ("drug", 30, 15),
        ("no condition", 7, 7),
    ]


def test_places_are_pixel_centres_and_come_back(module_page):
    assert run(module_page, "geometry.js", "m.toMap(0, 0)") == [0.5, -0.5]
    assert run(module_page, "geometry.js", "m.toPixel(m.toMap(12.25, 7))") == [12.25, 7]
    assert run(module_page, "geometry.js", "m.resolutions(3, 2)") == [4, 2, 1, 0.5, 0.25]


@pytest.mark.parametrize("degrees", [0, 30, 90, 140])
def test_the_line_across_the_middle_is_at_right_angles_to_the_long_axis(module_page, degrees):
    """The oracle is scikit-image's orientation of a drawn ellipse."""
    measure = pytest.importorskip("skimage.measure")
    ys, xs = np.mgrid[:61, :61] - 30.0
    angle = np.radians(degrees)  # of the long axis from the y axis
    along, across = ys * np.cos(angle) + xs * np.sin(angle), xs * np.cos(angle) - ys * np.sin(angle)
    (region,) = measure.regionprops(((along / 20) ** 2 + (across / 8) ** 2 <= 1).astype(int))
    given = {"y": 30, "x": 30, "orientation": region.orientation, "length": 40}
    (y0, x0), (y1, x1) = run(module_page, "geometry.js", "m.middleLine(v)", given)
    direction = np.array([y1 - y0, x1 - x0]) / np.hypot(y1 - y0, x1 - x0)
    assert abs(direction @ [np.cos(angle), np.sin(angle)]) < 0.02
    assert [(y0 + y1) / 2, (x0 + x1) / 2] == pytest.approx([30, 30])


def test_numbers_of_24_bits_come_through_a_tile_unchanged(module_page):
    ids = np.random.default_rng(1).integers(0, 2**24, (256, 256), dtype=np.uint32)
    rgb = np.stack([ids >> 16, ids >> 8 & 255, ids & 255], -1).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "PNG")
    module_page.route(
        "**/api/test-tile.png", lambda route: route.fulfill(body=file.getvalue(), content_type="image/png")
    )
    expression = """(async () => {
        const address = () => '/api/test-tile.png';
        const tiles = new m.LabelTiles({ address, onShow: () => new Set(), revision: 1, changed: () => {} });
        await tiles.canvas(0, 0, 0);
        return Array.from({ length: 256 }, (_, y) => Array.from({ length: 256 }, (_, x) => tiles.idAt(y, x, 0)));
      })()"""
    got = run(module_page, "label_tiles.js", expression)
    np.testing.assert_array_equal(np.array(got), ids)


def test_outlines_are_the_pixels_beside_another_object_at_each_magnification(module_page):
    """The oracle compares each pixel with its four neighbours; beyond the tile's own edges the object continues."""
    ids = np.zeros((256, 256), np.uint32)
    ids[20:60, 30:90] = 5
    ids[60:100, 30:90] = 6
    ids[200:256, 200:256] = 7
    rgb = np.stack([ids * 0, ids * 0, ids], -1).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "PNG")
    module_page.route(
        "**/api/own-tile.png", lambda route: route.fulfill(body=file.getvalue(), content_type="image/png")
    )
    expression = """(async () => {
        const address = (level, x, y) => x || y ? '/api/none.png' : '/api/own-tile.png';
        const tiles = new m.LabelTiles({ address, onShow: () => new Set(), revision: 1, changed: () => {} });
        const outline = new Uint32Array(8).fill(0xff0000ff);
        tiles.setStyle({ outline, fill: new Uint32Array(8), selected: new Set(), width: 1 });
        const canvas = await tiles.canvas(v, 0, 0);
        const data = canvas.getContext('2d').getImageData(0, 0, 256, 256).data;
        return Array.from({ length: 65536 }, (_, i) => data[4 * i + 3] > 0);
      })()"""
    for level in (0, -1, -2):
        scale = 2**-level
        around = np.pad(np.kron(ids, np.ones((scale, scale), np.uint32)), 1, mode="edge")[:258, :258]
        shown = inner = around[1:-1, 1:-1]
        border = np.zeros_like(inner, bool)
        for dy, dx in ((0, 1), (0, -1), (1, 0), (-1, 0)):
            border |= around[1 + dy : 257 + dy, 1 + dx : 257 + dx] != inner
        got = np.array(run(module_page, "label_tiles.js", expression, level)).reshape(256, 256)
        np.testing.assert_array_equal(got, border & (shown > 0), err_msg=f"level {level}")


def test_a_dark_pixel_surrounds_outlines_on_the_background_only(module_page):
    ids = np.zeros((262, 262), np.uint32)  # with a margin of 3 pixels
    ids[10:20, 10:20] = 1
    ids[10:20, 20:30] = 2
    expression = """(() => {
        const target = new Uint32Array(65536);
        const [outline, fill] = [new Uint32Array([0, 0xff00ff00, 0]), new Uint32Array(3)];
        const style = { outline, fill, selected: new Set(), width: 1, casing: 0x73000000 };
        m.paintTile(target, new Uint32Array(v), style);
        return [...target];
      })()"""
    got = np.array(run(module_page, "paint.js", expression, ids.ravel().tolist())).reshape(256, 256)
    ids = ids[3:-3, 3:-3]
    shown = np.pad(ids == 1, 1)
    beside = (shown[2:, 1:-1] | shown[:-2, 1:-1] | shown[1:-1, 2:] | shown[1:-1, :-2]) & (ids == 0)
    np.testing.assert_array_equal(got == 0x73000000, beside)  # nothing around object 2, which is hidden
    assert not got[ids == 2].any()


def test_a_part_of_a_tile_is_painted_as_in_the_whole(module_page):
    ids = np.random.default_rng(0).integers(0, 4, (66, 66)).repeat(4, 0).repeat(4, 1)[:262, :262]
    expression = """(() => {
        const style = { outline: new Uint32Array([0, 1, 2, 0]), fill: new Uint32Array([0, 9, 0, 0]),
          selected: new Set([2]), width: 2, casing: 7 };
        const ids = new Uint32Array(v);
        const [whole, part] = [new Uint32Array(65536), new Uint32Array(65536).fill(5)];
        m.paintTile(whole, ids, style);
        m.paintTile(part, ids, style, [30, 200, 77, 256]);
        return [[...whole], [...part]];
      })()"""
    whole, part = np.array(run(module_page, "paint.js", expression, ids.ravel().tolist())).reshape(2, 256, 256)
    expected = np.full_like(whole, 5)
    expected[30:77, 200:] = whole[30:77, 200:]
    np.testing.assert_array_equal(part, expected)


@pytest.mark.parametrize("level", [0, -1])
def test_after_an_edit_the_tiles_look_as_if_painted_again(module_page, level):
    """An object at the corner of four tiles of the server changes: its neighbours change at their edges only."""
    before = np.zeros((512, 512), np.uint32)
    before[240:280, 200:300], before[100:140, 100:140] = 3, 5
    after = before.copy()
    after[250:262, 250:262] = 4
    after[255, 180:200] = 3

    def fulfill(route):
        _, revision, x, y = route.request.url.removesuffix(".png").rsplit("-", 3)
        part = {"1": before, "2": after}[revision][256 * int(y) :, 256 * int(x) :][:256, :256]
        file = io.BytesIO()
        Image.fromarray(np.stack([part * 0, part * 0, part], -1).astype(np.uint8)).save(file, "PNG")
        route.fulfill(body=file.getvalue(), content_type="image/png")

    module_page.route("**/api/edited-*.png", fulfill)
    expression = """(async () => {
        const corners = v < 0 ? [0, 1, 2, 3] : [0, 1];
        const keys = corners.flatMap((y) => corners.map((x) => [v, x, y]));
        const paint = async (revision) => {
          const address = (level, x, y, revision) => `/api/edited-${revision}-${x}-${y}.png`;
          const tiles = new m.LabelTiles({ address, revision, changed: () => {},
            onShow: () => new Set(keys.map((key) => key.join('/'))) });
          tiles.setStyle({ outline: new Uint32Array(8).fill(0xff0000ff), fill: new Uint32Array(8),
            selected: new Set([5]), width: 2, casing: 0x73000000 });
          const canvases = [];
          for (const key of keys) canvases.push(await tiles.canvas(...key));
          await new Promise((done) => setTimeout(done, 200)); // neighbours came later
          return { tiles, pixels: () => canvases.map((canvas) =>
            [...new Uint32Array(canvas.getContext('2d').getImageData(0, 0, 256, 256).data.buffer)]) };
        };
        const [edited, fresh] = [await paint(1), await paint(2)];
        await edited.tiles.update([250, 180, 262, 262], 2);
        const [a, b] = [edited.pixels(), fresh.pixels()];
        return a.map((own, tile) => own.filter((pixel, place) => pixel !== b[tile][place]).length);
      })()"""
    assert set(run(module_page, "label_tiles.js", expression, level)) == {0}
