/**
 * Reminders between this phone and the server, for pages and for the worker: the record says what is
 * wanted, and what is sent is always the whole of it. One at a time, under a Web Lock; what cannot be
 * sent now waits in the record for the next opening, the next push, or the network.
 *
 * Entries of the record:
 * - `reminders`: what the person wants: {on, kinds, quiet, look, plan, offset, ids, pauses, calendar}
 * - `schedule`: {language, zone, rings, later}, each ring {id, uid, slot, holds, at, until, words, page, lasts, once,
 *   language}, the last where another one was chosen since; `uid` names it in a calendar and nowhere else; `later`
 *   are those put off by an hour, with `of`, the id of what was put off
 * - `subscription`: what the server answered: {id, secret, key, endpoint, told, state, notBefore}, the last where it
 *   said when it may be asked again
 * - `shown`: {ids, receipts, confirmedAt}: what this phone has shown, and what is still to be told
 *
 * @typedef {"waiting" | "sent" | "blocked" | "lost" | "refused" | "finished"} State  `waiting` for the
 *   network, `blocked` by the person's settings, `lost` where the browser gives no address any more, or
 *   took back the permission by itself, as some do on sites that are seldom opened
 */

import { change, keep, recall } from "./record.js";

const LOCK = "lendemain reminders";
const PATIENT_MS = 10_000;
const LONGEST_WAIT = 3_600_000;
const MOST_RECEIPTS = 50;
const MOST_SHOWN = 300;

/** A random name that says nothing: 22 characters, base64url. */
export const randomId = () => base64url(crypto.getRandomValues(new Uint8Array(16)));

export function base64url(bytes) {
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes)));
  return text.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/**
 * One call of the API; `status` 0 when the server cannot be reached, or somebody else answers; `wait` is how many
 * milliseconds it wants to be left alone.
 */
export async function call(method, path, body = null, secret = null) {
  const headers = {};
  if (body) headers["Content-Type"] = "application/json";
  if (secret) headers.Authorization = `Bearer ${secret}`;
  try {
    const answer = await fetch(`/api/${path}`, {
      method,
      headers,
      body: body && JSON.stringify(body),
      cache: "no-store",
      credentials: "omit",
      // A page that is left meanwhile, for a phone call, must not take the call along.
      keepalive: true,
      signal: AbortSignal.timeout?.(PATIENT_MS),
    });
    const said = await answer.json().catch(() => null);
    // What ought to say something and does not is a page of whoever owns the network, or half an answer.
    const ours = said || [202, 204].includes(answer.status) || answer.status >= 500;
    const wait = ours ? waitOf(answer.headers.get("Retry-After") ?? "") : 0;
    return { status: ours ? answer.status : 0, body: said, wait };
  } catch {
    return { status: 0, body: null };
  }
}

/** Seconds, or a date (RFC 9110, 10.2.3). A server that is badly set up must not silence a phone for days. */
function waitOf(said) {
  const wait = /^\d+$/.test(said) ? said * 1000 : Date.parse(said) - Date.now();
  return wait > 0 ? Math.min(wait, LONGEST_WAIT) : 0;
}

/** The receipt of a push that was shown, or tapped: told now, or with the next that gets through. */
export async function acknowledge(receipt) {
  await noteRung((shown) => {
    const waiting = [...(shown?.receipts ?? []).filter((each) => each !== receipt), receipt];
    return { ...shown, receipts: waiting.slice(-MOST_RECEIPTS) };
  });
  return tellReceipts(receipt);
}

/** A push may still come once everything was deleted: nothing of it is written down. */
const noteRung = (alter) => change("shown", (shown, treatment) => (treatment ? alter(shown) : shown));

