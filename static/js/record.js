/**
 * The record: what a person enters, kept on this phone only. Entries are small plain values by name:
 * `treatment`, `settings`, `ticks`. Where the phone refuses to keep them they last for this visit.
 */

const DATABASE = "lendemain";
const SCHEMA = 1;
const STORE = "record";
const ENTRIES = ["treatment", "settings", "ticks"];
const REFUSED = Symbol("refused");

let handle = null;
let lasting = true;
const forThisVisit = new Map();

/** Whether what is entered outlives this visit. */
export const lasts = () => lasting;

/**
 * Read one entry. What this visit holds is newer than what the phone could not replace.
 * @param {"treatment" | "settings" | "ticks"} name
 * @returns {Promise<any>}  null when there is none
 */
export async function recall(name) {
  const here = visit(name);
  if (here) lasting = false;
  const kept = here ?? (await onPhone("readonly", (store) => store.get(name)));
  return kept === REFUSED ? null : (kept ?? null);
}

/**
 * Write one entry whole; resolves once it is safely on disk, or kept for this visit only.
 * @param {"treatment" | "settings" | "ticks"} name
 * @param {object} value
 */
export async function keep(name, value) {
  const kept = await onPhone("readwrite", (store) => store.put(value, name));
  visit(name, kept === REFUSED ? value : null);
}

/** Remove everything that was entered. */
export async function forgetAll() {
  ENTRIES.forEach((name) => visit(name, null));
  await onPhone("readwrite", (store) => store.clear());
}

/**
 * Run one request; a handle that died (WebKit loses them) is opened anew, once.
 * Resolves to its result, or to REFUSED when the phone keeps nothing or is full.
 */
async function onPhone(mode, request) {
  for (const last of [false, true]) {
    try {
      return await transact(await opened(), mode, request);
    } catch (fault) {
      handle = null;
      if (!last && fault.name !== "QuotaExceededError") continue;
      console.warn("The record cannot be kept on this phone:", fault.name);
      lasting = false;
      return REFUSED;
    }
  }
}

function transact(database, mode, request) {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(STORE, mode, { durability: "strict" });
    const asked = request(transaction.objectStore(STORE));
    transaction.oncomplete = () => resolve(asked.result);
    transaction.onabort = () => reject(transaction.error ?? new DOMException("", "AbortError"));
  });
}

function opened() {
  handle ??= new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, SCHEMA);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      // Another tab brings a newer schema, or the browser closes it: open again when next needed.
      database.onversionchange = () => {
        database.close();
        handle = null;
      };
      database.onclose = () => (handle = null);
      resolve(database);
    };
  });
  return handle;
}

/** Read or write an entry for this visit: the tab's storage, or memory where even that is refused. */
function visit(name, value) {
  const key = `${DATABASE}.${name}`;
  try {
    if (value === null) sessionStorage.removeItem(key);
    else if (value !== undefined) sessionStorage.setItem(key, JSON.stringify(value));
    return JSON.parse(sessionStorage.getItem(key));
  } catch {
    if (value !== undefined) forThisVisit.set(name, value);
    return forThisVisit.get(name);
  }
}
