/** Keeping the guide offline: the page asks, the service worker keeps. */

import { recall } from "./record.js";

const workers = navigator.serviceWorker;

const HOURLY = 3_600_000;
const REGISTERING = 2000;
const DROPPING = 5000;
const TAKING = 4000;
// A guide on a slow network takes its time; a worker that was stopped never answers.
const ANSWERING = 60_000;

let registering = null;

/** What is registered here, if anything: some browsers refuse to say. */
const registrationHere = () => workers?.getRegistration().catch(() => null);

/** Start the worker, resolved once there is one; nothing is lost without. `announce` is told of a release that waits. */
export async function startWorker(announce) {
  if (!workers) return;
  workers.addEventListener("message", listenToWorker);
  registering = workers.register("/sw.js", { updateViaCache: "none" });
  const watching = registering
    .then((registration) => watch(registration, announce))
    .catch((fault) => console.warn("No service worker:", fault.name));
  // Registering waits for a release that is being installed. Whoever asked the worker that is there only
  // then would ask it while it gives way.
  const there = await registrationHere();
  if (!there?.active) await watching;
}

/**
 * Resolves once the page may be left, and what else it began is done, but soon: WebKit never finishes the
 * worker of a page that was left while it was still asking for it, and keeps nothing until the browser is closed.
 */
export function mayLeave(begun) {
  const soon = new Promise((resolve) => setTimeout(resolve, REGISTERING));
  return Promise.race([Promise.allSettled([registering, begun]), soon]);
}

/**
 * A worker asks its windows which release they are of, before it drops what an older one kept; and one
 * that it may not lead somewhere itself is asked to go there.
 */
function listenToWorker({ data, ports }) {
  if (data?.release) ports[0].postMessage(document.querySelector("meta[name=release]").content);
  if (data?.go && new URL(data.go).origin === location.origin) location.assign(data.go);
}

/** Look for a new release when the page is seen again, hourly at most: an installed app rarely reloads. */
function watch(registration, announce) {
  const tell = () => registration.waiting && workers.controller && announce(registration.waiting);
  tell();
  registration.addEventListener("updatefound", () =>
    registration.installing?.addEventListener("statechange", tell),
  );
  let looked = Date.now();
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible" || Date.now() - looked < HOURLY) return;
    looked = Date.now();
    registration.update().catch(() => {});
  });
}

/** Come back in the release that was announced: one reload, because it was asked for. */
export async function takeOver(announced) {
  // In another window, or unasked because it corrects something, it may have taken over already.
  if (announced.state === "installed") await giveWay(announced);
  location.reload();
}

/** Let the release that waits take over without a reload; resolves once it has, or soon. */
function giveWay(waiting) {
  const taken = new Promise((resolve) => workers.addEventListener("controllerchange", resolve, { once: true }));
  const patience = new Promise((resolve) => setTimeout(resolve, TAKING));
  waiting.postMessage({ take: true });
  return Promise.race([taken, patience]);
}

/** The kept set of a treatment's guide in one language. */
export const setOf = ({ protocol, version, variant }, language) =>
  `${protocol}/${version}/${variant}/${language}`;

/**
 * Keep one set whole; resolves to whether it is on this phone now, and to null where nothing can be kept.
 * A worker keeps what is of its own release only. When the server has the next one already, that one has
 * to take over for anything more to be kept: nothing is reloaded, and the next page is of it.
 */
export async function keepSet(set) {
  const kept = await ask({ keep: set });
  if (kept !== false) return kept;
  const registration = await registrationHere();
  if (!registration?.installing && !registration?.waiting) return false;
  if (registration.installing) await changed(registration.installing);
  if (registration.waiting) await giveWay(registration.waiting);
  // Deleted meanwhile: nothing is kept again.
  return set === SHELL_SET || (await recall("treatment")) ? ask({ keep: set }) : false;
}

/**
 * Begin to keep a set, for a page that is left at once. The release that waits takes over before: a page
 * that is opened while it does may wait in Chromium for an answer in vain.
 */
export async function beginToKeep(set) {
  const registration = await registrationHere();
  if (registration?.waiting) await giveWay(registration.waiting);
  ask({ keep: set });
}

/** Resolves to whether a set is on this phone. */
export const isKept = (set) => ask({ kept: set });

/** Remove every kept set but the shell, which is the same on every phone, and what notifications lie about. */
export async function dropSets() {
  const registration = await registrationHere();
  for (const each of (await registration?.getNotifications?.()) ?? []) each.close();
  // One that is on its way may be keeping a guide as well.
  const all = ["installing", "waiting", "active"].map((state) => registration?.[state]).filter(Boolean);
  const patience = new Promise((resolve) => setTimeout(resolve, DROPPING));
  const answers = Promise.all(all.map((worker) => put(worker, { drop: true })));
  const dropped = await Promise.race([answers, patience]);
  if (dropped?.length && dropped.every(Boolean)) return;
  // No worker of ours answers: nobody but this page can.
  const guides = (await cacheNames()).filter((name) => !name.endsWith(" shell"));
  await Promise.allSettled(guides.map((name) => caches.delete(name)));
}

/** The names of the caches, as far as this browser says. */
const cacheNames = () => (self.caches?.keys() ?? Promise.resolve([])).catch(() => []);

/** Whether any guide is on this phone: told by its caches, so that it is known without a worker. */
export async function keepsGuide() {
  return (await cacheNames()).some((name) => name.startsWith("lendemain ") && name.includes("/"));
}

/** The set that every phone keeps. */
export const SHELL_SET = "shell";

async function ask(question) {
  const registration = await registrationHere();
  const worker = registration && (registration.active ?? (await arrived(registration)));
  return worker ? put(worker, question) : null;
}

/** Resolves once a worker is no longer what it is now. */
const changed = (worker) =>
  new Promise((resolve) => worker.addEventListener("statechange", resolve, { once: true }));

/** Resolves to a worker's answer; to false where none comes: a browser may have stopped it. */
const put = (worker, question) =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => resolve(data);
    setTimeout(resolve, ANSWERING, false);
    worker.postMessage(question, [port2]);
  });

/** The worker that is on its way, once it can be asked; null when it gave up. `ready` tells of the first one for ever. */
function arrived(registration) {
  const coming = registration.installing ?? registration.waiting;
  return new Promise((resolve) => {
    if (!coming) return resolve(registration.active);
    coming.addEventListener("statechange", () => {
      if (coming.state !== "installed") resolve(registration.active);
    });
  });
}
