// The map of the catalog: from places in −1 … 1 to pixels and back, which point is under the pointer, and which labels
// have room. No DOM in here.

import { quadtree, type Quadtree } from "d3-quadtree";

/** What is in sight: how many times larger than the whole, and which place of the map is in the middle. */
export type Sight = { scale: number; x: number; y: number };
export type Size = { width: number; height: number };
export type Point = { x: number; y: number };

export const WHOLE: Sight = { scale: 1, x: 0, y: 0 };
const MOST_SCALE = 200;
/** Room around the points, as a share of the shorter side. */
const MARGIN = 0.04;

/** Pixels for one unit of the map. */
export function unit(size: Size, sight: Sight): number {
  return (Math.min(size.width, size.height) * (0.5 - MARGIN) || 1) * sight.scale;
}

export function toPixels(place: Point, size: Size, sight: Sight): Point {
  const pixels = unit(size, sight);
  return { x: size.width / 2 + (place.x - sight.x) * pixels, y: size.height / 2 - (place.y - sight.y) * pixels };
}

export function toPlace(pixel: Point, size: Size, sight: Sight): Point {
  const pixels = unit(size, sight);
  return { x: sight.x + (pixel.x - size.width / 2) / pixels, y: sight.y - (pixel.y - size.height / 2) / pixels };
}

/** Never smaller than the whole, and never past its edges. */
function within({ scale, x, y }: Sight): Sight {
  const kept = Math.min(MOST_SCALE, Math.max(1, scale));
  const reach = 1 - 1 / kept;
  const clamp = (at: number) => Math.min(reach, Math.max(-reach, at)) || 0;
  return { scale: kept, x: clamp(x), y: clamp(y) };
}

/** Larger or smaller, while the place under the pixel stays there. */
export function zoomAt(sight: Sight, size: Size, pixel: Point, factor: number): Sight {
  const fixed = toPlace(pixel, size, sight);
  const scale = Math.min(MOST_SCALE, Math.max(1, sight.scale * factor));
  const pixels = unit(size, { ...sight, scale });
  return within({
    scale,
    x: fixed.x - (pixel.x - size.width / 2) / pixels,
    y: fixed.y + (pixel.y - size.height / 2) / pixels,
  });
}

/** Moved by so many pixels, as the hand that drags it. */
export function moveBy(sight: Sight, size: Size, dx: number, dy: number): Sight {
  const pixels = unit(size, sight);
  return within({ ...sight, x: sight.x - dx / pixels, y: sight.y + dy / pixels });
}

/** So that a place is in the middle. */
export function centredOn(sight: Sight, place: Point, scale = sight.scale): Sight {
  return within({ scale, x: place.x, y: place.y });
}

export class Points {
  private readonly tree: Quadtree<number>;

  constructor(
    readonly x: readonly number[],
    readonly y: readonly number[],
  ) {
    this.tree = quadtree<number>()
      .x((at) => x[at] ?? 0)
      .y((at) => y[at] ?? 0)
      .addAll(x.map((_, at) => at));
  }

  /** The point nearest to a pixel, within so many pixels. */
  at(pixel: Point, size: Size, sight: Sight, within: number): number | undefined {
    const place = toPlace(pixel, size, sight);
    return this.tree.find(place.x, place.y, within / unit(size, sight));
  }
}

export type Label<T> = { of: T; x: number; y: number; width: number; height: number };

/**
 * Labels that have room: the first come first, and what would cover one that is there, or leave the picture, is left
 * out. `x` and `y` are the middle of a label.
 */
export function placed<T>(labels: readonly Label<T>[], size: Size, gap = 4): Label<T>[] {
  const kept: Label<T>[] = [];
  for (const label of labels) {
    const [half, tall] = [label.width / 2, label.height / 2];
    if (label.x - half < 0 || label.x + half > size.width || label.y - tall < 0 || label.y + tall > size.height) continue;
    const covers = kept.some(
      (other) =>
        Math.abs(other.x - label.x) < half + other.width / 2 + gap && Math.abs(other.y - label.y) < tall + other.height / 2 + gap,
    );
    if (!covers) kept.push(label);
  }
  return kept;
}

/** Radius of a point in pixels: small where there are many, larger as one goes in. */
export function radius(points: number, scale: number): number {
  const whole = points > 50_000 ? 1 : points > 10_000 ? 1.4 : points > 2000 ? 2 : 3;
  return Math.min(7, whole * Math.sqrt(Math.sqrt(scale)) * (scale > 8 ? 1.3 : 1));
}
