/* The kill switch: instead of keeping and answering. Pages come from the network as if there were no
   worker; what was kept goes; the record stays, and push.js goes on ringing. */

async function letGo() {
  const names = (await caches.keys()).filter((name) => name.startsWith("lendemain "));
  await Promise.all(names.map((name) => caches.delete(name)));
  await clients.claim();
}

addEventListener("install", () => takeOver());
addEventListener("activate", (event) => event.waitUntil(letGo()));
addEventListener("message", ({ ports }) => ports[0]?.postMessage(null));
