// Shows the image and its objects, and says what the pointer is over.

import { imageTile, labelTile } from "./api.js";
import { objectColours } from "./colours.js";
import { $, perFrame } from "./dom.js";
import { resolutions, toMap, toPixel } from "./geometry.js";
import { LabelTiles } from "./label_tiles.js";
import { TrackTails } from "./track_tails.js";
import { Feature, ImageTile, OlMap, Projection, Stroke, Style, TileGrid, TileLayer, VectorLayer, VectorSource, View, defaultInteractions, polygonOf } from "./openlayers.js";

const FINER = 4; // levels beyond full resolution: up to 16 screen pixels to one of the image
const CASING = 0x73000000; // black, less than half opaque
const CACHE = 120; // tiles that OpenLayers keeps per layer; fewer than LabelTiles keeps

/** A layer of tiles that is drawn again only where something of it changed: while a stroke is drawn, nothing of it does. */
class SteadyLayer extends TileLayer {
  #drawn = "";

  render(frame, target) {
    const source = this.getSource();
    if (!source) return super.render(frame, target);
    const { viewState, size, pixelRatio, layerStatesArray, layerIndex } = frame;
    const { opacity } = layerStatesArray[layerIndex];
    const state = [...viewState.center, viewState.resolution, ...size, pixelRatio, opacity, this.getRevision(), source.getRevision()].join();
    const renderer = this.getRenderer();
    if (this.rendered && state === this.#drawn && renderer.renderComplete) return renderer.getContainerElement();
    this.#drawn = state;
    return super.render(frame, target);
  }
}

/** The viewer: an OpenLayers map in pixel coordinates. */
export class Viewer {
  /** @param {import("./app_state.js").AppState} app */
  constructor(app) {
    this.app = app;
    this.sketch = new VectorSource();
    this.frames = new VectorSource();
    this.tails = new TrackTails(app);
    this.imageLayer = new SteadyLayer({ cacheSize: CACHE, preload: 2, className: "image-layer" });
    this.labelLayer = new SteadyLayer({ cacheSize: CACHE, className: "label-layer" });
    this.map = new OlMap({
      target: $("map"),
      controls: [],
      layers: [this.imageLayer, this.labelLayer, this.tails.layer, new VectorLayer({ source: this.frames, className: "frame-layer" }), new VectorLayer({ source: this.sketch, className: "sketch-layer" })],
      interactions: defaultInteractions({ altShiftDragRotate: false, pinchRotate: false, shiftDragZoom: false, doubleClickZoom: false }),
    });
    /** @type {?LabelTiles} */
    this.tiles = null;
    this.map.on("moveend", () => this.#moved());
    this.map.on("change:size", () => this.#shown());
    app.on("current", () => this.#open());
    app.on("table", () => this.#restyle());
    app.on("filter", () => this.#restyle());
    app.on("look", (change) => this.#look(change));
    app.on("selection", () => this.tiles?.setStyle({ selected: app.selection }));
    this.showContrast = perFrame(() => this.#contrast());
  }

  /** Zoom so that all of the image is seen. */
  fit() {
    const image = this.app.current;
    this.unfitted = !this.#hasSize();
    if (image && !this.unfitted) this.map.getView().fit([0, -image.height, image.width, 0], { padding: [12, 12, 12, 12] });
  }

  /** Zoom by a factor of 2 to the power of `steps`. */
  zoom(steps) {
    const view = this.map.getView();
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    view.animate({ zoom: view.getZoom() + steps, duration: still ? 0 : 150 });
  }

  /** Bring a pixel into view, and zoom in when its object would be tiny. */
  show(y, x, diameter = 20) {
    if (!this.#hasSize()) {
      this.wanted = [y, x, diameter];
      return;
    }
    const view = this.map.getView();
    const resolution = view.getResolution();
    const [width, height] = this.map.getSize();
    const [px, py] = this.map.getPixelFromCoordinate(toMap(y, x)) ?? [-1, -1];
    if (diameter / resolution < 8) view.setResolution(Math.max(diameter / 30, 0.25));
    else if (px >= 10 && py >= 10 && px < width - 10 && py < height - 10) return;
    view.setCenter(toMap(y, x));
  }

  #hasSize() {
    return Boolean(this.map.getSize()?.every((side) => side > 0));
  }

  /** On a phone, the viewer is hidden at times: what was asked of it meanwhile is done once it has a size. */
  #shown() {
    if (!this.#hasSize()) return;
    if (this.unfitted) this.fit();
    const { wanted } = this;
    this.wanted = null;
    if (wanted) this.map.once("postrender", () => this.show(...wanted));
  }

  /** Frame a region [top, left, bottom, right] in pixels and bring it into view; null takes the frame away. */
  frame(region) {
    this.frames.clear();
    if (!region) return;
    const [top, left, bottom, right] = region;
    const extent = [left, -bottom, right, -top];
    const feature = new Feature(polygonOf(extent));
    feature.setStyle([new Style({ stroke: new Stroke({ color: "#000", width: 5 }) }), new Style({ stroke: new Stroke({ color: "#ffffff", width: 2, lineDash: [8, 6] }) })]);
    this.frames.addFeature(feature);
    this.map.getView().fit(extent, { padding: [20, 20, 20, 20] });
  }

  /** Pixels of the image per pixel of the screen. */
  get resolution() {
    return this.map.getView().getResolution() ?? 1;
  }

  /** Pixel (y, x) under a pointer event. */
  pixelAt(event) {
    return toPixel(this.map.getEventCoordinate(event));
  }

  /** Number of the object at a pixel; 0 for none. */
  idAt(y, x) {
    const image = this.app.current;
    if (!this.tiles || x < -0.5 || y < -0.5 || x >= image.width - 0.5 || y >= image.height - 0.5) return 0;
    return this.tiles.idAt(y, x, this.#level) ?? 0;
  }

  /** Load what an edit changed; resolves once it is painted. */
  async reload(box, revision) {
    await this.tiles?.update(box, revision);
  }

  /** Give the pixels of objects to others, without loading anything: new number by old one. */
  relabel(numbers, revision) {
    this.tiles?.relabel(numbers, revision);
  }

  /** Show other results of the image that is open, such as after segmenting it again. */
  renew() {
    if (this.app.current) this.#labels(this.app.current);
  }

  get #level() {
    const image = this.app.current;
    return image.levels - 1 - this.#grid.getZForResolution(this.resolution);
  }

  #grid = null;

  #open() {
    const image = this.app.current;
    $("empty").hidden = Boolean(image);
    if (!image) {
      this.imageLayer.setSource(null);
      this.labelLayer.setSource(null);
      this.tiles = null;
      this.openId = null;
      return;
    }
    if (image.id !== this.openId) {
      this.wanted = null;
      this.frames.clear();
      this.#newView(image);
    }
    this.openId = image.id;
    this.#contrast();
    this.#labels(image);
  }

  #newView(image) {
    const extent = [0, -image.height, image.width, 0];
    this.projection = new Projection({ code: `image-${image.id}`, units: "pixels", extent });
    this.map.setView(new View({
      projection: this.projection, extent, showFullExtent: true, constrainOnlyCenter: true,
      center: [image.width / 2, -image.height / 2], minResolution: 1 / 32,
      maxResolution: Math.max(2 ** image.levels, 1), resolution: 1, smoothResolutionConstraint: false,
    }));
    this.imageLayer.setExtent(extent);
    this.labelLayer.setExtent(extent);
    this.fit();
  }

  #contrast() {
    const image = this.app.current;
    if (!image) return;
    const plane = this.app.plane;
    const channels = image.is_rgb ? [] : this.app.look.channels.filter((channel) => channel.on);
    const address = (z, x, y) => imageTile(image.id, image.levels - 1 - z, x, y, plane, channels);
    if (this.imageSource && this.imageSourceId === image.id) {
      this.imageSource.setLoader((z, x, y) => loadImage(address(z, x, y)));
      this.imageSource.setKey(address("z", "x", "y"));
    } else {
      this.imageSource = new ImageTile({
        loader: (z, x, y) => loadImage(address(z, x, y)), projection: this.projection, transition: 0, wrapX: false,
        tileGrid: new TileGrid({ extent: this.imageLayer.getExtent(), origin: [0, 0], resolutions: resolutions(image.levels, 0), tileSize: 256 }),
      });
      // Zoomed in, a pixel is shown as the square it is; zoomed out, pixels are averaged.
      this.imageSource.getInterpolate = () => this.resolution > 0.4;
      this.imageSourceId = image.id;
      this.imageLayer.setSource(this.imageSource);
    }
    this.imageLayer.setVisible(this.app.look.image && (image.is_rgb || channels.length > 0));
  }

  #labels(image) {
    this.#grid = new TileGrid({ extent: this.labelLayer.getExtent(), origin: [0, 0], resolutions: resolutions(image.levels, FINER), tileSize: 256 });
    if (image.state === "new") {
      this.tiles = null;
      this.labelLayer.setSource(null);
      return;
    }
    const plane = this.app.plane;
    const tiles = new LabelTiles({
      address: (level, x, y, revision) => labelTile(image.id, level, x, y, plane, revision),
      revision: image.revision, onShow: () => this.#onShow(),
      changed: () => this.labelLayer.changed(),
    });
    this.tiles = tiles;
    this.#restyle();
    this.labelLayer.setSource(new ImageTile({
      loader: (z, x, y) => tiles.canvas(image.levels - 1 - z, x, y), projection: this.projection, tileGrid: this.#grid, transition: 0, wrapX: false,
    }));
  }

  #look(change) {
    if ("channels" in change || "image" in change) this.showContrast();
    if ("opacity" in change) this.labelLayer.setOpacity(change.opacity);
    this.#restyle();
  }

  #restyle() {
    const { app } = this;
    if (!this.tiles || !app.table) return;
    const { outline, fill, legend } = objectColours(app.table, app.shown, app.look);
    this.tiles.setStyle({ outline, fill, width: app.look.width, casing: app.look.outlines ? CASING : 0, selected: app.selection });
    this.tiles.refresh();
    app.emit("legend", legend);
  }

  #moved() {
    if (this.tiles && this.app.current) {
      for (const key of this.#onShow()) this.tiles.touch(key);
      this.tiles.refresh();
    }
    this.app.emit("moved");
  }

  /** Keys of the painted tiles that are on show, as `LabelTiles` names them. */
  #onShow() {
    const keys = new Set();
    const image = this.app.current;
    const size = this.map.getSize();
    if (!image || !size || !this.#grid) return keys;
    const z = this.#grid.getZForResolution(this.resolution);
    this.#grid.forEachTileCoord(this.map.getView().calculateExtent(size), z, ([, x, y]) => keys.add(`${image.levels - 1 - z}/${x}/${y}`));
    return keys;
  }
}

function loadImage(address) {
  return new Promise((resolve, reject) => {
    const picture = new Image();
    picture.onload = () => resolve(picture);
    picture.onerror = () => reject(new Error(`no tile at ${address}`));
    picture.src = address;
  });
}
