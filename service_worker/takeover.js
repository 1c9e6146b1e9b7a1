/* Taking over from the worker before, without waiting until its windows are closed. */

const AGAIN = 1000;

/**
 * Chromium gives a takeover up when the worker before is asked something at that moment, and a page that
 * is opened then waits for an answer that never comes. It begins it once more for who asks again, once only.
 */
function takeOver() {
  setTimeout(() => skipWaiting(), AGAIN);
  return skipWaiting();
}
