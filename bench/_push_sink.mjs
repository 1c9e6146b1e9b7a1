// A push service that answers 201, as cheaply as Node can: push.py's yardstick for every sender.
//
//     node _push_sink.mjs FOLDER
//
// FOLDER holds cert.pem, key.pem and phone.json {p256dh, auth, private} (base64url): every
// subscription is this one phone. Prints its port; ends when its standard input does. Pushes come
// over TLS by HTTP/2 or HTTP/1.1, to /push/…; the two below by HTTP/1.1 only.
//
// POST /reset?delay=50&decrypt=100   forget what came; answer after 50 ms; read 1 push in 100 (0: none)
// GET  /report   {total, decrypted, failed, fault, first, last, buckets: {ms: n}, cpu_seconds}; times
//                are Unix milliseconds, a bucket is 100 ms of arrivals, named by its beginning

import crypto from "node:crypto";
import fs from "node:fs";
import http2 from "node:http2";

const BUCKET = 100;
const folder = process.argv[2];
const phone = JSON.parse(fs.readFileSync(`${folder}/phone.json`, "utf8"));
const bytes = (text) => Buffer.from(text, "base64url");
const [point, auth] = [bytes(phone.p256dh), bytes(phone.auth)];
const ecdh = crypto.createECDH("prime256v1");
ecdh.setPrivateKey(bytes(phone.private));

let state;
const reset = (delay, decrypt) => {
  state = { delay, decrypt, total: 0, decrypted: 0, failed: 0, fault: null, first: 0, last: 0 };
  Object.assign(state, { buckets: new Map(), cpu: process.cpuUsage() });
};
reset(0, 0);

const report = () => {
  const { user, system } = process.cpuUsage(state.cpu);
  const { delay, decrypt, cpu, ...seen } = state;
  const buckets = Object.fromEntries(state.buckets);
  return JSON.stringify({ ...seen, buckets, cpu_seconds: (user + system) / 1e6 });
};

const hmac = (key, ...parts) => {
  const made = crypto.createHmac("sha256", key);
  for (const part of parts) made.update(part);
  return made.digest();
};

// RFC 8291, the phone's side: one record, so the whole text.
const decrypt = (body) => {
  const [salt, sender] = [body.subarray(0, 16), body.subarray(21, 86)];
  if (body[20] !== 65) throw new Error("no sender's key");
  const shared = hmac(auth, ecdh.computeSecret(sender));
  const secret = hmac(shared, "WebPush: info\0", point, sender, "\x01");
  const prk = hmac(salt, secret);
  const key = hmac(prk, "Content-Encoding: aes128gcm\0\x01").subarray(0, 16);
  const nonce = hmac(prk, "Content-Encoding: nonce\0\x01").subarray(0, 12);
  const decipher = crypto.createDecipheriv("aes-128-gcm", key, nonce);
  decipher.setAuthTag(body.subarray(-16));
  const text = Buffer.concat([decipher.update(body.subarray(86, -16)), decipher.final()]);
  const end = text.findLastIndex((byte) => byte !== 0);
  if (text[end] !== 2) throw new Error("no end of the last record");
  return text.subarray(0, end);
};

// RFC 8292: who sends, signed.
const authorized = (header) => {
  const [, token, named] = /^vapid t=([^,\s]+), *k=([^,\s]+)$/.exec(header);
  const [head, claims, signature] = token.split(".");
  const raw = bytes(named);
  const [x, y] = [raw.subarray(1, 33), raw.subarray(33)].map((half) => half.toString("base64url"));
  const key = crypto.createPublicKey({ key: { kty: "EC", crv: "P-256", x, y }, format: "jwk" });
  const signed = crypto.verify("sha256", `${head}.${claims}`, { key, dsaEncoding: "ieee-p1363" }, bytes(signature));
  if (!signed || !(JSON.parse(bytes(claims)).exp > Date.now() / 1000)) throw new Error("not authorized");
};

const read = (headers, body) => {
  try {
    if (headers["content-encoding"] !== "aes128gcm" || !(headers.ttl >= 0)) throw new Error("headers");
    authorized(headers.authorization);
    if (decrypt(body).length < 500) throw new Error("short");
    state.decrypted += 1;
  } catch (error) {
    state.failed += 1;
    state.fault ??= String(error);
  }
};

const receive = (incoming, headers, answer) => {
  const now = state.total;
  state.total += 1;
  if (state.decrypt && now % state.decrypt === 0) {
    const parts = [];
    incoming.on("data", (part) => parts.push(part));
    incoming.on("end", () => read(headers, Buffer.concat(parts)));
  } else {
    incoming.resume();
  }
  incoming.on("end", () => {
    state.last = Date.now();
    state.first ||= state.last;
    const bucket = state.last - (state.last % BUCKET);
    state.buckets.set(bucket, (state.buckets.get(bucket) ?? 0) + 1);
    if (state.delay) setTimeout(answer, state.delay);
    else answer();
  });
};

const asked = (request, response) => {
  const { pathname, searchParams } = new URL(request.url, "https://sink");
  if (pathname === "/reset") reset(Number(searchParams.get("delay")), Number(searchParams.get("decrypt")));
  request.resume();
  response.writeHead(200, { "content-type": "application/json" });
  response.end(report());
};

const server = http2.createSecureServer({
  cert: fs.readFileSync(`${folder}/cert.pem`),
  key: fs.readFileSync(`${folder}/key.pem`),
  allowHTTP1: true,
  maxSessionMemory: 256,
  settings: { maxConcurrentStreams: 1000 },
});
server.keepAliveTimeout = 0;
server.on("request", (request, response) => {
  if (!request.url.startsWith("/push/")) {
    asked(request, response);
    return;
  }
  receive(request, request.headers, () => {
    response.writeHead(201, { "content-length": 0 });
    response.end();
  });
});
// Listening to "request" made Node wrap HTTP/2 streams too, which costs more than all the rest.
server.removeAllListeners("stream");
server.on("stream", (stream, headers) => {
  // A sender that is stopped may cut what is under way.
  stream.on("error", () => {});
  receive(stream, headers, () => {
    if (!stream.destroyed) stream.respond({ ":status": 201 }, { endStream: true });
  });
});
server.on("session", (session) => {
  session.on("error", () => {});
  session.setLocalWindowSize(1 << 24);
});
server.listen(0, "127.0.0.1", 4096, () => console.log(server.address().port));
process.stdin.resume().on("end", () => process.exit());
