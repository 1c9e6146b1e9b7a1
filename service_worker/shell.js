/* RELEASE and SETS (addresses by the name of their kept set) are written above this by the server.
   A kept set is whole or not there: its last entry is DONE. Everything kept is of this one release. */

const PREFIX = "lendemain";
const SHELL = "shell";
const DONE = "/kept-whole";
const AT_ONCE = 6;

const cacheOf = (set) => `${PREFIX} ${RELEASE} ${set}`;

/** The sets that this phone keeps, of whichever release. */
async function setsOnThisPhone() {
  const names = (await caches.keys()).filter((name) => name.startsWith(`${PREFIX} `));
  return [...new Set(names.map((name) => name.split(" ").slice(2).join(" ")))];
}

async function isKept(set) {
  if (!(await caches.has(cacheOf(set)))) return false;
  return Boolean(await (await caches.open(cacheOf(set))).match(DONE));
}

/** Fetch one entry as everybody would get it: no cookies, no redirect, the type it should have. */
async function fetchEntry(address) {
  const hashed = address.startsWith("/static/gen/");
  const answer = await fetch(address, {
    cache: hashed ? "default" : "reload",
    credentials: "omit",
    redirect: "error",
  });
  const type = answer.headers.get("Content-Type") ?? "";
  const wanted = typeOf(address);
  if (answer.status !== 200 || answer.redirected || !type.startsWith(wanted)) {
    throw new Error(`${address}: ${answer.status} ${type}`);
  }
  if (wanted === "text/html" && !(await isOfThisRelease(answer.clone()))) {
    throw new Error(`${address}: of another release`);
  }
  return answer;
}

/** A server that was updated meanwhile answers with pages that this release must not keep. */
async function isOfThisRelease(page) {
  return (await page.text()).includes(`<meta name="release" content="${RELEASE}">`);
}

function typeOf(address) {
  const ending = /\.(css|js|svg|webmanifest)(?:\?|$)/.exec(address)?.[1];
  return {
    css: "text/css",
    js: "text/javascript",
    svg: "image/svg",
    webmanifest: "application/manifest+json",
  }[ending] ?? "text/html";
}

/** Keep one set whole; on any failure nothing of it is left, and the failure goes on. */
async function keepWhole(set) {
  if (await isKept(set)) return;
  const cache = await caches.open(cacheOf(set));
  const left = [...SETS[set]];
  const carry = async () => {
    for (let address = left.pop(); address; address = left.pop()) {
      await cache.put(address, await fetchEntry(address));
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, carry));
    await cache.put(DONE, new Response(RELEASE));
  } catch (fault) {
    left.length = 0;
    await caches.delete(cacheOf(set));
    throw fault;
  }
}

/** Several tabs may ask for the same set at once: it is carried once. */
const underWay = new Map();
function keepOnce(set) {
  if (!underWay.has(set)) {
    underWay.set(set, keepWhole(set).finally(() => underWay.delete(set)));
  }
  return underWay.get(set);
}

/** The shell and every set this phone keeps: one failure and the old release stays whole. */
async function install() {
  const sets = [SHELL, ...(await setsOnThisPhone())].filter((set) => set in SETS);
  try {
    for (const set of new Set(sets)) await keepOnce(set);
  } catch (fault) {
    await dropWhere((name) => name.startsWith(`${PREFIX} ${RELEASE} `));
    throw fault;
  }
}

async function dropWhere(unwanted) {
  const names = await caches.keys();
  await Promise.all(names.filter(unwanted).map((name) => caches.delete(name)));
}

async function activate() {
  await dropWhere(
    (name) => name.startsWith(`${PREFIX} `) && !name.startsWith(`${PREFIX} ${RELEASE} `),
  );
  // Only a first visit has windows without a worker; claiming them reloads nothing.
  await clients.claim();
}

async function answer({ keep, kept, drop }) {
  if (drop) {
    await dropWhere((name) => name.startsWith(`${PREFIX} `) && name !== cacheOf(SHELL));
    return true;
  }
  const set = keep ?? kept;
  if (!(set in SETS)) return false;
  return keep ? keepOnce(set).then(() => true, () => false) : isKept(set);
}

addEventListener("install", (event) => event.waitUntil(install()));
addEventListener("activate", (event) => event.waitUntil(activate()));
addEventListener("message", (event) => {
  event.waitUntil(answer(event.data).then((said) => event.ports[0]?.postMessage(said)));
});
