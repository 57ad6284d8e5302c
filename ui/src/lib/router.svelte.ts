// The page the window is on, from the hash of its address. Pages link with plain `<a href={href(…)}>`.

import { type Address, href, parse } from "./route";

class Router {
  current: Address = $state.raw(parse(location.hash));

  constructor() {
    addEventListener("hashchange", () => (this.current = parse(location.hash)));
  }

  /** Goes to another page. */
  go(pattern: string, ...rest: Parameters<typeof href> extends [string, ...infer R] ? R : never) {
    location.hash = href(pattern, ...rest);
  }

  /** Changes the query of this page without a new entry in the history: tabs, sorting, filters. */
  set(changes: Record<string, string | number | boolean | null | undefined>) {
    const query: Record<string, string | number | boolean | null | undefined> = {
      ...Object.fromEntries(this.current.query),
      ...changes,
    };
    const hash = href(encodePath(this.current.path), {}, query);
    history.replaceState(null, "", hash);
    this.current = parse(hash);
  }
}

/** A parsed path as it stands; a colon in it is not a parameter. */
function encodePath(path: string): string {
  return path.replaceAll(":", "%3A");
}

export const router = new Router();
export { href };
