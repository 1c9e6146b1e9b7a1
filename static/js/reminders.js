/** Reminders: what rings and when, and one calm notice when it does not work. */

import { dayNumber, inAnHour, ownWaits, schedule, stageOf, STAGES, unseenInARow } from "./plan.js";
import { change, recall } from "./record.js";
import { acknowledge, randomId, sync } from "./sync.js";
import { phoneZone, words } from "./wording.js";

const HOUR_MS = 3_600_000;
const PAUSE = 12 * HOUR_MS;
// Later there is little left to ring for.
const LAST_DAY_OF_OFFER = 14;

const PATIENCE_FOR_RULES = 5000;

export const USUAL = { on: false, quiet: { from: "21:30", to: "07:30" }, look: "neutral", calendar: 0, uids: {} };
// States in which nothing can ring, whatever is due.
const DEAD = ["blocked", "lost", "refused"];

/** What the protocol says may ring, in a language; null where it is neither kept nor to be had. */
export async function rulesOf({ protocol, version, variant }, language) {
  try {
    const address = `/${language}/${protocol}/${version}/${variant}/reminders.json`;
    const answer = await fetch(address, { signal: AbortSignal.timeout?.(PATIENCE_FOR_RULES) });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

/** What is wanted for this plan; another plan has another offset and other names, but in a calendar. */
function settled(wanted, treatment, rules) {
  const usual = { ...USUAL, kinds: [rules.kinds[0].id], ...wanted };
  if (usual.plan === treatment.id) return usual;
  return { ...usual, plan: treatment.id, offset: Math.floor(Math.random() * 15), ids: {}, pauses: [] };
}

/**
 * Write down when this phone is to ring. Resolves to {rules, wanted, past, later}; null without the rules,
 * or when the treatment was deleted or replaced meanwhile: then nothing is written.
 */
export async function writeDown(treatment, language) {
  const rules = await rulesOf(treatment, language);
  const zone = phoneZone();
  if (!rules) {
    // What another treatment was to ring must not ring for this one.
    const nothing = { plan: treatment.id, language, zone, rings: [], later: [] };
    await change("schedule", (then) => (then?.plan === treatment.id ? then : nothing), treatment.id);
    return null;
  }
  const before = await recall("schedule");
  const known = before?.plan === treatment.id ? before.rings : [];
  const asOf = Date.now();
  // What has been stays as it was, whatever is chosen now: it is what the server knows.
  const been = known.filter(({ at }) => at <= asOf).map(worded(before));
  const own = ownWaits(await recall("clinic"));
  const past = { rung: been.flatMap(({ holds }) => holds), rangAt: been.map(({ at }) => at), own };
  const wanted = await change("reminders", (then) => {
    const now = settled(then, treatment, rules);
    const slots = schedule(treatment, rules.reminders, { ...now, ...past }, zone).map(({ slot }) => slot);
    const named = (names) => ({ ...Object.fromEntries(slots.map((slot) => [slot, randomId()])), ...names });
    return { ...now, ids: named(now.ids), uids: named(now.uids) };
  }, treatment.id);
  if (wanted?.plan !== treatment.id) return null;
  // What was over before it was planned never rings, and nobody misses it.
  const rings = ringsOf(treatment, rules, { ...wanted, ...past }, zone).filter(
    ({ id, at }) => at > asOf || known.some((ring) => ring.id === id),
  );
  const written = await change("schedule", (then) => {
    const putOff = then?.plan === treatment.id ? then.later.map(worded(then)) : [];
    const rest = { rings: [...been, ...rings], later: stillWanted(putOff, wanted, zone) };
    return { plan: treatment.id, language, zone, ...rest };
  }, treatment.id);
  return written?.plan === treatment.id ? { rules, wanted, past, later: written.later } : null;
}

/** What stays keeps its words, and so their language. */
const worded = (written) => (ring) => ({ language: written.language, ...ring });

/** What was put off keeps to the quiet hours of now as well, and to a pause. */
function stillWanted(putOff, wanted, zone) {
  const paused = ({ at }) => wanted.pauses.some(({ from, until }) => from <= at && at < until);
  const moved = (ring) => ({ ...ring, ...inAnHour(ring.asked, ring.lasts, wanted, zone) });
  return putOff.map((ring) => (ring.at > Date.now() ? moved(ring) : ring)).filter((ring) => !paused(ring));
}

export function ringsOf(treatment, rules, wanted, zone) {
  return schedule(treatment, rules.reminders, wanted, zone).map(({ slot, holds, at, until, reminders }) => {
    const [{ page, lasts, once }] = reminders;
    // A clinic's longest wait, moved out of the night, ends on the day after the last page.
    const day = stageOf(Math.max(0, dayNumber(treatment, at, zone))) ?? STAGES.at(-1);
    const { protocol, version, variant } = treatment;
    return {
      id: wanted.ids[slot],
      uid: wanted.uids[slot],
      slot,
      holds,
      at,
      until,
      lasts,
      ...(once && { once }),
      ...(reminders.some((each) => movedBy(wanted.own, each)) && { theirs: true }),
      words: reminders.map((each) => each.words),
      page: page === "day" ? `${protocol}/${version}/${variant}/day-${day}` : page,
    };
  });
}

/** Whether the clinic's own waits say when a reminder rings. */
const movedBy = (own, { opens = {} }) => Object.keys(opens).some((name) => name in own);

/** At an opening: what is written down is brought up to date, and the server with it. */
export async function refresh(treatment, language, everyTime) {
  const [wanted, written, mine] = await Promise.all(["reminders", "schedule", "subscription"].map(recall));
  if (!wanted?.on) {
    if (mine) await sync();
    return;
  }
  const changed =
    written?.plan !== treatment.id || written.language !== language || written.zone !== phoneZone();
  if (!everyTime && !changed && mine?.state !== "waiting") return;
  await writeDown(treatment, language);
  await sync();
}

/** A tap on a notification that no worker heard of leads here with its receipt: it counts as shown. */
export function takeReceipt() {
  const [, receipt] = /^#r=([\w-]{1,64})$/.exec(location.hash) ?? [];
  if (!receipt) return;
  history.replaceState(history.state, "", location.pathname + location.search);
  return acknowledge(receipt);
}

/** Whoever was told to get help has other things to think of: nothing rings for twelve hours. */
export async function pauseReminders(treatment, language, now) {
  const paused = (wanted) =>
    wanted && { ...wanted, pauses: [...(wanted.pauses ?? []), { from: now, until: now + PAUSE }] };
  if (!(await change("reminders", paused))?.on) return;
  // A page that is left for the call at once leaves this to the next opening.
  await change("subscription", (mine) => mine && { ...mine, state: "waiting" });
  await writeDown(treatment, language);
  await sync();
}

/** On Get help: a call to 911 or 811 pauses the reminders. */
export function pauseOnCalls(main, treatment, language) {
  for (const link of main.querySelectorAll('[data-pauses] a[href^="tel:"]')) {
    link.addEventListener("click", async () => {
      // Another tab may have changed it since this page was opened.
      pauseReminders((await recall("treatment")) ?? treatment, language, Date.now());
    });
  }
}

/** What Today says when reminders do not come: none, that the last ones are unconfirmed, or that none can. */
async function silence() {
  const [wanted, written, mine, shown] = await Promise.all(
    ["reminders", "schedule", "subscription", "shown"].map(recall),
  );
  if (!wanted?.on || !mine) return "";
  const told = new Map((mine.told?.reminders ?? []).map((each) => [each.id, each]));
  const rings = (written?.rings ?? [])
    .filter(({ at }) => at > wanted.since)
    .map(({ id, at }) => ({ id, at, seen: Boolean(told.get(id)?.seen_at ?? shown?.ids?.[id]) }));
  // As of the last word of the server: what it was not asked for since may have come all the same.
  const count = unseenInARow(rings, mine.sentAt ?? 0);
  if (count >= 2) return words("silence", { n: count });
  const never = mine.state === "sent" && !mine.told.confirmed && Date.now() - wanted.since > HOUR_MS;
  return never || DEAD.includes(mine.state) ? words("cannot_ring") : "";
}

/** On Today: want the notice that reminders do not come, or else the offer of some. */
export async function noticeReminders(main, treatment) {
  const notice = main.querySelector("[data-notice=silence]");
  const said = await silence();
  notice.querySelector("[data-count]").textContent = said;
  notice.toggleAttribute("data-wanted", Boolean(said));
  const [wanted, answers] = await Promise.all(["reminders", "notices"].map(recall));
  const had = wanted?.since || wanted?.calendar || answers?.reminders;
  const day = dayNumber(treatment, Date.now(), phoneZone());
  const offered = !had && day >= 0 && day <= LAST_DAY_OF_OFFER;
  main.querySelector("[data-notice=reminders]").toggleAttribute("data-wanted", offered);
  notice.dataset.looked = "";
}
