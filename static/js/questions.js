/** The pages that answer a question: each begins once the page knows what this phone follows. */

import { opening } from "./app.js";
import { showAnswers } from "./answers.js";
import { showAsked } from "./asked.js";
import { askSigns } from "./asking.js";
import { offerSearch } from "./searching.js";

const { main, treatment } = await opening;
const asked = {
  activities: () => offerSearch(main, treatment),
  expected: () => askSigns(main),
  questions: () => {
    showAsked(main, treatment);
    return showAnswers(main);
  },
};
await asked[main.dataset.page]();
main.dataset.ready = "";
