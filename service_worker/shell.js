/* RELEASE, SETS (addresses by the name of their kept set) and CORRECTED (names of corrections by family) are
   written above this by the server.
   A kept set is whole or not there: its last entry is DONE. Everything kept is of this one release. */

const PREFIX = "lendemain";
const SHELL = "shell";
const DONE = "/kept-whole";
const AT_ONCE = 6;

// Told when every guide is dropped: one that is still being kept must not outlive that.
let dropping = new AbortController();

const cacheOf = (set) => `${PREFIX} ${RELEASE} ${set}`;

/** The sets that this phone keeps, of whichever release. */
async function setsOnThisPhone() {
  const names = (await caches.keys()).filter((name) => name.startsWith(`${PREFIX} `));
  return [...new Set(names.map((name) => name.split(" ").slice(2).join(" ")))];
}

const isKept = async (set) => Boolean(await caches.match(DONE, { cacheName: cacheOf(set) }));

/** Fetch one entry as everybody would get it: no cookies, no redirect, the type it should have. */
async function fetchEntry(address, signal) {
  const hashed = address.startsWith("/static/gen/");
  const answer = await fetch(address, {
    signal,
    cache: hashed ? "default" : "reload",
    credentials: "omit",
    redirect: "error",
  });
  const type = answer.headers.get("Content-Type") ?? "";
  const wanted = typeOf(address);
  if (answer.status !== 200 || answer.redirected || !type.startsWith(wanted)) {
    throw new Error(`${address}: ${answer.status} ${type}`);
  }
  if (!(await isOfThisRelease(answer.clone(), wanted))) {
    throw new Error(`${address}: of another release`);
  }
  return answer;
}

/** A server that was updated meanwhile answers with pages and data that this release must not keep. */
async function isOfThisRelease(answer, type) {
  if (type === "application/json") return (await answer.json()).release === RELEASE;
  if (type !== "text/html") return true;
  return (await answer.text()).includes(`<meta name="release" content="${RELEASE}">`);
}

function typeOf(address) {
  const ending = /\.(css|js|json|svg|webmanifest)(?:\?|$)/.exec(address)?.[1];
  return {
    css: "text/css",
    js: "text/javascript",
    json: "application/json",
    svg: "image/svg",
    webmanifest: "application/manifest+json",
  }[ending] ?? "text/html";
}

/** Keep one set whole; on any failure, and when it is dropped meanwhile, nothing of it is left. */
async function keepWhole(set, signal) {
  if (await isKept(set)) return;
  signal?.throwIfAborted();
  const cache = await caches.open(cacheOf(set));
  const left = [...SETS[set]];
  const carry = async () => {
    for (let address = left.pop(); address; address = left.pop()) {
      await cache.put(address, await fetchEntry(address, signal));
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, carry));
    signal?.throwIfAborted();
    await cache.put(DONE, new Response(RELEASE));
  } catch (fault) {
    left.length = 0;
    await caches.delete(cacheOf(set));
    throw fault;
  }
}

/** Several tabs may ask for the same set at once: it is carried once. */
const underWay = new Map();
function keepOnce(set, signal) {
  if (!underWay.has(set)) {
    underWay.set(set, keepWhole(set, signal).finally(() => underWay.delete(set)));
  }
  return underWay.get(set);
}

/** Every guide goes, also one that was asked for and is not here yet. */
async function dropGuides() {
  dropping.abort();
  dropping = new AbortController();
  const guides = [...underWay].filter(([set]) => set !== SHELL);
  await Promise.allSettled(guides.map(([, keeping]) => keeping));
  // A release that waits asks the same of its own: neither takes the other's shell.
  await dropWhere((name) => name.startsWith(`${PREFIX} `) && !name.endsWith(` ${SHELL}`));
}

/** The shell and every set this phone keeps: one failure and the old release stays whole. */
async function install() {
  const { signal } = dropping;
  // After a server went back, what is installed anew may be the release that is active.
  const before = await caches.keys();
  const guides = new Set((await setsOnThisPhone()).filter((set) => set in SETS && set !== SHELL));
  const keepAll = async () => {
    await keepOnce(SHELL);
    for (const set of guides) await keepOnce(set, signal);
  };
  try {
    await keepAll();
    // What the browser or an older worker threw away meanwhile is fetched once more.
    await keepAll();
  } catch (fault) {
    await dropWhere((name) => name.startsWith(`${PREFIX} ${RELEASE} `) && !before.includes(name));
    throw fault;
  }
  // Nothing changes under a reader's eyes, but the next page they open says what was wrong.
  if (await correctsThisPhone()) await takeOver();
}

/** Whether the version that is followed here was corrected, and nobody here has read that yet. */
async function correctsThisPhone() {
  const followed = await recall("treatment");
  const told = CORRECTED[`${followed?.protocol}/${followed?.version}`] ?? [];
  if (!told.length) return false;
  const read = (await recall("acknowledged")) ?? [];
  return told.some((each) => !read.includes(each));
}

async function dropWhere(unwanted) {
  const names = await caches.keys();
  await Promise.all(names.filter(unwanted).map((name) => caches.delete(name)));
}

const isOthers = (name) => name.startsWith(`${PREFIX} `) && !name.startsWith(`${PREFIX} ${RELEASE} `);

async function activate() {
  // Not waited for: a page that comes back in the new release would wait as well.
  dropOld();
  // Only a first visit has windows without a worker; claiming them reloads nothing.
  await clients.claim();
}

/** What older releases kept goes once no window of theirs is open: it may still need what it names. */
async function dropOld() {
  const others = (await caches.keys()).filter(isOthers);
  if (!others.length || nextComes()) return;
  const windows = await clients.matchAll({ type: "window", includeUncontrolled: true });
  const releases = await Promise.all(windows.map(releaseOf));
  // Windows take their time to answer, and the next release may have begun to come.
  if (releases.some((release) => release !== RELEASE) || nextComes()) return;
  await Promise.all(others.map((name) => caches.delete(name)));
}

/** While the next release comes or waits, what is not of this one may be the next one's. */
const nextComes = () => Boolean(registration.waiting ?? registration.installing);

/** Which release a window is of; none when it does not say. */
function releaseOf(window) {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => resolve(data);
    setTimeout(resolve, 1000, null);
    window.postMessage({ release: true }, [port2]);
  });
}

async function answer({ keep, kept, drop, take }) {
  if (take) return takeOver();
  if (drop) return dropGuides().then(() => true);
  const { signal } = dropping;
  await dropOld();
  const set = keep ?? kept;
  if (!(set in SETS)) return false;
  if (!keep) return isKept(set);
  // A browser that cleared the caches and left the worker took the shell as well.
  return Promise.all([keepOnce(SHELL), keepOnce(set, signal)]).then(() => isKept(set), () => false);
}

addEventListener("install", (event) => event.waitUntil(install()));
addEventListener("activate", (event) => event.waitUntil(activate()));
addEventListener("message", (event) => {
  const said = answer(event.data).catch(() => false);
  event.waitUntil(said.then((given) => event.ports[0]?.postMessage(given)));
});
