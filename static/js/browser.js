/** What this browser can do: by what it has first, by its name where nothing else tells. */

export const agent = navigator.userAgent;

const IN_APP = /FBAN|FBAV|Instagram|musical_ly|BytedanceWebview|Snapchat|Pinterest|LinkedInApp|; wv\)/;
// An iPad calls itself a Mac; no Mac has a touch screen.
export const isPad = /iPad/.test(agent) || (/Macintosh/.test(agent) && navigator.maxTouchPoints > 1);
const isIos = isPad || /iPhone|iPod/.test(agent);

export const platform = isIos ? "ios" : /Android/.test(agent) ? "android" : "computer";

/** Whether this is the app on the home screen or in the dock, not a browser's tab. */
export const installed = () =>
  navigator.standalone === true || matchMedia("(display-mode: standalone), (display-mode: minimal-ui)").matches;

const canRing = () =>
  "serviceWorker" in navigator && "PushManager" in self && "Notification" in self && "locks" in navigator;

/**
 * Whether this browser can ring, and if not, what stands in the way.
 * @returns {"ready" | "denied" | "in-app" | "ios-tab" | "unsupported"}
 */
export function wayToRing() {
  if (IN_APP.test(agent)) return "in-app";
  // On iPhone and iPad pushes reach apps on the home screen only.
  if (isIos && !installed()) return "ios-tab";
  if (!canRing()) return "unsupported";
  return Notification.permission === "denied" ? "denied" : "ready";
}

/**
 * By whose steps this browser puts the app on the phone.
 * @returns {"in-app" | "ios-safari" | "ios-chrome" | "samsung" | "firefox" | "android" | "mac" | "computer"}
 */
export function wayToInstall() {
  // On an iPhone, a window without Safari's name is another app's, or the app itself.
  if (IN_APP.test(agent) || (isIos && !/Safari\//.test(agent) && !installed())) return "in-app";
  if (isIos) return /(Cr|Fx|Edg)iOS|OPT\//.test(agent) ? "ios-chrome" : "ios-safari";
  if (/SamsungBrowser/.test(agent)) return "samsung";
  if (/Android/.test(agent)) return /Firefox/.test(agent) ? "firefox" : "android";
  // Safari has had a Dock to add to since 17.
  return /Macintosh.* Version\/(1[7-9]|[2-9]\d).* Safari\//.test(agent) ? "mac" : "computer";
}

/** Call when the person comes back to this page: from another app, tab or window, or by the back button. */
export function onReturn(act) {
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && act());
  addEventListener("focus", act);
  addEventListener("pageshow", ({ persisted }) => persisted && act());
}

const SERVICES = [
  [/(^|\.)mozilla\.com$/, "Mozilla"],
  [/(^|\.)apple\.com$/, "Apple"],
  [/(^|\.)(windows|microsoft)\.com$/, "Microsoft"],
  [/(^|\.)(googleapis|google)\.com$/, "Google"],
];

/** Whose push service carries the pushes: told by the address, or before there is one, by the browser. */
export function pushService(endpoint = null) {
  if (endpoint) {
    const { hostname } = new URL(endpoint);
    return SERVICES.find(([pattern]) => pattern.test(hostname))?.[1] ?? hostname;
  }
  if (/Firefox\//.test(agent)) return "Mozilla";
  if (isIos || (/Safari\//.test(agent) && !/Chrom/.test(agent))) return "Apple";
  // Edge on a computer has a service of its own maker's; on Android it uses the phone's.
  return /Edg\//.test(agent) ? "Microsoft" : "Google";
}

/** WebKit and Firefox close a dialog by Escape with what was answered in it the last time. */
export function askIn(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
}
