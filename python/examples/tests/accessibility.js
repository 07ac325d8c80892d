// Each line of the answer is a fault; the number is the success criterion of WCAG 2.2.
const faults = [];
const visible = (element) => element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });
const short = (element) => element.outerHTML.slice(0, 90);
const all = (css) => [...document.querySelectorAll(css)];

if (!document.documentElement.lang) faults.push("3.1.1 the page says no language");
if (!document.title.trim()) faults.push("2.4.2 the page has no title");
if (all("main").length !== 1) faults.push("1.3.1 the page has not one main");
if (all("h1").filter(visible).length !== 1) faults.push("1.3.1 the page has not one h1");
let depth = 0;
for (const heading of all("h1, h2, h3, h4, h5, h6").filter(visible)) {
  const level = Number(heading.tagName[1]);
  if (level > depth + 1) faults.push(`1.3.1 a heading is skipped before ${short(heading)}`);
  depth = level;
}
const seen = new Set();
for (const { id } of all("[id]")) {
  if (seen.has(id)) faults.push(`4.1.1 two elements have the id ${id}`);
  seen.add(id);
}
for (const element of all("[aria-labelledby], [aria-describedby], label[for]")) {
  const named = ["aria-labelledby", "aria-describedby", "for"].flatMap((name) => (element.getAttribute(name) || "").split(/\s+/));
  for (const id of named.filter(Boolean)) if (!document.getElementById(id)) faults.push(`1.3.1 nothing has the id ${id}`);
}
for (const element of all("[tabindex]")) if (element.tabIndex > 0) faults.push(`2.4.3 an order of its own: ${short(element)}`);
for (const element of all("[onclick], [onchange], [style]")) faults.push(`script or style in the page: ${short(element)}`);
for (const element of all("svg")) {
  const named = element.getAttribute("role") === "img" && element.getAttribute("aria-label");
  if (!named && element.getAttribute("aria-hidden") !== "true") faults.push(`1.1.1 a picture without words: ${short(element)}`);
}
for (const element of all("img")) if (!element.hasAttribute("alt")) faults.push(`1.1.1 a picture without words: ${short(element)}`);
for (const element of all("ul > *, ol > *")) if (element.tagName !== "LI") faults.push(`1.3.1 not an item: ${short(element)}`);
for (const element of all("a, button, input, textarea, select, summary").filter(visible)) {
  const box = element.getBoundingClientRect();
  const inText = element.tagName === "A" && getComputedStyle(element).display === "inline";
  const hidden = element.classList.contains("skip");
  if (!inText && !hidden && element.type !== "radio" && (box.width < 24 || box.height < 24))
    faults.push(`2.5.8 too small to hit (${Math.round(box.width)}x${Math.round(box.height)}): ${short(element)}`);
}
if (document.documentElement.scrollWidth > innerWidth) {
  const wide = all("body *").filter((element) => element.getBoundingClientRect().right > innerWidth + 1 && visible(element));
  faults.push(`1.4.10 wider than the screen: ${wide.slice(0, 3).map(short)}`);
}

// WCAG's relative luminance and contrast, of every text against what is painted behind it.
const numbers = (colour) => {
  context.clearRect(0, 0, 1, 1);
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data];
};
const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
const luminance = (rgb) => {
  const [r, g, b] = rgb.map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const behind = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const [r, g, b, alpha] = numbers(getComputedStyle(at).backgroundColor);
    if (alpha === 255) return [r, g, b];
    if (alpha !== 0) faults.push(`a ground that is half transparent is not understood here: ${short(at)}`);
  }
  return [255, 255, 255];
};
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  if (!walker.currentNode.data.trim() || !visible(element) || element.closest("script, noscript, .unseen, .skip")) continue;
  if (element.closest(":disabled")) continue;
  const style = getComputedStyle(element);
  const [one, other] = [luminance(numbers(style.color).slice(0, 3)), luminance(behind(element))].sort((a, b) => b - a);
  const ratio = (one + 0.05) / (other + 0.05);
  const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
  if (ratio < (large ? 3 : 4.5)) faults.push(`1.4.3 a contrast of ${ratio.toFixed(2)}: ${walker.currentNode.data.trim().slice(0, 40)}`);
}
return faults;