/** Tell the receipts that wait, and one that could not be written down; resolves to whether none is left. */
export async function tellReceipts(last = null) {
  const waiting = (await recall("shown"))?.receipts ?? [];
  for (const receipt of new Set(last ? [...waiting, last] : waiting)) {
    const { status } = await call("POST", "receipts", { receipt });
    // 422: not a receipt at all, so telling it again would not help.
    if (status !== 204 && status !== 422) return false;
    const told = (shown) => ({
      ...shown,
      receipts: (shown.receipts ?? []).filter((each) => each !== receipt),
      ...(status === 204 && { confirmedAt: Date.now() }),
    });
    // Stopped or deleted meanwhile: nothing of it comes back.
    await change("shown", (shown) => shown && told(shown));
  }
  return true;
}

/** Note that a reminder was shown; resolves to whether it had been before. */
export async function noteShown(id) {
  let before = false;
  await noteRung((shown) => {
    before = id in (shown?.ids ?? {});
    const ids = Object.entries({ ...shown?.ids, [id]: shown?.ids?.[id] ?? Date.now() });
    return { ...shown, ids: Object.fromEntries(ids.slice(-MOST_SHOWN)) };
  });
  return before;
}

/**
 * Bring the server to what the record says. Resolves to the `subscription` entry; null: none.
 * @param {boolean} asked  by a tap, which does not wait until the server wants to be asked again
 */
export async function sync(asked = false) {
  const mine = await bringInTurn(asked);
  // Where the browser can, it wakes the worker when there is a network again.
  if (mine?.state === "waiting") (await registered())?.sync?.register("reminders").catch(() => {});
  return mine;
}

/** What a push that arrives proves: there is a network. What waits for one is sent. */
export async function syncIfWaiting() {
  if ((await recall("subscription"))?.state === "waiting") await sync();
  else await tellReceipts();
}

/** Stop: nothing is left here, and nothing on the server as soon as it can be reached. */
export async function stop() {
  await change("reminders", (wanted) => wanted && { ...wanted, on: false });
  await keep("shown", null);
  return sync(true);
}

/** The same, and what could not be told is left to whoever asked. */
export const bringInTurn = (asked = false) =>
  navigator.locks ? navigator.locks.request(LOCK, () => bring(asked)) : bring(asked);

async function bring(asked) {
  const before = await recall("subscription");
  if (!asked && isTooEarly(before)) return before;
  await tellReceipts();
  const wanted = await recall("reminders");
  const mine = await recall("subscription");
  if (!wanted?.on) return mine && leave(mine);
  const permission = self.Notification?.permission;
  if (permission !== "granted") return note({ ...mine, state: permission === "denied" ? "blocked" : "lost" });
  const schedule = await recall("schedule");
  if (!schedule) return mine;
  const ahead = [...schedule.rings, ...schedule.later].some(({ at }) => at > Date.now());
  if (!ahead && !mine?.id) return note({ ...mine, state: "finished" });
  const answer = await call("GET", "push-key");
  return answer.status === 200 ? send(schedule, mine, answer.body.applicationServerKey) : later(mine, answer);
}

/** Never so for long after the phone's clock was set back. */
function isTooEarly(mine) {
  const left = (mine?.notBefore ?? 0) - Date.now();
  return left > 0 && left <= LONGEST_WAIT;
}

async function send(schedule, mine, key, last = false) {
  const address = await subscribed(key, mine);
  if (!address) return note({ ...mine, state: "lost" });
  const answer = mine?.id
    ? await call("PUT", `subscriptions/${mine.id}`, bodyOf(schedule, mine.told, address, key), mine.secret)
    : await call("POST", "subscriptions", bodyOf(schedule, null, address, key));
  if (answer.status === 200) return sent({ ...mine, key, endpoint: address.endpoint }, answer.body);
  if (answer.status === 201) return greet({ ...answer.body, key, endpoint: address.endpoint });
  // The key was changed between two calls, or the server no longer knows this phone.
  if (answer.status === 409 && !last) return send(schedule, mine, answer.body.current, true);
  if ([401, 404].includes(answer.status) && mine?.id) return beginAgain(schedule, key);
  const refused = answer.status >= 400 && answer.status < 500 && answer.status !== 429;
  return refused ? note({ ...mine, state: "refused" }) : later(mine, answer);
}

