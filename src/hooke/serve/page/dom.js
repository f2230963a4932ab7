// Makes elements and finds them.

/**
 * Make an element.
 * @param {string} tag
 * @param {Object} [props] `class`, `text`, `on: {event: listener}`, `data: {name: value}`; other names are attributes
 *   (`true` sets an empty one, `false`, `null` and `undefined` leave it out).
 * @param {...(Node|string|null)} children
 * @returns {HTMLElement}
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  setProps(element, props);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Make an SVG element; `props` as in `h`. */
export function s(tag, props = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  setProps(element, props);
  element.append(...children);
  return element;
}

/** Find the element with an id. */
export const $ = (id) => document.getElementById(id);

/** Put a text with its unit of count: `plural(1, "object")` is "1 object". */
export const plural = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

/** Write a number in about four digits. */
export function short(value) {
  if (value === null || value === undefined || value === "") return "";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value !== "number") return String(value);
  if (!Number.isFinite(value)) return "";
  if (Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  return size >= 1000 ? value.toFixed(0) : size >= 100 ? value.toFixed(1) : size >= 1 ? value.toFixed(2) : value.toPrecision(3);
}

/** Call `run` once things have been quiet for `wait` milliseconds. */
export function later(run, wait) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => run(...values), wait);
  };
}

/** Call `run` when the browser has nothing more urgent to do, after half a second at most. */
export function whenIdle(run) {
  if (globalThis.requestIdleCallback) requestIdleCallback(() => run(), { timeout: 500 });
  else setTimeout(run, 50);
}

/** Call `run` at most once per frame. */
export function perFrame(run) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      run();
    });
  };
}

function setProps(element, props) {
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") element.setAttribute("class", value);
    else if (name === "text") element.textContent = value;
    else if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (name === "data") Object.assign(element.dataset, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
}
