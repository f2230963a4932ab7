// Sets the colours that were chosen last, before anything is drawn.
"use strict";
try {
  const theme = localStorage.getItem("hooke-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch { /* storage is off: the system's colours are taken */ }
