// Hides the key again: when its time is over, when it is asked to, and when the page is left.
"use strict";

const page = document.getElementById("key-page");
const sheet = document.getElementById("sheet");
const left = document.getElementById("left");
const progress = document.getElementById("progress");
const said = document.getElementById("said");
const longer = document.getElementById("longer");

const MOST = 5 * 60 * 1000;
const began = Date.now();
let until = began + Number(page.dataset.seconds) * 1000;

function forget() {
  // Out of the document, so that nothing that looks at the page later finds it.
  sheet.replaceChildren();
  sheet.hidden = true;
}

function leave() {
  forget();
  clearInterval(ticking);
  // In the place of this page, so that "back" does not lead to it.
  location.replace(page.dataset.then);
}

function tick() {
  // The clock, not a count of ticks: a computer that slept hides the key when it wakes up.
  const seconds = Math.ceil((until - Date.now()) / 1000);
  if (seconds <= 0) {
    leave();
    return;
  }
  left.textContent = String(seconds);
  progress.value = seconds;
  page.classList.toggle("soon", seconds <= 15);
  if (seconds === 30 || seconds === 10) {
    said.textContent = `The key is hidden in ${seconds} seconds.`;
  }
}

longer.addEventListener("click", () => {
  until = Math.min(until + 60 * 1000, began + MOST);
  progress.max = Math.max(progress.max, Math.ceil((until - Date.now()) / 1000));
  longer.disabled = until === began + MOST;
  said.textContent = `The key is shown for ${Math.ceil((until - Date.now()) / 1000)} more seconds.`;
  tick();
});

document.getElementById("hide").addEventListener("click", (event) => {
  event.preventDefault();
  leave();
});

// Also what the browser keeps of a page for "back" has no key in it.
window.addEventListener("pagehide", forget);

const ticking = setInterval(tick, 250);
tick();
