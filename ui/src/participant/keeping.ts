// Where answers are kept while a session is under way: in the browser's database, which says when a record is on the disk;
// where a page opened as a file has none, in its plain storage; and where it has neither, in memory, which the page then
// says. Records are only ever added: a second window of the same session cannot write over the answers of the first.

export type Keeping = {
  /** Whether records outlive the page. */
  lasting: boolean;
  /** All records whose key begins so, in the order of their keys. */
  all: (prefix: string) => Promise<[key: string, value: unknown][]>;
  /** Adds a record; false when its key is taken. Durable when it returns. */
  add: (key: string, value: unknown) => Promise<boolean>;
  remove: (key: string) => Promise<void>;
};

/** The best that this browser has. */
export async function openKeeping(): Promise<Keeping> {
  for (const open of [openDatabase, openStorage]) {
    try {
      const keeping = await inTime(open());
      const probe = `probe ${Date.now()} ${Math.random()}`;
      await inTime(keeping.add(probe, true));
      await inTime(keeping.remove(probe));
      return keeping;
    } catch {
      // Not in this browser, or not for files: the next may be.
    }
  }
  return inMemory();
}

/** Some browsers neither open nor refuse their database while they are private. */
function inTime<T>(work: Promise<T>): Promise<T> {
  return Promise.race([work, new Promise<never>((_, fail) => setTimeout(() => fail(new Error("No answer.")), 3000))]);
}

async function openDatabase(): Promise<Keeping> {
  const opening = indexedDB.open("semid-answers", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("kept");
  const database = await answered(opening);
  const change = (work: (store: IDBObjectStore) => void) =>
    new Promise<void>((resolve, reject) => {
      const all = database.transaction("kept", "readwrite", { durability: "strict" });
      all.oncomplete = () => resolve();
      all.onabort = all.onerror = () => reject(all.error ?? new Error("The browser did not keep the answer."));
      work(all.objectStore("kept"));
    });
  return {
    lasting: true,
    async all(prefix) {
      const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
      const store = database.transaction("kept").objectStore("kept");
      const [keys, values] = await Promise.all([answered(store.getAllKeys(range)), answered(store.getAll(range))]);
      return keys.map((key, at) => [String(key), values[at] as unknown]);
    },
    async add(key, value) {
      try {
        await change((store) => store.add(value, key));
        return true;
      } catch (error) {
        if (error instanceof DOMException && error.name === "ConstraintError") return false;
        throw error;
      }
    },
    remove: (key) => change((store) => store.delete(key)),
  };
}

function answered<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("The browser's database does not answer."));
  });
}

function openStorage(): Promise<Keeping> {
  const { localStorage } = globalThis;
  const name = (key: string) => `semid.answers/${key}`;
  return Promise.resolve({
    lasting: true,
    async all(prefix) {
      const found = Object.keys(localStorage).filter((key) => key.startsWith(name(prefix)));
      return found.sort().map((key) => [key.slice(name("").length), parsed(localStorage.getItem(key))]);
    },
    async add(key, value) {
      if (localStorage.getItem(name(key)) !== null) return false;
      localStorage.setItem(name(key), JSON.stringify(value));
      return true;
    },
    async remove(key) {
      localStorage.removeItem(name(key));
    },
  });
}

export function inMemory(): Keeping {
  const records = new Map<string, unknown>();
  return {
    lasting: false,
    all: async (prefix) => [...records].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1)),
    async add(key, value) {
      if (records.has(key)) return false;
      records.set(key, value);
      return true;
    },
    async remove(key) {
      records.delete(key);
    },
  };
}

function parsed(text: string | null): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}
