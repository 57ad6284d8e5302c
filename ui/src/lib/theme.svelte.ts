// Light, dark, or what the system says; and the size of text. Both are set before the first paint from what this web view
// remembers; the workspace keeps both too, for a web view that was closed before it remembered.

import { setWindowTheme } from "./window";
import type { Preferences, ThemeChoice } from "./wire";

export const TEXT_SIZES = [100, 125, 150, 175, 200] as const;

const THEME_KEY = "semid.theme";
const SIZE_KEY = "semid.text-size";
const SYSTEM_DARK = matchMedia("(prefers-color-scheme: dark)");

class Theme {
  choice: ThemeChoice = $state(readChoice());
  textSize: number = $state(readSize());
  private systemDark = $state(SYSTEM_DARK.matches);

  /** Whether the window is dark now: charts are asked for in this theme. */
  get dark(): boolean {
    return this.choice === "system" ? this.systemDark : this.choice === "dark";
  }

  constructor() {
    SYSTEM_DARK.addEventListener("change", (event) => {
      this.systemDark = event.matches;
      this.apply();
    });
    this.apply();
  }

  choose(choice: ThemeChoice) {
    this.choice = choice;
    keep(THEME_KEY, choice);
    this.apply();
    // The frame follows the page; where it cannot, the page is right all the same.
    setWindowTheme(choice).catch(() => undefined);
  }

  /** Whether this web view remembers both; if not, the workspace may. */
  get remembered(): boolean {
    return stored(THEME_KEY) !== null && stored(SIZE_KEY) !== null;
  }

  /** Takes from the workspace what this web view does not remember. */
  adopt({ theme, text_size }: Preferences) {
    if (stored(THEME_KEY) === null) this.choose(theme);
    const size = TEXT_SIZES.find((size) => size === text_size);
    if (stored(SIZE_KEY) === null && size !== undefined) this.resize(size);
  }

  resize(percent: number) {
    this.textSize = percent;
    keep(SIZE_KEY, String(percent));
    this.apply();
  }

  private apply() {
    document.documentElement.dataset.theme = this.dark ? "dark" : "light";
    document.documentElement.style.fontSize = this.textSize === 100 ? "" : `${this.textSize}%`;
  }
}

function readChoice(): ThemeChoice {
  const kept = stored(THEME_KEY);
  return kept === "light" || kept === "dark" ? kept : "system";
}

function readSize(): number {
  const kept = Number(stored(SIZE_KEY));
  return TEXT_SIZES.some((size) => size === kept) ? kept : 100;
}

function stored(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function keep(key: string, value: string) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // A web view without storage forgets the choice; nothing else depends on it.
  }
}

export const theme = new Theme();
