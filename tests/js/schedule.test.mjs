/**
 * What must hold of the rings in every zone, whatever is asked for. Clocks are read here by an Intl of
 * the test's own; which instant is right is decided by vectors.json and by tests/plan/test_campaign.py.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as plan from "../../static/js/plan.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MONTREAL = "America/Toronto";
// A third of the zones every day; all of them with the long campaigns.
const EVERY_ZONE = Intl.supportedValuesOf("timeZone")
  .filter((_, number) => process.env.LONG || number % 3 === 0);
const QUIETS = [["21:00", "08:00"], ["22:30", "07:15"], ["23:00", "00:00"], ["00:00", "06:00"], ["13:00", "15:30"], ["00:00", "00:00"]];

const REMINDERS = [
  { id: "rinse", importance: 1, lasts: 4, opens: { rinse: 4 } },
  { id: "cream", importance: 1, lasts: 10, opens: { moisturizer: 24, mineral: 24 } },
  { id: "makeup", importance: 2, lasts: 24, opens: { makeup: 48 } },
  { id: "exercise", importance: 3, lasts: 24, opens: { exercise: 72 }, after: { sweat: 48 } },
  { id: "look", importance: 1, lasts: 9, days: [3, 7, 21], at: "10:00" },
  { id: "actives", importance: 2, lasts: 24, opens: { retinoid: 168 } },
  { id: "halfway", importance: 4, lasts: 1, hours: 36.4 },
  ...["02:30", "09:00", "12:00", "15:00", "20:00", "23:30"].map((at, place) => ({
    id: `daily${place}`, importance: (place % 4) + 1, lasts: place + 1, days: [0, 1, 2, 4], at, after: { rinse: 4 },
  })),
].map((reminder) => ({ kind: "essential", page: "0", words: "…", ...reminder }));
const DAYS = REMINDERS.flatMap(({ id, days }) => (days ? days.map((day) => `${id}.${day}`) : [id]));
// Far apart, with no day that could come before the treatment wherever the phone is.
const FAR_APART = REMINDERS.filter(({ id }) => ["cream", "exercise", "look", "actives"].includes(id));

const wishes = (more) => ({ kinds: ["essential"], quiet: { from: "21:00", to: "08:00" }, offset: 7, ...more });
const treated = (at, zone) => ({ at: new Date(at).toISOString(), zone, rough: null });

const clocks = new Map();
function clock(instant, zone) {
  const made = clocks.get(zone) ?? new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "short", timeZone: zone });
  clocks.set(zone, made);
  const [date, time] = made.format(instant).split(" ");
  return { date, time };
}

function quietAt(instant, { from, to }, zone) {
  const { time } = clock(instant, zone);
  return from < to ? from <= time && time < to : from > to && (from <= time || time < to);
}

/** The changes of a zone's clock in 2026, to the day; any day where there is none. */
function changes(zone) {
  const offset = (instant) => {
    const { date, time } = clock(instant, zone);
    return Date.parse(`${date}T${time}Z`) - instant;
  };
  const changed = (from, until) => offset(from) !== offset(until);
  const weeks = Array.from({ length: 48 }, (_, week) => Date.UTC(2026, 0, 1 + 7 * week));
  const days = weeks.filter((week) => changed(week, week + 7 * DAY)).flatMap((week) => [0, 1, 2, 3, 4, 5, 6].map((day) => week + day * DAY));
  const found = days.filter((day) => changed(day, day + DAY));
  return found.length ? found : [Date.UTC(2026, 5, 10)];
}

/** Some plan for every zone and clock change: quiet hours, offset and waits change from one to the next. */
function* cases() {
  let number = 0;
  for (const zone of EVERY_ZONE) {
    for (const change of changes(zone)) {
      number += 1;
      const [from, to] = QUIETS[number % QUIETS.length];
      const own = number % 3 ? {} : { makeup: 60, rinse: 8, exercise: 50 };
      const there = number % 5 ? zone : EVERY_ZONE[(number * 7) % EVERY_ZONE.length];
      const treatment = treated(change - 40 * HOUR + (number % 48) * HOUR + (number % 60) * MINUTE + number, there);
      yield { zone, treatment, preferences: wishes({ quiet: { from, to }, offset: number % 15, own }) };
    }
  }
}

const CASES = [...cases()].map((each) => ({
  ...each,
  rings: plan.schedule(each.treatment, REMINDERS, each.preferences, each.zone),
  saying: `${each.zone}, treated ${each.treatment.at} in ${each.treatment.zone}, ${JSON.stringify(each.preferences)}`,
}));

