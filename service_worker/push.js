/* Ringing: every push shows exactly one notification, whatever it carries. WORDS (by language), ICON
   and BADGE are written above this by the server; plan, record and sync are the pages' own modules. */

const NAME = /^[A-Za-z0-9_-]{1,32}$/;
const RECEIPT = /^[A-Za-z0-9_-]{1,64}$/;
// Rings that were asked for just now: they sound however often they come.
const ASKED_FOR = new Set(["welcome", "test"]);
// A phone whose storage hangs still rings: a push without a notification costs the subscription.
const RECORD_PATIENCE = 2000;

/** What a push says, as far as it can be understood. */
function read(event) {
  const given = event.notification ?? parsed(event.data)?.notification ?? {};
  const data = given.data ?? {};
  return {
    title: typeof given.title === "string" ? given.title.trim().slice(0, 120) : "",
    language: given.lang === "en" ? "en" : "fr",
    id: fitting(NAME, data.id),
    receipt: fitting(RECEIPT, data.receipt),
    navigate: typeof given.navigate === "string" ? given.navigate : "",
  };
}

const fitting = (pattern, text) => (typeof text === "string" && pattern.test(text) ? text : null);

function parsed(data) {
  try {
    const found = data.json();
    return typeof found === "object" ? found : null;
  } catch {
    return null;
  }
}

/** What this phone knows of a ring: its words when the person chose them, the page it opens. */
async function known(id) {
  const [schedule, wanted] = [await recall("schedule"), await recall("reminders")];
  const ring = ringsOn(schedule).find((each) => each.id === id);
  const repeated = id !== null && !ASKED_FOR.has(id) && (await noteShown(id));
  const waits = ring && wanted && Boolean(inAnHourOf(ring, wanted));
  return { ring, repeated, waits, language: schedule?.language, worded: wanted?.look === "words" };
}

async function ring(event) {
  const push = read(event);
  const here = await within(RECORD_PATIENCE, known(push.id).catch(() => ({})), {});
  await show(push, here);
  if (push.receipt) await acknowledge(push.receipt);
  await tellWindows(push.id);
  await syncIfWaiting();
}

async function show({ title, language, id, receipt, navigate }, here) {
  const worded = here.worded && here.ring;
  const said = worded?.language ?? here.language ?? language;
  const words = WORDS[said];
  const [first, ...others] = worded ? worded.words : [];
  const neutral = id === "welcome" ? words.welcome : words.reminder;
  const url = here.ring ? `${location.origin}/${said}/${here.ring.page}` : ownAddress(navigate, said);
  const opens = receipt ? `${url.split("#")[0]}#r=${receipt}` : url;
  const sounds = ASKED_FOR.has(id);
  const options = {
    body: others.join("\n"),
    lang: said,
    dir: "ltr",
    tag: id ?? "reminder",
    icon: ICON,
    badge: BADGE,
    navigate: opens,
    data: { id, receipt, navigate: opens },
    ...(sounds ? { renotify: true } : { silent: Boolean(here.repeated) }),
    ...(here.ring && { actions: actions(words, here.waits) }),
  };
  const heading = first ?? (here.language && said !== language ? neutral : title || neutral);
  try {
    await registration.showNotification(heading, options);
  } catch {
    // What one browser refuses of the options must not cost the notification.
    await registration.showNotification(heading, { tag: options.tag, data: options.data });
  }
}

// Without an address of their own: with one, some browsers would go there instead of telling us.
const actions = ({ done, hour }, waits) => [
  { action: "done", title: done },
  ...(waits ? [{ action: "hour", title: hour }] : []),
];

/** An address of this site, or Today: a push leads nowhere else. */
function ownAddress(address, language) {
  try {
    const url = new URL(address, location.origin);
    if (url.origin === location.origin) return url.href;
  } catch {
    // Not an address at all.
  }
  return `${location.origin}/${language}/today`;
}

