/* Answering: what is kept comes from this release's caches; the rest from the network. */

// Asked only where nothing is kept: giving up sooner would win nothing.
const PATIENCE = 15_000;

/** What is kept at an address; nothing where a browser cannot read its caches, so that the network is asked. */
const find = (address) => findKept(address).catch(() => undefined);

/** Find an address in the caches of this release only, so that releases never mix. */
async function findKept(address) {
  for (const name of await caches.keys()) {
    if (!name.startsWith(`${PREFIX} ${RELEASE} `)) continue;
    // Opening one that is being deleted would bring it back, empty.
    const found = await caches.match(address, { cacheName: name });
    if (found) return found;
  }
  return undefined;
}

async function fromNetwork(request) {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE);
  try {
    return await fetch(request, { signal: patience.signal });
  } finally {
    clearTimeout(timer);
  }
}

/** Whether a proxy found nobody behind it. Of ours, what has such a status is data and no page. */
const isOfAProxy = ({ status, headers }) =>
  [502, 503, 504].includes(status) && !/json/.test(headers.get("Content-Type"));

/** The person's own language, as far as it is known: for an address that names none. */
async function ownLanguage() {
  const settings = await within(RECORD_PATIENCE, recall("settings"), null);
  return settings?.language ?? (navigator.language.startsWith("en") ? "en" : "fr");
}

/** The fallback in the language that the address asks for, with a status that says so. */
async function fallback(path) {
  const language = /^\/(en|fr)\//.exec(path)?.[1] ?? (await ownLanguage());
  // The bare address chooses a language, as the server does.
  if (path === "/") return Response.redirect(`/${language}/`);
  const page = await find(`/${language}/offline`);
  if (!page) return bare(language);
  return new Response(page.body, { status: 503, headers: page.headers });
}

/** Where a browser cleared the caches and there is no network: not a blank page, but whom to call. */
function bare(language) {
  const { cleared, emergency, nurse } = WORDS[language];
  const call = (number, words) => `<p><a href="tel:${number}">${words}</a>`;
  const body = `<!doctype html><html lang="${language}"><meta charset="utf-8"><title>Lendemain</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<h1>Lendemain</h1><p>${cleared}</p>${call(911, emergency)}${call(811, nurse)}`;
  const headers = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'",
    "Referrer-Policy": "no-referrer",
  };
  return new Response(body, { status: 503, headers });
}

async function pageAt(request) {
  const { pathname } = new URL(request.url);
  const kept = await find(pathname);
  if (kept) return kept;
  try {
    const answer = await fromNetwork(request);
    return isOfAProxy(answer) ? fallback(pathname) : answer;
  } catch {
    return fallback(pathname);
  }
}

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname, search } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin || pathname === "/sw.js") return;
  if (request.mode === "navigate") event.respondWith(pageAt(request));
  else if (LISTED.has(pathname + search)) {
    event.respondWith(find(pathname + search).then((kept) => kept ?? fetch(request)));
  } else if (pathname.startsWith("/static/gen/")) {
    // A window of another release wants what is named by its content: whoever kept it may answer.
    const kept = caches.match(request).catch(() => undefined);
    event.respondWith(kept.then((found) => found ?? fetch(request)));
  }
});

const LISTED = new Set(Object.values(SETS).flat());
