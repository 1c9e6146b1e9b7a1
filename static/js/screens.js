/** The pages where something is entered: each begins once the page knows what this phone follows. */

import { beginAnew, opening, personalise, working } from "./app.js";
import { showReminders } from "./choosing.js";
import { receiveLinks, showMoving } from "./moving.js";
import { askSituations } from "./naming.js";
import { showSettings } from "./settings.js";
import { askStart } from "./start.js";

const { main, treatment, chosen } = await opening;
const screens = {
  move: () => showMoving(main, personalise),
  // Not waited for: it goes on asking whether a first ring came.
  reminders: () => void (treatment && working.then(() => showReminders(main, treatment))),
  settings: () => showSettings(main, treatment, chosen, working, beginAnew),
  situations: () => askSituations(main, treatment),
  start: () => receiveLinks(main, treatment, askStart(main, treatment)),
};
await screens[main.dataset.page]();
main.dataset.ready = "";