/**
 * A row that is gone is made again while something is ahead; past ones are not brought back. Its push
 * service may have called the address gone, so the new row comes with a new one.
 */
async function beginAgain(schedule, key) {
  await unsubscribe();
  const ahead = [...schedule.rings, ...schedule.later].some(({ at }) => at > Date.now());
  return ahead ? send(schedule, null, key, true) : note({ state: "finished" });
}

async function greet(mine) {
  await note({ ...mine, state: "waiting" });
  const answer = await call("GET", `subscriptions/${mine.id}`, null, mine.secret);
  return answer.status === 200 ? sent(mine, answer.body) : later(mine, answer);
}

const sent = (mine, told) => note({ ...mine, told, state: "sent", sentAt: Date.now(), notBefore: 0 });

const later = (mine, { wait }) => note({ ...mine, state: "waiting", ...(wait && { notBefore: Date.now() + wait }) });

async function note(mine) {
  await keep("subscription", mine);
  return mine;
}

/** What the server still lists stays on the list: it is how its outcome is learned. */
function bodyOf({ language, rings, later }, told, subscription, applicationServerKey) {
  const listed = new Set(told?.reminders.map(({ id }) => id));
  const reminders = [...rings, ...later]
    .filter(({ id, at }) => at > Date.now() || listed.has(id))
    .map(({ id, at, until }) => ({ id, at: utc(at), until: utc(until) }));
  return { language, reminders, subscription: subscription.toJSON(), applicationServerKey };
}

const utc = (instant) => new Date(instant).toISOString();

/** Stop the pushes first, then tell the server; without a network it is told later, and that is all
    that is kept until then. */
async function leave(mine) {
  await unsubscribe();
  if (mine.id) {
    const answer = await call("DELETE", `subscriptions/${mine.id}`, null, mine.secret);
    const { id, secret } = mine;
    if (![204, 401, 404].includes(answer.status)) return later({ id, secret }, answer);
  }
  return note(null);
}

/** No browser gives an address before a worker runs, and on a first visit it is still on its way. */
async function registered() {
  if (self.registration) return self.registration;
  // Some browsers refuse to say.
  const there = await navigator.serviceWorker?.getRegistration().catch(() => null);
  if (!there || there.active) return there;
  return within(PATIENT_MS, navigator.serviceWorker.ready, there);
}

/** What a promise comes to, or something else where that takes too long. */
export const within = (patience, promise, otherwise) =>
  Promise.race([promise, new Promise((resolve) => setTimeout(resolve, patience, otherwise))]);

/**
 * Have a tapped link wait for what the tap writes: a page that is left breaks that off. A phone that
 * never finishes holds nobody up.
 */
export async function followOnce(written, link, tap) {
  if (tap.ctrlKey || tap.metaKey || tap.shiftKey) return;
  tap.preventDefault();
  await within(1000, written);
  location.assign(link.href);
}

export async function subscriptionHere() {
  return (await registered())?.pushManager?.getSubscription() ?? null;
}

/** A browser that has none, or will not let go of it, is no reason to go on. */
export async function unsubscribe() {
  try {
    await (await subscriptionHere())?.unsubscribe();
  } catch (fault) {
    console.warn("Not unsubscribed:", fault.name);
  }
}

/** This browser's subscription with the server's present key: the one there is, or a new one. */
async function subscribed(key, mine) {
  try {
    const there = await subscriptionHere();
    if (there && keyOf(there, mine) === key) return there;
    await there?.unsubscribe();
    const { pushManager } = await registered();
    const asked = pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    // Where its push service is out of reach a browser tries for minutes, and whoever stops would wait as long.
    return await within(2 * PATIENT_MS, asked, null);
  } catch (fault) {
    console.warn("No subscription:", fault.name);
    return null;
  }
}

function keyOf(subscription, mine) {
  const { applicationServerKey } = subscription.options ?? {};
  if (applicationServerKey) return base64url(applicationServerKey);
  return subscription.endpoint === mine?.endpoint ? mine.key : null;
}
