/** Keeping the guide offline: the page asks, the service worker keeps. */

const workers = navigator.serviceWorker;

/** Start the worker; nothing is lost where there is none. */
export async function startWorker() {
  if (!workers) return;
  try {
    await workers.register("/sw.js", { updateViaCache: "none" });
  } catch (fault) {
    console.warn("No service worker:", fault.name);
  }
}

/** The kept set of a treatment's guide in one language. */
export const setOf = ({ protocol, version, variant }, language) =>
  `${protocol}/${version}/${variant}/${language}`;

/** Keep one set whole; resolves to whether it is on this phone now. */
export const keepSet = (set) => ask({ keep: set });

/** Resolves to whether a set is on this phone. */
export const isKept = (set) => ask({ kept: set });

/** Remove every kept set but the shell. */
export const dropSets = () => ask({ drop: true });

async function ask(question) {
  if (!workers || !(await workers.getRegistration())) return false;
  const { active } = await workers.ready;
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => resolve(data);
    active.postMessage(question, [port2]);
  });
}
