// Every page of the window. A page is loaded when it is first gone to.

import type { Component } from "svelte";

import type { IconName } from "./components/Icon.svelte";
import { match, type Params } from "./lib/route";

/** A page takes `params` when its address has some. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Page = Component<any>;
export type Route = { path: string; load: () => Promise<{ default: Page }> };

/** The sidebar, top to bottom. A page belongs to the entry whose address its own begins with. */
export const SECTIONS: readonly { path: string; label: string; icon: IconName }[] = [
  { path: "/", label: "Start", icon: "start" },
  { path: "/data", label: "Data", icon: "data" },
  { path: "/compare", label: "Compare", icon: "compare" },
  { path: "/runs", label: "Runs", icon: "runs" },
  { path: "/explore", label: "Explore", icon: "explore" },
  { path: "/ask", label: "Ask", icon: "ask" },
  { path: "/studies", label: "Studies", icon: "users" },
  { path: "/models", label: "Models", icon: "models" },
  { path: "/settings", label: "Settings", icon: "settings" },
];

export const ROUTES: readonly Route[] = [
  { path: "/", load: () => import("./screens/start/Start.svelte") },
  { path: "/data", load: () => import("./screens/data/Data.svelte") },
  { path: "/data/:name", load: () => import("./screens/data/DatasetPage.svelte") },
  { path: "/import", load: () => import("./screens/data/Import.svelte") },
  { path: "/compare", load: () => import("./screens/compare/Compare.svelte") },
  { path: "/runs", load: () => import("./screens/runs/Runs.svelte") },
  { path: "/runs/:id", load: () => import("./screens/results/Results.svelte") },
  { path: "/runs/:id/watch", load: () => import("./screens/runs/Watch.svelte") },
  { path: "/runs/:id/users/:user", load: () => import("./screens/results/User.svelte") },
  { path: "/runs/:id/why", load: () => import("./screens/why/Why.svelte") },
  { path: "/explore", load: () => import("./screens/explore/Choose.svelte") },
  { path: "/explore/:dataset", load: () => import("./screens/explore/Explore.svelte") },
  { path: "/ask", load: () => import("./screens/ask/Ask.svelte") },
  { path: "/studies", load: () => import("./screens/studies/Studies.svelte") },
  { path: "/studies/new", load: () => import("./screens/studies/DesignPage.svelte") },
  { path: "/studies/:name", load: () => import("./screens/studies/StudyPage.svelte") },
  { path: "/studies/:name/design", load: () => import("./screens/studies/DesignPage.svelte") },
  { path: "/models", load: () => import("./screens/models/Models.svelte") },
  { path: "/settings", load: () => import("./screens/settings/Settings.svelte") },

  ...(import.meta.env.DEV ? [{ path: "/gallery", load: () => import("./screens/gallery/Gallery.svelte") }] : []),
];

export function find(path: string): { route: Route; params: Params } | undefined {
  for (const route of ROUTES) {
    const params = match(route.path, path);
    if (params) return { route, params };
  }
  return undefined;
}
