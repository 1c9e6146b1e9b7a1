/** pack.js: a file holds all but what is this phone's own, and a file that is not right changes nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { pack, unpack } from "../../static/js/pack.js";

const NOW = Date.parse("2026-11-26T12:00:00Z");
const GUIDES = ["microneedling/draft/standard"];
const RING = {
  id: "aB3_", uid: "u-1", slot: "exercise", holds: ["exercise"], at: NOW, until: NOW + 1, lasts: 6,
  words: ["Makeup is allowed", "and sport"], page: "microneedling/draft/standard/day-3",
};
const ENTRIES = {
  treatment: {
    id: "2f1c9a4e-7d55", protocol: "microneedling", version: "draft", variant: "standard",
    at: "2026-11-24T15:30:00.000Z", rough: "morning", zone: "America/Toronto",
  },
  settings: { language: "fr", later: { size: 3 } },
  ticks: { "2026-11-24": ["rinse"], "2026-11-25": [] },
  reminders: {
    on: true, kinds: ["essential"], quiet: { from: "21:30", to: "07:30" }, look: "words", plan: "2f1c9a4e-7d55", offset: 14,
    ids: { exercise: "aB3_", "look.3": "x" }, uids: { exercise: "u-1" }, pauses: [{ from: 1, until: 2 }], calendar: 2, since: 7,
  },
  schedule: { plan: "2f1c9a4e-7d55", language: "fr", zone: "America/Toronto", rings: [RING], later: [{ ...RING, of: "aB3_" }] },
  shown: { ids: { aB3_: 5 }, receipts: ["secret-receipt"], confirmedAt: 6 },
  subscription: { id: "row", secret: "secret-secret", endpoint: "https://push.example/secret" },
  links: { used: ["secret-link"], deleted: [] },
  clinic: { name: "Clinique", phone: "514 555-0123", hours: "9 h\n17 h", waits: { makeup: 48 } },
  situations: ["cold-sores"],
  notices: { install: "dismissed" },
  acknowledged: ["c1"],
};
const copy = () => JSON.parse(pack(structuredClone(ENTRIES)));
const open = (file) => unpack(typeof file === "string" ? file : JSON.stringify(file), GUIDES, NOW);

test("a file comes back as it was, but for what was this phone's own, and with reminders off", () => {
  const { entries, rang } = open(pack(ENTRIES));
  const { subscription, links, ...rest } = structuredClone(ENTRIES);
  assert.deepEqual(entries, { ...rest, shown: { ids: rest.shown.ids }, reminders: { ...rest.reminders, on: false } });
  assert.equal(rang, true);
  assert.equal(open(pack({ treatment: ENTRIES.treatment })).rang, false);
  assert.ok(ENTRIES.reminders.on, "what was packed stays as it was");
});

test("what people paste into a field is no fault of their file", () => {
  // A tab out of a table, and what a newer phone draws and this one does not know yet.
  const clinic = { ...ENTRIES.clinic, name: "Clinique\tLune \u{1fbff}", hours: "9 h\r\n17 h" };
  assert.deepEqual(open(pack({ ...ENTRIES, clinic })).entries?.clinic, clinic);
});

test("no address, secret, receipt or link is in a file", () => {
  assert.doesNotMatch(pack(ENTRIES), /secret|subscription|receipt/);
});

test("what is no file of ours is refused as such", () => {
  for (const text of ["", "{", "null", "[]", "7", '{"format":"other","number":1,"entries":{}}', '{"format":"lendemain","entries":{}}',
    '{"format":"lendemain","number":1,"entries":[]}', '{"format":"lendemain","number":"1","entries":{}}']) {
    assert.deepEqual(open(text), { fault: { why: "format" } }, text);
  }
  assert.deepEqual(open({ ...copy(), number: 2 }), { fault: { why: "newer" } });
  assert.deepEqual(open(" ".repeat(1_000_001)), { fault: { why: "size" } });
});

// A place, what is put there, which fault is named (by default at that place).
const WRONG = [
  ["treatment", undefined, "table"],
  ["treatment", [], "table"],
  ["treatment.id", undefined, "name"],
  ["treatment.id", "<b>", "name"],
  ["treatment.at", "2026-11-24", "moment"],
  ["treatment.at", "2026-11-28T15:30:00Z", "moment"],
  ["treatment.at", "yesterday", "moment"],
  ["treatment.at", 5, "moment"],
  ["treatment.rough", "evening", "rough"],
  ["treatment.rough", undefined, "rough"],
  ["treatment.zone", "Mars/Olympus", "zone"],
  ["treatment.variant", "deep", "guide"],
  ["treatment.version", "9", "guide", "treatment.variant"],
  ["settings", 3, "table"],
  ["settings.language", "de", "language"],
  ["ticks.2026-11-24", "rinse", "list"],
  ["ticks.2026-11-24.0", 7, "name"],
  ["reminders.on", "yes", "flag"],
  ["reminders.kinds", {}, "list"],
  ["reminders.quiet.from", "25:00", "time"],
  ["reminders.quiet.to", undefined, "time"],
  ["reminders.pauses.0.from", "now", "number"],
  ["reminders.offset", -1, "hours"],
  ["schedule.rings", undefined, "list"],
  ["schedule.rings.0.at", null, "number"],
  ["schedule.rings.0.words", "text", "list"],
  ["schedule.rings.0.words.0", 3, "text"],
  ["schedule.rings.0.page", "//evil.example", "page"],
  ["schedule.rings.0.page", "javascript:alert(1)", "page"],
  ["schedule.later.0.id", "a b", "name"],
  ["shown.ids.aB3_", "5", "number"],
  ["clinic.name", undefined, "text"],
  ["clinic.name", "a\u0000b", "text"],
  ["clinic.phone", "5".repeat(2001), "text"],
  ["clinic.waits.makeup", -1, "hours"],
  ["clinic.waits.makeup", 1.5, "hours"],
  ["situations", "cold-sores", "list"],
  ["situations.0", {}, "name"],
  ["notices.install", "\u0007", "any"],
  ["acknowledged.0", "\ud800", "any"],
  ["secrets", {}, "entry"],
  ["subscription", { id: "x" }, "entry"],
  ["links", { used: [] }, "entry"],
  ["constructor", {}, "entry"],
];

for (const [place, value, wants, at = place] of WRONG) {
  test(`${place}: ${JSON.stringify(value)?.slice(0, 40)} is named with its place`, () => {
    const file = copy();
    const steps = place.split(".");
    const last = steps.pop();
    const inside = steps.reduce((it, step) => it[step], file.entries);
    inside[last] = value;
    assert.deepEqual(open(file), { fault: { why: "entry", at, wants } });
  });
}

test("a name that scripts take for something else is no name", () => {
  const text = JSON.stringify(copy()).replace('"later":{"size":3}', '"__proto__":{"size":3}');
  assert.deepEqual(open(text), { fault: { why: "entry", at: "settings.__proto__", wants: "name" } });
  assert.equal({}.size, undefined);
});
