/**
 * plan.js against vectors.json, whose answers come from Python's zoneinfo (tests/plan/make_vectors.py),
 * and against what must hold for every moment and zone.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as plan from "../../static/js/plan.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MONTREAL = "America/Toronto";
const EVERY_ZONE = Intl.supportedValuesOf("timeZone");
// Clocks that move by half an hour, by two, at midnight, or not at all.
const ODD_ZONES = [
  MONTREAL,
  "Africa/Cairo",
  "America/Nuuk",
  "America/Santiago",
  "America/St_Johns",
  "Antarctica/Troll",
  "Asia/Kathmandu",
  "Australia/Lord_Howe",
  "Pacific/Kiritimati",
];
const VECTORS = JSON.parse(readFileSync(new URL("../plan/vectors.json", import.meta.url), "utf8"));

const treated = (at, zone = MONTREAL) => ({ at: new Date(at).toISOString(), zone, rough: null });
const answer = ({ call, args }) => plan[call](...args);

test("the plan agrees with zoneinfo", async (suite) => {
  for (const vector of VECTORS) {
    await suite.test(vector.what, () => assert.deepEqual(answer(vector), vector.want));
  }
});

test("there are vectors enough, and some for every function", () => {
  assert.ok(VECTORS.length >= 200, `only ${VECTORS.length} vectors`);
  const asked = new Set(VECTORS.map(({ call }) => call));
  const functions = Object.keys(plan).filter((name) => typeof plan[name] === "function");
  assert.deepEqual([...asked].sort(), functions.sort());
});

test("the zone of the machine changes no answer", (t) => {
  const own = process.env.TZ;
  t.after(() => (own === undefined ? delete process.env.TZ : (process.env.TZ = own)));
  for (const zone of ["Pacific/Kiritimati", "America/St_Johns", "Pacific/Pago_Pago"]) {
    process.env.TZ = zone;
    for (const vector of VECTORS) assert.deepEqual(answer(vector), vector.want, `${vector.what}, machine in ${zone}`);
  }
});

test("what a person would say, worked out by hand", () => {
  const spring = { at: "2026-03-07T19:30:00Z", zone: MONTREAL, rough: null }; // Saturday, 14:30
  assert.equal(plan.allowedFrom(spring, 24), Date.parse("2026-03-08T15:30:00-04:00"));
  const late = { at: "2026-11-23T04:59:00Z", zone: MONTREAL, rough: null }; // Sunday, 23:59
  assert.equal(plan.dayNumber(late, Date.parse("2026-11-23T00:30:00-05:00"), MONTREAL), 1);
  assert.equal(plan.instantOf("2026-03-08T02:30", MONTREAL), Date.parse("2026-03-08T03:30:00-04:00"));
  assert.equal(plan.instantOf("2026-11-01T01:30", MONTREAL), Date.parse("2026-11-01T01:30:00-05:00"));
  assert.deepEqual(plan.endOf("morning", Date.parse("2026-11-22T15:00:00-05:00"), MONTREAL), {
    at: "2026-11-22T17:00:00.000Z",
    rough: "morning",
  });
});

test("every day from 0 to 42 has one page, every page a day, in their order", () => {
  const pages = Array.from({ length: 43 }, (_, day) => plan.stageOf(day));
  assert.deepEqual([...new Set(pages)], [...plan.STAGES]);
});

test("nothing is allowed before its hours have gone by, whatever the clocks do", () => {
  for (let at = Date.UTC(2026, 0, 1); at < Date.UTC(2027, 0, 1); at += 7 * HOUR) {
    const treatment = treated(at);
    for (const hours of [0, 4, 24, 72, 336]) {
      const from = plan.allowedFrom(treatment, hours);
      assert.equal(from - at, hours * HOUR);
      const open = (now) => plan.waits(treatment, [{ id: "makeup", hours }], now)[0].open;
      assert.deepEqual([open(from - 1), open(from)], [false, true]);
    }
  }
});

test("hours that are no number allow nothing", () => {
  for (const hours of [null, undefined, NaN, Infinity, -1, "24"]) {
    assert.throws(() => plan.allowedFrom(treated(0), hours), RangeError);
  }
});

test("the activities keep their order in the caller's list", () => {
  const activities = Object.freeze([{ id: "makeup", hours: 24 }, { id: "rinse", hours: 4 }]);
  plan.waits(treated(0), activities, 0);
  assert.deepEqual(activities.map(({ id }) => id), ["makeup", "rinse"]);
});

test("pages never turn back as time goes on in one zone", () => {
  for (const zone of ODD_ZONES) {
    for (const at of [Date.UTC(2026, 1, 25, 4, 40), Date.UTC(2026, 8, 24, 16, 10)]) {
      const treatment = treated(at, zone);
      let before = 0;
      for (let now = at; now < at + 44 * DAY; now += 15 * 60_000) {
        const { day } = plan.standing(treatment, now, zone);
        assert.ok(day === before || day === before + 1, `${zone}: day ${before}, then ${day}`);
        before = day;
      }
      assert.ok(before >= 43);
    }
  }
});

test("every zone gives a day number", () => {
  const treatment = treated("2026-11-22T19:30:00Z");
  const now = Date.parse("2026-12-02T19:30:00Z");
  for (const zone of EVERY_ZONE) {
    const day = plan.dayNumber(treatment, now, zone);
    assert.ok([9, 10, 11].includes(day), `${zone}: day ${day}`);
  }
});

test("in every zone noon belongs to its date, at every turn of the year", () => {
  for (const zone of EVERY_ZONE) {
    for (let month = 1; month <= 12; month += 1) {
      const date = `2026-${String(month).padStart(2, "0")}-15`;
      assert.equal(plan.dateIn(plan.instantOf(`${date}T12:00`, zone), zone), date, zone);
    }
  }
});

test("a one-tap end is never in the future, and has a row for it", () => {
  for (const zone of ODD_ZONES) {
    for (let now = Date.UTC(2026, 2, 6); now < Date.UTC(2026, 2, 10); now += HOUR / 4) {
      for (const row of plan.rowsOffered(now, zone).filter((row) => row !== "other")) {
        const end = Date.parse(plan.endOf(row, now, zone).at);
        assert.ok(end <= now, `${zone}: ${row} ends ${end - now} ms ahead`);
        assert.equal(plan.dateIn(end, zone), plan.dateIn(now, zone));
      }
    }
  }
});

test("an answer without an end is refused", () => {
  for (const other of ["other", "yesterday", undefined]) {
    assert.throws(() => plan.endOf(other, 0, MONTREAL), RangeError);
  }
});

test("a year typed halfway stays the year it says", () => {
  assert.equal(plan.dateIn(plan.instantOf("0202-11-22T10:00", MONTREAL), MONTREAL), "0202-11-22");
});
