// A drawing of the engine, made safe to put into the page: shapes and words only. The engine escapes every title; this
// is the second lock on the door.

export type CleanSvg = { markup: string; width: number; height: number };

const NOTHING: CleanSvg = { markup: "", width: 1, height: 1 };
const ELEMENTS = new Set(
  "svg g path rect circle ellipse line polyline polygon text tspan title desc defs clipPath linearGradient stop".split(
    " ",
  ),
);

export function cleanSvg(svg: string): CleanSvg {
  const parsed = new DOMParser().parseFromString(svg, "image/svg+xml");
  const root = parsed.documentElement;
  if (root.localName !== "svg" || parsed.querySelector("parsererror")) return NOTHING;
  for (const element of [root, ...root.querySelectorAll("*")]) {
    if (!ELEMENTS.has(element.localName)) {
      element.remove();
      continue;
    }
    for (const { name, value } of [...element.attributes]) {
      const harmful = /^on/i.test(name) || /href$/i.test(name) || /url\((?!#)/i.test(value.replace(/['"\s]/g, ""));
      if (harmful) element.removeAttribute(name);
    }
  }
  // The drawing is scaled by its viewBox to whatever room it is given.
  const size = (root.getAttribute("viewBox") ?? `0 0 ${root.getAttribute("width")} ${root.getAttribute("height")}`)
    .split(/[\s,]+/)
    .map(Number);
  const [, , width = Number.NaN, height = Number.NaN] = size;
  if (!(width > 0 && height > 0)) return NOTHING;
  root.setAttribute("viewBox", size.join(" "));
  for (const name of ["width", "height"]) root.removeAttribute(name);
  root.setAttribute("aria-hidden", "true");
  root.setAttribute("focusable", "false");
  return { markup: new XMLSerializer().serializeToString(root), width, height };
}