const SOME_CASES = CASES.filter((_, place) => place % 4 === 0);

function everyRing(check) {
  for (const { rings, ...asked } of CASES) for (const ring of rings) check(ring, asked);
}

test("there are rings enough to say anything", () => {
  assert.ok(CASES.length > EVERY_ZONE.length);
  for (const { rings, saying } of CASES) assert.ok(rings.length >= 12, saying);
});

test("no reminder rings before what it speaks of is allowed", () => {
  everyRing(({ at, reminders }, { treatment, preferences: { own }, saying }) => {
    for (const { id, opens, hours = 0, after } of reminders) {
      const waits = Object.entries({ ...opens, ...after }).map(([name, usual]) => own[name] ?? usual);
      const allowed = Date.parse(treatment.at) + Math.max(hours, 0, ...waits) * HOUR;
      assert.ok(at >= allowed, `${id} ${(allowed - at) / MINUTE} minutes early: ${saying}`);
    }
  });
});

test("a reminder of a day does not ring before its hour of that day", () => {
  for (const { zone, treatment, preferences } of SOME_CASES) {
    const dayZero = Date.parse(clock(Date.parse(treatment.at), treatment.zone).date);
    for (const reminder of REMINDERS.filter(({ days }) => days)) {
      for (const day of reminder.days) {
        const rings = plan.schedule(treatment, [{ ...reminder, days: [day] }], preferences, zone);
        const meant = `${new Date(dayZero + day * DAY).toISOString().slice(0, 10)} ${reminder.at}`;
        for (const ring of rings) {
          const { date, time } = clock(ring.at, zone);
          assert.ok(`${date} ${time}` >= meant, `${reminder.id}: ${date} ${time}, not ${meant}, ${zone}`);
        }
      }
    }
  }
});

test("the phone never rings in the quiet hours that its clock shows", () => {
  everyRing(({ at }, { preferences: { quiet }, zone, saying }) => {
    assert.ok(!quietAt(at, quiet, zone), `${clock(at, zone).time}: ${saying}`);
  });
});

test("the phone rings three times a day at most, never twice at once, and in order", () => {
  for (const { rings, zone, saying } of CASES) {
    const days = new Map();
    rings.forEach(({ at }, place) => {
      const { date } = clock(at, zone);
      days.set(date, (days.get(date) ?? 0) + 1);
      assert.ok(!place || rings[place - 1].at < at, saying);
    });
    assert.ok(Math.max(...days.values()) <= 3, saying);
  }
});

/** What a phone has rung for and will, when its app is opened some minutes after each ring, as it writes it down. */
function opened(treatment, wanted, minutes) {
  let written = plan.schedule(treatment, REMINDERS, wanted, treatment.zone);
  const first = written.flatMap(({ holds }) => holds);
  for (let now = 0; ; ) {
    const next = written.find(({ at }) => at > now);
    if (!next) return { written, first };
    now = next.at + minutes * MINUTE;
    const been = written.filter(({ at }) => at <= now);
    const past = { rung: been.flatMap(({ holds }) => holds), rangAt: been.map(({ at }) => at) };
    const ahead = plan.schedule(treatment, REMINDERS, { ...wanted, ...past }, treatment.zone);
    // What comes out behind now would never be sent.
    written = [...been, ...ahead.filter(({ at }) => at > now)];
  }
}

test("an app that is opened after each ring rings no more often, and for nothing less", () => {
  for (let hour = 0; hour < 24; hour += 1) {
    for (const minutes of [0, 2, 40]) {
      const treatment = treated(Date.UTC(2026, 5, 10, hour, 20), MONTREAL);
      const { written, first } = opened(treatment, wishes(), minutes);
      const dates = written.map(({ at }) => clock(at, MONTREAL).date);
      const many = Math.max(...dates.map((date) => dates.filter((each) => each === date).length));
      assert.ok(many <= 3, `${many} a day, treated at ${hour}:20, opened ${minutes} minutes later`);
      const held = written.flatMap(({ holds }) => holds);
      assert.deepEqual(held.toSorted(), first.toSorted(), `treated at ${hour}:20, opened ${minutes} minutes later`);
    }
  }
});

test("a ring is useful for a quarter of an hour to a day, and into no quiet hours", () => {
  everyRing(({ at, until, reminders }, { preferences: { quiet }, zone, saying }) => {
    const longest = Math.max(...reminders.map(({ lasts }) => lasts));
    assert.ok(at + 15 * MINUTE <= until && until <= at + Math.min(24, longest) * HOUR, saying);
    for (let late = at + 15 * MINUTE; late < until; late += 30 * MINUTE) {
      assert.ok(!quietAt(late, quiet, zone), `${clock(late, zone).time}, until ${clock(until, zone).time}: ${saying}`);
    }
  });
});

