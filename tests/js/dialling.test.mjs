/** What a phone dials for what a person types. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { dialled } from "../../static/js/dialling.js";

const DIALLED = {
  "514 555-0134": "5145550134",
  "(514) 555-0134": "5145550134",
  " 514.555.0134 ": "5145550134",
  "514\u00a0555\u20110134": "5145550134",
  "1 800 555 0134": "18005550134",
  "+1 514 555-0134": "+15145550134",
  "+33 (0)1 99 00 12 34": "+33199001234",
  "5550134": "5550134",
  // An extension is no part of the number: dialled along, it would reach somebody else.
  "514 555-0134 poste 22": "5145550134",
  "514 555-0134, p. 22": "5145550134",
  "514 555-0134, poste 12": "5145550134",
  "514 555-0134 (poste 12)": "5145550134",
  "514 555-0134; ext. 12": "5145550134",
  "514 555-0134, 12": "5145550134",
  // As contacts, web pages and letters give it to whoever copies it.
  "Tél. : 514 555-0134": "5145550134",
  "Tel: 514 555-0134": "5145550134",
  "Téléphone : (514) 555-0134": "5145550134",
  "tel:+15145550134": "+15145550134",
  "\u202d+1 (514) 555-0134\u202c": "+15145550134",
  "514\u2212555\u22120134": "5145550134",
  "514 555-0134 p. 22": "5145550134",
  "514-555-0134x22": "5145550134",
  "514-555-0134 ext. 22": "5145550134",
  "514-555-0134 #22": "5145550134",
};

const NO_NUMBER = [
  "",
  " ",
  "811",
  "911",
  "555-013",
  "call Julie",
  "514-555-SKIN",
  "514 555-0134 or 514 555-0135",
  "info@clinic.example",
  "++1 514 555 0134",
  "514+5550134",
  "1234567890123456",
  "Tel",
  "Tél. : Julie",
  "٥١٤٥٥٥٠١٣٤",
];

test("a number is dialled by its digits", () => {
  for (const [typed, number] of Object.entries(DIALLED)) assert.equal(dialled(typed), number, typed);
});

test("what is no telephone number is not dialled", () => {
  for (const typed of NO_NUMBER) assert.equal(dialled(typed), null, typed);
});
