// Colours of first codes. Seven can be told apart, also with the common kinds of colour-blindness; what comes after the
// seventh has none of its own.

export const COLOURS = 7;

/** Which of the seven a code has by its place among the codes with most items; none after the seventh. */
export function colourAt(place: number): number | null {
  return place >= 0 && place < COLOURS ? place + 1 : null;
}

/** Where each code stands when the most used comes first. Equally used codes stand in the order of their codes. */
export function places(codes: readonly { code: number; items: number }[]): Map<number, number> {
  const order = [...codes].sort((a, b) => b.items - a.items || a.code - b.code);
  return new Map(order.map(({ code }, place) => [code, place]));
}

export function colourVariable(colour: number | null): string {
  return colour === null ? "var(--chart-neutral)" : `var(--chart-series-${colour})`;
}
