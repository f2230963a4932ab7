// The parts of OpenLayers that the page uses; ol.js puts them into one global name.

const { ol } = globalThis;

export const { Map: OlMap, View, Feature } = ol;
export const { Tile: TileLayer, Vector: VectorLayer } = ol.layer;
export const { ImageTile, Vector: VectorSource } = ol.source;
export const { TileGrid } = ol.tilegrid;
export const { Projection } = ol.proj;
export const { Draw } = ol.interaction;
export const { defaults: defaultInteractions } = ol.interaction.defaults;
export const { fromExtent: polygonOf } = ol.geom.Polygon;
export const { MultiLineString } = ol.geom;
export const { Style, Stroke, Fill } = ol.style;
