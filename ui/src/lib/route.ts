// Addresses of the window's pages, `#/runs/12?tab=charts`, taken apart and put together. No DOM in here.

export type Params = Readonly<Record<string, string>>;
export type Address = { path: string; query: URLSearchParams };

/** The address in a location's hash. */
export function parse(hash: string): Address {
  const [path = "", query = ""] = hash.replace(/^#/, "").split(/\?(.*)/s);
  const clean = "/" + path.split("/").filter(Boolean).join("/");
  return { path: clean, query: new URLSearchParams(query) };
}

/** The parameters of a path under a pattern, `/runs/:id`; none when the path is not of that pattern. */
export function match(pattern: string, path: string): Params | undefined {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [at, part] of wanted.entries()) {
    const value = given[at] ?? "";
    if (part.startsWith(":")) {
      const decoded = decode(value);
      if (!decoded) return undefined;
      params[part.slice(1)] = decoded;
    } else if (part !== value) {
      return undefined;
    }
  }
  return params;
}

/** A hash for a pattern with its parameters, each escaped: `href("/data/:name", {name})`. */
export function href(
  pattern: string,
  params: Record<string, string | number> = {},
  query: Record<string, string | number | boolean | null | undefined> = {},
): string {
  const path = pattern.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(params[name] ?? "")));
  const kept = Object.entries(query).filter(([, value]) => value != null && value !== "" && value !== false);
  const search = new URLSearchParams(kept.map(([name, value]) => [name, String(value)])).toString();
  return `#${path}${search && `?${search}`}`;
}

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
