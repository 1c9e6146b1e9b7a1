/** The page that reads packages: it begins once the page knows what this phone follows. */

import { opening } from "./app.js";
import { checkProducts } from "./checking.js";

const { main, treatment } = await opening;
checkProducts(main, treatment);
main.dataset.ready = "";
