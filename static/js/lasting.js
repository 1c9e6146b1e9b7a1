/** How long what was entered lasts: whether the browser has promised to keep it, and whether it did. */

import { keepsGuide } from "./keep.js";
import { lasts, witnessed } from "./record.js";
import { agent } from "./browser.js";

const { storage } = navigator;

/** Whether this browser has promised to keep what was entered. */
export const promised = async () => Boolean(await storage?.persisted?.().catch(() => false));

/**
 * Ask it to; resolves to whether it has promised. Firefox puts the question to the person, so there
 * it is only asked from a button that says so.
 */
export async function askToLast(byButton = false) {
  if (await promised()) return true;
  if (!storage?.persist || (!byButton && /Firefox\//.test(agent))) return false;
  return storage.persist().catch(() => false);
}

/**
 * What became of a treatment that is not on this phone, though something else here tells of one.
 * @returns {Promise<"cleared" | "unreadable" | null>}
 */
export async function missing() {
  if (!witnessed() && !(await keepsGuide())) return null;
  return lasts() ? "cleared" : "unreadable";
}
