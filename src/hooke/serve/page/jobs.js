// Starts jobs, follows their events, and shows their progress.

import * as api from "./api.js";
import { $, h, plural } from "./dom.js";
import { toast, toastError } from "./toasts.js";

const NAMES = { segment: "Finding objects", suggest: "Choosing images", tune: "Tuning", adapt: "Adapting", track: "Tracking" };
const ENDED = new Set(["done", "failed", "cancelled"]);

/** Jobs of this page, and those that ran when it was opened. */
export class Jobs {
  #waiting = new Map(); // id -> {resolve}

  /** @param {import("./app_state.js").AppState} app */
  constructor(app) {
    this.app = app;
    app.on("jobs", () => this.#draw());
  }

  /**
   * Start a job; while the server is busy, wait and try again.
   * @param {string} kind @param {string[]} images @param {Object} [options]
   * @returns {Promise<?Object>} the job when it has ended; null when it was not taken
   */
  async start(kind, images, options = {}) {
    for (let attempt = 0; ; attempt++) {
      try {
        const job = await api.startJob(kind, images, options);
        return await this.follow(job);
      } catch (error) {
        if (error.status !== 503 || attempt >= 20) {
          toastError(error, NAMES[kind]);
          return null;
        }
        if (attempt === 0) toast("The server is busy. This waits for its turn.");
        await new Promise((resolve) => setTimeout(resolve, 1500));
      }
    }
  }

  /** Follow a job to its end. */
  follow(job) {
    this.app.jobs.set(job.id, job);
    this.app.emit("jobs");
    if (ENDED.has(job.state)) return Promise.resolve(this.#ended(job));
    return new Promise((resolve) => {
      this.#waiting.set(job.id, resolve);
      this.#listen(job.id);
    });
  }

  /** Follow what already runs. */
  async resume() {
    const { jobs } = await api.getJobs();
    return jobs.filter((job) => !ENDED.has(job.state)).map((job) => ({ job, ended: this.follow(job) }));
  }

  #listen(id) {
    const events = new EventSource(api.jobEvents(id));
    const update = (job) => {
      this.app.jobs.set(id, job);
      this.app.emit("jobs");
      if (!ENDED.has(job.state)) return;
      events.close();
      this.#waiting.get(id)?.(this.#ended(job));
      this.#waiting.delete(id);
    };
    events.onmessage = (event) => update(JSON.parse(event.data));
    events.onerror = async () => {
      // The browser connects again by itself; a job that is gone must not be waited for.
      try {
        const job = await api.getJob(id);
        if (ENDED.has(job.state)) update(job);
      } catch (error) {
        if (error.status !== 404) return;
        update({ ...this.app.jobs.get(id), state: "failed", error: "the server no longer knows this job", progress: 1 });
      }
    };
  }

  #ended(job) {
    if (job.state === "failed") toast(`${NAMES[job.kind] ?? job.kind}: ${textOf(job.error)}`, { kind: "error", remedy: job.error?.remedy ?? job.remedy ?? "" });
    setTimeout(() => {
      this.app.jobs.delete(job.id);
      this.app.emit("jobs");
    }, 2500);
    return job;
  }

  #draw() {
    const box = $("jobs");
    for (const item of [...box.children]) if (!this.app.jobs.has(item.dataset.id)) item.remove();
    for (const job of this.app.jobs.values()) {
      let item = [...box.children].find((child) => child.dataset.id === job.id);
      if (!item) box.append((item = jobItem(job)));
      item.querySelector(".job-text").textContent = describe(job);
      const bar = item.querySelector("progress");
      if (job.state === "waiting") bar.removeAttribute("value");
      else bar.value = ENDED.has(job.state) ? 1 : job.progress ?? 0;
      item.querySelector("button").hidden = ENDED.has(job.state);
    }
  }
}

function jobItem(job) {
  const stop = h("button", { type: "button", class: "small", text: "Stop", on: { click: () => api.cancelJob(job.id).catch(toastError) } });
  const name = `${NAMES[job.kind] ?? job.kind}: progress`;
  return h("div", { class: "job", data: { id: job.id } }, h("div", { class: "row between" }, h("span", { class: "job-text" }), stop), h("progress", { max: 1, "aria-label": name }));
}

function describe(job) {
  const name = NAMES[job.kind] ?? job.kind;
  const of = job.images?.length > 1 ? ` in ${plural(job.images.length, "image")}` : "";
  const state = { waiting: "waits for its turn", done: "done", failed: "failed", cancelled: "stopped" }[job.state];
  return `${name}${of}: ${state ?? (job.message || `${Math.round((job.progress ?? 0) * 100)} %`)}`;
}

/** What an error says, whichever form it has. */
export const textOf = (error) => error?.error ?? error?.message ?? (error ? String(error) : "it failed");
