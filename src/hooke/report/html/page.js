// The page works without this; it adds a switch between light and dark, and larger pictures.
"use strict";
const root = document.documentElement;
const theme = document.getElementById("theme");
const dark = () =>
  root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
const name = () => { theme.textContent = dark() ? "Light page" : "Dark page"; };
theme.hidden = false;
theme.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; name(); });
name();
for (const button of document.querySelectorAll("button.enlarge")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const large = button.closest("figure").classList.toggle("large");
    button.setAttribute("aria-pressed", String(large));
    button.textContent = large ? "Make smaller" : "Enlarge";
  });
}
