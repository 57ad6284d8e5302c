// The map of the code tree: which codes get a rectangle, where it lies, and where the arrow keys go. The rectangles are
// d3-hierarchy's squarified treemap (Bruls, Huizing and van Wijk 2000). No DOM in here.

import { hierarchy, treemap, treemapSquarify } from "d3-hierarchy";

export type Box = { x: number; y: number; width: number; height: number };
/** What is laid out: anything that holds a number of items. */
export type Sized = { items: number };

export type Cell<Node> = Box & { node: Node };
/** Codes too small for a rectangle of their own, together. */
export type Rest = Box & { codes: number; items: number };
export type TreeMap<Node> = { cells: Cell<Node>[]; rest: Rest | null };

/** More rectangles than this nobody looks at, and a page slows down. */
const MOST = 320;

/**
 * Rectangles in proportion to items, largest first. Codes that would get less than `least` square pixels share one
 * rectangle at the end; when not even the largest code gets as much, there are no cells and everything is rest.
 */
export function layout<Node extends Sized>(nodes: readonly Node[], box: Box, least: number, gap = 2): TreeMap<Node> {
  const sorted = nodes.filter((node) => node.items > 0).sort((a, b) => b.items - a.items);
  const total = sorted.reduce((sum, node) => sum + node.items, 0);
  if (total === 0 || box.width <= 0 || box.height <= 0) return { cells: [], rest: null };

  const pixels = (box.width * box.height) / total;
  let shown = sorted.findIndex((node, at) => at >= MOST || node.items * pixels < least);
  if (shown < 0) shown = sorted.length;
  const hidden = sorted.slice(shown);
  const restItems = hidden.reduce((sum, node) => sum + node.items, 0);

  type Leaf = { node: Node | null; value: number };
  const leaves: Leaf[] = sorted.slice(0, shown).map((node) => ({ node, value: node.items }));
  if (hidden.length > 0) leaves.push({ node: null, value: restItems });
  const root = hierarchy<{ value?: number; node?: Node | null; children?: Leaf[] }>({ children: leaves }).sum(
    (datum) => datum.value ?? 0,
  );
  const placed = treemap<typeof root.data>()
    .tile(treemapSquarify.ratio(1.4))
    .size([box.width, box.height])
    .paddingInner(gap)
    .round(true)(root);

  const cells: Cell<Node>[] = [];
  let rest: Rest | null = null;
  for (const leaf of placed.children ?? []) {
    const at = {
      x: box.x + leaf.x0,
      y: box.y + leaf.y0,
      width: Math.max(0, leaf.x1 - leaf.x0),
      height: Math.max(0, leaf.y1 - leaf.y0),
    };
    if (leaf.data.node) cells.push({ ...at, node: leaf.data.node });
    else rest = { ...at, codes: hidden.length, items: restItems };
  }
  return { cells, rest };
}

export type Direction = "left" | "right" | "up" | "down";

/**
 * The box an arrow key goes to: of those that lie in that direction, the one beside this one that is nearest, and where
 * none is beside it, the nearest at all. None at the edge.
 */
export function next(boxes: readonly Box[], from: number, direction: Direction): number | undefined {
  const here = boxes[from];
  if (!here) return boxes.length > 0 ? 0 : undefined;
  const across = direction === "left" || direction === "right";
  const sign = direction === "left" || direction === "up" ? -1 : 1;
  const middle = (box: Box) => ({ x: box.x + box.width / 2, y: box.y + box.height / 2 });
  const overlap = (box: Box) =>
    across
      ? Math.min(here.y + here.height, box.y + box.height) - Math.max(here.y, box.y)
      : Math.min(here.x + here.width, box.x + box.width) - Math.max(here.x, box.x);
  /** From edge to edge along the direction; a box that begins beside or behind this one is not in that direction. */
  const away = (box: Box) => {
    if (across) return sign > 0 ? box.x - (here.x + here.width) : here.x - (box.x + box.width);
    return sign > 0 ? box.y - (here.y + here.height) : here.y - (box.y + box.height);
  };

  let best: number | undefined;
  let bestCost = Infinity;
  for (const [at, box] of boxes.entries()) {
    if (at === from || away(box) < -1) continue;
    const [a, b] = [middle(here), middle(box)];
    const aside = across ? Math.abs(a.y - b.y) : Math.abs(a.x - b.x);
    const cost = away(box) * 2 + aside + (overlap(box) > 0 ? 0 : 10_000);
    if (cost < bestCost) {
      best = at;
      bestCost = cost;
    }
  }
  return best;
}

/** The CSS transform that makes `inner` fill `outer`, with the origin at the top left: how the map zooms. */
export function zoomOnto(inner: Box, outer: Box): string {
  const scaleX = outer.width / Math.max(1, inner.width);
  const scaleY = outer.height / Math.max(1, inner.height);
  return `translate(${-inner.x * scaleX}px, ${-inner.y * scaleY}px) scale(${scaleX}, ${scaleY})`;
}

/** The CSS transform that shrinks the whole of `outer` into `inner`. */
export function shrinkInto(inner: Box, outer: Box): string {
  return `translate(${inner.x}px, ${inner.y}px) scale(${inner.width / outer.width}, ${inner.height / outer.height})`;
}
