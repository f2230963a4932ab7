// Speaks with the server: one function per address, errors as `ApiError`.

/** What the server refused, and what to do about it. */
export class ApiError extends Error {
  /** @param {number} status HTTP status, 0 when the server was not reached
   *  @param {string} message @param {string} [remedy] @param {Object} [body] */
  constructor(status, message, remedy = "", body = {}) {
    super(message);
    this.status = status;
    this.remedy = remedy;
    this.body = body;
  }
}

async function call(method, address, { json, form, signal } = {}) {
  let response;
  try {
    response = await fetch(address, {
      method,
      signal,
      headers: json === undefined ? {} : { "Content-Type": "application/json" },
      body: json === undefined ? form : JSON.stringify(json),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "the server does not answer", "see whether hooke serve still runs");
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) {
    throw new ApiError(response.status, body.error ?? `the server answered ${response.status}`, body.remedy ?? "", body);
  }
  return body;
}

const image = (id) => `/api/images/${encodeURIComponent(id)}`;

/** Names and limits of this server. */
export const getInfo = () => call("GET", "/api/info");
/** Models that can be chosen. */
export const getModels = () => call("GET", "/api/models");
/** Delete a model that was learnt here; gives those that are left. */
export const removeModel = (name) => call("DELETE", `/api/models/${encodeURIComponent(name)}`);
/** All images of this session. */
export const getImages = () => call("GET", "/api/images");
/** One image. */
export const getImage = (id) => call("GET", image(id));
/** Forget an image and its results. */
export const removeImage = (id) => call("DELETE", image(id));
/** Set the condition of an image; "" for none. */
export const setCondition = (id, condition) => call("PATCH", image(id), { json: { condition } });
/** Open a file of the server's computer. */
export const openPath = (path) => call("POST", "/api/images/local", { json: { path } });
/** The measurements of an image's objects. */
export const getTable = (id, plane, signal) => call("GET", `${image(id)}/table?plane=${plane}`, { signal });
/** The frames that were tracked together with an image, and their tracks. */
export const getLineage = (id) => call("GET", `${image(id)}/lineage`);
/** Where tracks are in some frames. */
export const getTracks = (id, first, last) => call("GET", `${image(id)}/tracks?first=${first}&last=${last}`);
/** Change the label image. */
export const edit = (id, change) => call("POST", `${image(id)}/edits`, { json: change });
/** Undo (`"undo"`) or redo (`"redo"`) the last change. */
export const step = (id, which, body) => call("POST", `${image(id)}/${which}`, { json: body });
/** Mark an image, or a `{plane, region}` of it, as corrected, or not. */
export const markCorrected = (id, corrected, part = {}) => call("POST", `${image(id)}/corrected`, { json: { corrected, ...part } });
/** Start a job. */
export const startJob = (kind, images, options = {}) => call("POST", "/api/jobs", { json: { kind, images, options } });
/** Recent jobs. */
export const getJobs = () => call("GET", "/api/jobs");
/** One job. */
export const getJob = (id) => call("GET", `/api/jobs/${encodeURIComponent(id)}`);
/** Stop a job. */
export const cancelJob = (id) => call("DELETE", `/api/jobs/${encodeURIComponent(id)}`);
/** Address of a job's events. */
export const jobEvents = (id) => `/api/jobs/${encodeURIComponent(id)}/events`;
/** Address of a download: `labels.tif`, `table.csv`, `objects.geojson`, `rois.zip`, `overlay.png`. */
export const downloadAddress = (id, what) => `${image(id)}/download/${what}`;
/** A file of the server and the name to save it as. */
export async function download(address) {
  const response = await fetch(address).catch(() => null);
  if (response?.ok) {
    const named = /filename\*?=(?:UTF-8'')?"?([^";]+)/i.exec(response.headers.get("Content-Disposition") ?? "");
    return { file: await response.blob(), as: named ? decodeURIComponent(named[1]) : address.split("/").pop() };
  }
  const body = (await response?.json().catch(() => null)) ?? {};
  throw new ApiError(response?.status ?? 0, body.error ?? "the server does not answer", body.remedy ?? "", body);
}

/** Address of the download of several images. */
export const downloadAll = (ids) => `/api/download.zip?images=${ids.map(encodeURIComponent).join(",")}`;
/** Address of a tile of the label image. */
export const labelTile = (id, level, x, y, plane, revision) =>
  `${image(id)}/labels/${level}/${x}/${y}.png?plane=${plane}&revision=${revision}`;

/** Address of a tile of the image. `channels` is a list of `{index, low, high, colour}`. */
export function imageTile(id, level, x, y, plane, channels) {
  const list = (name) => channels.map((channel) => channel[name]).join(",");
  const look = channels.length
    ? `&channels=${list("index")}&low=${list("low")}&high=${list("high")}&colours=${list("colour").replaceAll("#", "")}`
    : "";
  return `${image(id)}/tiles/${level}/${x}/${y}.png?plane=${plane}${look}`;
}

/**
 * Send files; `progress` is given the share that was sent, 0 to 1.
 * @param {File[]} files @param {(share: number) => void} progress
 * @returns {Promise<{images: Object[], refused: Object[]}>}
 */
export function upload(files, progress) {
  const form = new FormData();
  for (const file of files) form.append("files", file, file.name);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch reports no progress of what it sends
    request.open("POST", "/api/images");
    request.responseType = "json";
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onload = () => {
      const body = request.response ?? {};
      if (request.status < 300) resolve(body);
      else reject(new ApiError(request.status, body.error ?? `the server answered ${request.status}`, body.remedy ?? "", body));
    };
    request.onerror = () => reject(new ApiError(0, "the server did not take the files", "see whether hooke serve still runs, and whether the files are too large"));
    request.send(form);
  });
}
