// Small words for people, and elements for the page.

// clock writes a time of the run.
export function clock(seconds) {
  if (seconds < 10) return seconds.toFixed(seconds < 1 ? 3 : 2) + " s";
  if (seconds < 1000) return seconds.toFixed(1) + " s";
  const hours = Math.floor(seconds / 3600), minutes = Math.floor(seconds / 60) % 60, rest = Math.floor(seconds % 60);
  const two = n => String(n).padStart(2, "0");
  return `${hours}:${two(minutes)}:${two(rest)} h`;
}

// number writes a number with its thousands apart.
export const number = x => Math.round(x).toLocaleString("en");

export const percent = x => x === null ? "–" : (100 * x).toFixed(x === 1 ? 0 : 1) + " %";

// make makes an element.
export function make(name, content, kind) {
  const e = document.createElement(name);
  if (content) e.textContent = content;
  if (kind) e.className = kind;
  return e;
}
