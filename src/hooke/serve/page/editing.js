// Sends edits one after another, shows what they changed, and says when another tab was faster.

import * as api from "./api.js";
import { toast, toastError } from "./toasts.js";

/** Edits of the image that is open. */
export class Editing {
  #queue = Promise.resolve();

  /** @param {import("./app_state.js").AppState} app @param {import("./viewer.js").Viewer} viewer
   *  @param {{reload: () => Promise<void>, open: (id: string, plane: number) => Promise<void>,
   *    refresh: (ids: string[]) => Promise<void>}} load  load the table, another plane, or all of an image again */
  constructor(app, viewer, load) {
    this.app = app;
    this.viewer = viewer;
    this.load = load;
  }

  /**
   * Make an edit.
   * @param {string} action  as the server names it
   * @param {Object} [fields]  `ids`, `points`, `radius`, `class`
   * @param {{select?: "new"|"none"|"same"}} [then]  what is selected afterwards
   */
  run(action, fields = {}, { select = "same" } = {}) {
    const { current, plane } = this.app;
    if (!current || current.state === "new") return Promise.resolve();
    const send = (image) => api.edit(image.id, { revision: image.revision, plane, action, ids: [], points: [], ...fields });
    return this.#enqueue({ image: current, plane, send, select, numbers: newNumbers(action, fields.ids) }, () => this.run(action, fields, { select }));
  }

  /** Undo the last edit. */
  undo() {
    return this.#step("undo");
  }

  /** Make again what was undone. */
  redo() {
    return this.#step("redo");
  }

  #step(which) {
    const { current, plane, history } = this.app;
    if (!current || !history[which]) return Promise.resolve();
    const send = (image) => api.step(image.id, which, { revision: image.revision });
    return this.#enqueue({ image: current, plane, send, select: "same", isStep: true }, () => this.#step(which));
  }

  #enqueue(change, again) {
    this.#queue = this.#queue.then(async () => {
      const started = performance.now();
      try {
        await this.#show(change, await change.send(change.image));
        performance.measure("hooke-edit", { start: started });
      } catch (error) {
        if (error.status === 409) await this.#conflict(change.image, error, again);
        else toastError(error);
      }
    });
    return this.#queue;
  }

  async #show({ image, plane, select, isStep, numbers }, reply) {
    const { app } = this;
    image.revision = reply.revision;
    if (reply.count !== undefined) image.count = reply.count;
    if (reply.state) image.state = reply.state;
    for (const name of ["can_undo", "can_redo"]) if (reply[name] !== undefined) image[name] = reply[name];
    if (app.current !== image || app.plane !== plane) {
      app.emit("images");
      return;
    }
    if (isStep && isAll(reply.bbox, image)) { // a segmentation was undone or redone: nothing on show is true any more
      await this.load.refresh([image.id]);
      return;
    }
    if ((reply.plane ?? plane) !== plane) { // what was undone is on another plane: show it
      await this.load.open(image.id, reply.plane);
      return;
    }
    // The new tiles are on their way while the rest of the page is drawn.
    const painted = numbers ? null : this.viewer.reload(reply.bbox, image.revision);
    const before = app.table;
    const rows = reply.rows?.columns ?? reply.rows ?? {};
    const fresh = (rows.label ?? []).filter((label) => !before.rowOf.has(label));
    before.apply(reply.removed, rows);
    app.history = stepsOf(image);
    const kept = [...app.selection].filter((label) => before.rowOf.has(label));
    app.selection = new Set(select === "new" ? fresh : select === "none" ? [] : kept);
    app.emit("history");
    app.refilter();
    app.emit("table", { edited: true });
    app.emit("selection", { origin: "edit" });
    if (numbers) this.viewer.relabel(numbers, image.revision);
    app.emit("images");
    await (painted?.finally(() => app.emit("painted")) ?? app.emit("painted"));
  }

  async #conflict(image, error, again) {
    Object.assign(image, await api.getImage(image.id));
    await this.load.reload();
    this.app.emit("images");
    toast("This image was changed in another tab. Your last edit was not made; nothing else was lost.", {
      kind: "error", remedy: "The objects on show are the newest now. Check them, and make your edit once more.",
      action: { text: "Make it once more", run: again },
    });
  }
}

/** New number of each object, for edits that move whole objects: their tiles need not be loaded again. */
function newNumbers(action, ids = []) {
  if (action === "delete") return new Map(ids.map((id) => [id, 0]));
  if (action === "merge") return new Map(ids.slice(1).map((id) => [id, ids[0]]));
  return action === "reclass" ? new Map() : null;
}

const isAll = ([top, left, bottom, right], { height, width }) => top <= 0 && left <= 0 && bottom >= height && right >= width;

/** Whether there is something to undo and to redo. */
export const stepsOf = (image) => ({ undo: Boolean(image?.can_undo), redo: Boolean(image?.can_redo) });
