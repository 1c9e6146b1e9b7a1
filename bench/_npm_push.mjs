// A peer of push.py: npm web-push as its README shows it, with a keep-alive agent, 64 in flight.
//
//     NODE_EXTRA_CA_CERTS=cert.pem node _npm_push.mjs ORIGIN FOLDER PUSHES
//
// Prints {pushes, seconds, cpu_seconds, max_rss_mb}; the time of starting is not in them.

import fs from "node:fs";
import https from "node:https";
import webpush from "web-push";

const [origin, folder, count] = process.argv.slice(2);
const IN_FLIGHT = 64;
const { p256dh, auth } = JSON.parse(fs.readFileSync(`${folder}/phone.json`, "utf8"));
const vapid = webpush.generateVAPIDKeys();
webpush.setVapidDetails("mailto:dev@example.com", vapid.publicKey, vapid.privateKey);
const agent = new https.Agent({ keepAlive: true, maxSockets: IN_FLIGHT });
const payload = "x".repeat(512);

const send = async (pushes) => {
  let next = 0;
  const one = async () => {
    while (next < pushes) {
      next += 1;
      const endpoint = `${origin}/push/${String(next).padStart(140, "0")}`;
      const subscription = { endpoint, keys: { p256dh, auth } };
      await webpush.sendNotification(subscription, payload, { agent, TTL: 3600, urgency: "high" });
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, one));
};

await send(2 * IN_FLIGHT);
const [began, cpu] = [performance.now(), process.cpuUsage()];
await send(Number(count));
const { user, system } = process.cpuUsage(cpu);
// Not resourceUsage().maxRSS, which counts the parent's memory too.
const peak = /VmHWM:\s+(\d+)/.exec(fs.readFileSync("/proc/self/status", "utf8"))[1];
console.log(JSON.stringify({
  pushes: Number(count),
  seconds: (performance.now() - began) / 1000,
  cpu_seconds: (user + system) / 1e6,
  max_rss_mb: Number(peak) / 1024,
}));
agent.destroy();
