/**
 * The record: what a person enters, kept on this phone only, read by pages and by the worker alike.
 * Entries are small plain values by name. Where the phone refuses to keep them they last for this visit.
 *
 * @typedef {"treatment" | "settings" | "ticks" | "reminders" | "schedule" | "subscription" | "shown" | "clinic" |
 *   "situations" | "answers" | "notices" | "acknowledged" | "links"} Name
 */

const DATABASE = "lendemain";
const SCHEMA = 1;
const STORE = "record";
/** Every entry there may be. */
export const ENTRIES = [
  "treatment", "settings", "ticks", "reminders", "schedule", "subscription", "shown", "clinic",
  "situations", "answers", "notices", "acknowledged", "links",
];
const WITNESS = "lendemain.began";
const REFUSED = Symbol("refused");

let handle = null;
const unfinished = new Set();
let lasting = true;
const forThisVisit = new Map();

/** Whether what is entered outlives this visit. */
export const lasts = () => lasting;

/**
 * Read one entry. What this visit holds is newer than what the phone could not replace.
 * @param {Name} name
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
 * @param {Name} name
 * @param {object | null} value  null removes it
 */
export async function keep(name, value) {
  await change(name, () => value);
}

/**
 * Change one entry by what it was, with nobody else's change in between: not another tab's, not the
 * worker's.
 * @param {Name} name
 * @param {(before: any, treatment: any) => object | null} alter  pure; it may be called again; null removes the entry
 * @param {string | null} plan  the treatment's id when what is written is about it: once that one was
 *   deleted or replaced, in whatever tab, the entry stays as it is
 * @returns {Promise<any>}  what the entry is now
 */
export async function change(name, alter, plan = null) {
  let after = null;
  let known = false;
  const altered = (before, treatment) => {
    const mine = visit("treatment") ?? treatment;
    const now = visit(name) ?? before ?? null;
    return plan === null || mine?.id === plan ? alter(now, mine) : now;
  };
  const kept = await onPhone("readwrite", (store) => {
    const [asked, treatment] = [store.get(name), store.get("treatment")];
    treatment.onsuccess = () => {
      try {
        after = altered(asked.result, treatment.result);
        known = true;
        if (after === null) store.delete(name);
        else store.put(after, name);
        store.transaction.commit?.();
      } catch (fault) {
        asked.fault = fault;
        store.transaction.abort();
      }
    };
    return asked;
  });
  // A full phone can still be read: only the writing was refused.
  if (kept === REFUSED && !known) after = altered();
  visit(name, kept === REFUSED ? after : null);
  return after;
}

/**
 * What may outlive the database where a browser clears that: that there was a treatment, and nothing
 * of it. Not in the worker, which has no such store.
 */
export function witness(there) {
  try {
    if (there) localStorage.setItem(WITNESS, "1");
    else localStorage.removeItem(WITNESS);
  } catch {
    // Nothing is kept here at all, or the phone is full.
  }
}

/** Whether something here tells that there was a treatment. */
export function witnessed() {
  try {
    return localStorage.getItem(WITNESS) !== null;
  } catch {
    return false;
  }
}

/**
 * Remove everything that was entered and put these entries in its place, all at once.
 * @param {Object<Name, object | null>} left  null removes it as well
 */
export async function forgetAll(left = {}) {
  witness(Boolean(left.treatment));
  const there = Object.entries(left).filter(([, value]) => value);
  ENTRIES.forEach((name) => visit(name, null));
  const kept = await onPhone("readwrite", (store) => {
    const cleared = store.clear();
    for (const [name, value] of there) store.put(value, name);
    return cleared;
  });
  if (kept !== REFUSED) return;
  // On a full phone nothing can be put in its place, and it must go all the same.
  if (!left.treatment) await onPhone("readwrite", (store) => store.clear());
  there.forEach(([name, value]) => visit(name, value));
}

/**
 * WebKit keeps a page that is left as it stands, and a transaction with it: every other page and the worker
 * would wait for that one for ever (WebKit bug 315804). So it is broken off, and begun again if the page comes back.
 */
if (globalThis.document) {
  addEventListener("pagehide", () => {
    for (const each of unfinished) {
      try {
        each.abort();
        each.left = true;
      } catch {
        // It is being committed: nothing can stop that, and nothing is needed from this page any more.
      }
    }
  });
}

function track(transaction) {
  unfinished.add(transaction);
  for (const end of ["complete", "abort"]) transaction.addEventListener(end, () => unfinished.delete(transaction));
}

/**
 * Run one request; a handle that died (WebKit loses them) is opened anew, once.
 * Resolves to its result, or to REFUSED when the phone keeps nothing or is full.
 */
async function onPhone(mode, request) {
  for (let tries = 2; ; ) {
    try {
      return await transact(await opened(), mode, request);
    } catch (fault) {
      handle = null;
      if (!fault.left) tries -= 1;
      if (tries && fault.name !== "QuotaExceededError") continue;
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
    track(transaction);
    transaction.oncomplete = () => resolve(asked.result);
    transaction.onabort = () => reject(asked.fault ?? aborted(transaction));
  });
}

const aborted = ({ error, left }) => Object.assign(error ?? new DOMException("", "AbortError"), { left });

function opened() {
  handle ??= new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, SCHEMA);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore(STORE);
      track(opening.transaction);
    };
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

/**
 * Close the database before the browser throws it away: Chromium 156 lets what is asked of an open one in that
 * moment wait for ever, now and then.
 */
export async function letGo() {
  const closing = handle;
  handle = null;
  (await closing?.catch(() => null))?.close();
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