async function tapped({ action, notification }) {
  const { id, receipt, navigate } = notification.data ?? {};
  const opens = () => openWindow(ownAddress(navigate, notification.lang === "en" ? "en" : "fr"));
  // What cannot wait any more is not dropped without a word: its page opens.
  const acts = { hour: async () => (await putOff(id)) || opens(), done: () => done(id) };
  // One that fails does not take the other along.
  await Promise.allSettled([(acts[action] ?? opens)(), receipt && acknowledge(receipt)]);
}

const openWindows = () => clients.matchAll({ type: "window", includeUncontrolled: true });

/** What became of reminders while a screen was looking: one rang, or the server was told. */
async function tellWindows(rang) {
  for (const each of await openWindows()) each.postMessage({ rang });
}

/** The open app at this page, or the open app led there, or a new window. */
async function openWindow(address) {
  const windows = await openWindows();
  const { pathname } = new URL(address);
  const there = windows.find(({ url }) => new URL(url).pathname === pathname) ?? windows[0];
  try {
    await there.focus();
  } catch {
    // No window, or none that may be focused.
    return clients.openWindow(address);
  }
  if (new URL(there.url).pathname === pathname) return there;
  // A window that this worker does not control goes there by itself.
  return there.navigate(address).catch(() => there.postMessage({ go: address }));
}

const ringsOn = (schedule) => [...(schedule?.rings ?? []), ...(schedule?.later ?? [])];

/** When a ring rings again that is put off now; null where that would be too late to be useful. */
function inAnHourOf({ lasts }, wanted) {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  // As in the pages: Intl itself refuses the name of a zone that was never set.
  const zone = timeZone === "Etc/Unknown" ? "UTC" : timeZone;
  const asked = Date.now();
  const again = inAnHour(asked, lasts, wanted, zone);
  const paused = wanted.pauses.some(({ from, until }) => from <= again.at && again.at < until);
  return paused || again.at > asked + (1 + lasts) * 3_600_000 ? null : { ...again, asked };
}

/** "In an hour": one more instant, by the same rules. Resolves to whether there is one. */
async function putOff(id) {
  const wanted = await recall("reminders");
  let put = false;
  await change("schedule", (schedule) => {
    const first = ringsOn(schedule).find((each) => each.id === id);
    const again = first && wanted && inAnHourOf(first, wanted);
    put = Boolean(again);
    if (!put) return schedule;
    const others = schedule.later.filter(({ of }) => of !== (first.of ?? id));
    const names = { id: randomId(), uid: randomId(), of: first.of ?? id };
    return { ...schedule, later: [...others, { ...first, ...again, ...names }] };
  });
  if (put) await sync();
  return put;
}

/** "Done": ticked where it has a tick, and nothing of it rings again. */
async function done(id) {
  const schedule = await recall("schedule");
  const first = ringsOn(schedule).find((each) => each.id === id);
  if (!first) return;
  if (first.once) {
    // A tick is of the day that it rang for, however late it is answered.
    const date = dateIn(first.asked ?? first.at, schedule.zone);
    const ticked = (ticks) => ({ ...ticks, [date]: [...new Set([...(ticks?.[date] ?? []), first.once])] });
    await change("ticks", ticked, schedule.plan);
  }
  const putOff = ({ of, at }) => of === (first.of ?? id) && at > Date.now();
  if (!schedule.later.some(putOff)) return;
  await change("schedule", (now) => now && { ...now, later: now.later.filter((each) => !putOff(each)) });
  await sync();
}

/**
 * Woken for what waits. Failing says that it still does: the browser tries again, ever later. To ask to be woken
 * anew from here would wake this at once, and again, for as long as the server is in trouble.
 */
async function woken() {
  if ((await bringInTurn())?.state === "waiting") throw new Error("The server was not told yet.");
  await tellWindows(null);
}

addEventListener("push", (event) => event.waitUntil(ring(event)));
addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(tapped(event));
});
addEventListener("pushsubscriptionchange", (event) => event.waitUntil(sync()));
addEventListener("sync", (event) => event.waitUntil(woken()));