test("what is meant to ring is in exactly one ring", () => {
  for (const { rings, treatment, preferences, zone, saying } of SOME_CASES) {
    for (const reminder of REMINDERS) {
      // Alone, with nothing to be joined to, it says how many moments it has.
      const alone = plan.schedule(treatment, [reminder], preferences, zone);
      const moments = alone.flatMap(({ reminders }) => reminders).length;
      const held = rings.flatMap(({ reminders }) => reminders).filter(({ id }) => id === reminder.id);
      assert.equal(held.length, moments, `${reminder.id}: ${saying}`);
      const all = reminder.days?.length ?? 1;
      assert.ok(moments === all || reminder.days?.includes(0), `${reminder.id}: ${moments} of ${all}, ${saying}`);
    }
  }
});

test("every ring has a name of its own, after a reminder in it", () => {
  for (const { rings, saying } of CASES) {
    assert.equal(new Set(rings.map(({ slot }) => slot)).size, rings.length, saying);
    for (const { slot, reminders } of rings) {
      assert.ok(DAYS.includes(slot), `${slot}: ${saying}`);
      assert.ok(reminders.some(({ id }) => id === slot.split(".")[0]), `${slot}: ${saying}`);
    }
  }
});

test("the most important reminder of a ring comes first", () => {
  everyRing(({ reminders }, { saying }) => {
    const given = reminders.map(({ importance }) => importance);
    assert.deepEqual(given, given.toSorted((one, other) => one - other), saying);
  });
});

test("a pause takes away the rings within it and changes no other", () => {
  for (const { rings, treatment, preferences, zone, saying } of CASES) {
    const [from, until] = [rings[2].at, rings[5].at];
    const paused = plan.schedule(treatment, REMINDERS, { ...preferences, pauses: [{ from, until }] }, zone);
    assert.deepEqual(paused, rings.filter(({ at }) => at < from || until <= at), saying);
  }
});

test("a journey changes no ring's name", () => {
  const treatment = treated("2026-06-10T18:37:00Z", MONTREAL);
  const names = plan.schedule(treatment, FAR_APART, wishes(), MONTREAL).map(({ slot }) => slot).sort();
  assert.equal(names.length, 6);
  for (const zone of EVERY_ZONE) {
    const there = plan.schedule(treatment, FAR_APART, wishes(), zone).map(({ slot }) => slot);
    assert.deepEqual(there.sort(), names, zone);
  }
});

test("the order in which reminders are written changes no ring", () => {
  const distinct = REMINDERS.map((reminder, place) => ({ ...reminder, importance: place }));
  for (const { treatment, preferences, zone, saying } of SOME_CASES) {
    const given = plan.schedule(treatment, distinct, preferences, zone);
    assert.deepEqual(plan.schedule(treatment, distinct.toReversed(), preferences, zone), given, saying);
  }
});

test("asking for the rings changes nothing of what was asked with", () => {
  const frozen = (value) => {
    Object.values(value).filter((each) => each && typeof each === "object").forEach(frozen);
    return Object.freeze(value);
  };
  const asked = structuredClone([treated(0, MONTREAL), REMINDERS, wishes({ pauses: [], own: { makeup: 3 } })]);
  assert.ok(plan.schedule(...frozen(asked), MONTREAL).length);
});

test("what is put off an hour rings an hour to 89 minutes later, or when the quiet hours are over", () => {
  for (const zone of EVERY_ZONE) {
    for (const change of changes(zone)) {
      for (let now = change - 5 * HOUR + 1234; now < change + 30 * HOUR; now += 101 * MINUTE) {
        const quiet = { from: "21:00", to: "08:00" };
        const { at, until } = plan.inAnHour(now, 6, { quiet, offset: 14 }, zone);
        const most = quietAt(now + 60 * MINUTE, quiet, zone) || quietAt(now + 89 * MINUTE, quiet, zone) ? 14 * HOUR : 89 * MINUTE;
        assert.ok(now + HOUR <= at && at <= now + most, `${zone}: ${(at - now) / MINUTE} minutes`);
        assert.ok(!quietAt(at, quiet, zone) && at + 15 * MINUTE <= until && until <= at + 6 * HOUR, zone);
      }
    }
  }
});
