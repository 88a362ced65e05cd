// Entry for the public side. Everything here is an addition: each page works in full without it.
import { Button } from "govuk-frontend/dist/govuk/components/button/button.mjs";
import { ErrorSummary } from "govuk-frontend/dist/govuk/components/error-summary/error-summary.mjs";
import { SkipLink } from "govuk-frontend/dist/govuk/components/skip-link/skip-link.mjs";

import { Again } from "./again.js";
import { Exit } from "./exit.js";
import { Looks } from "./looks.js";
import { MoreTime } from "./more-time.js";
import { OneEntry } from "./one-entry.js";
import { Options } from "./options.js";
import { start } from "./start.js";

const PARTS = [
  // First, so that nothing can come between a person and the way out.
  ['[data-module="govuk-exit-this-page"]', Exit],
  ['[data-module="govuk-error-summary"]', ErrorSummary],
  ['[data-module="govuk-radios"], [data-module="govuk-checkboxes"]', Options],
  ['[data-module="govuk-button"]', Button],
  // Only links to a place on the page: the second skip link leads out.
  ['[data-module="govuk-skip-link"][href^="#"]', SkipLink],
  ["[data-one-entry]", OneEntry],
  ["template[data-more-time]", MoreTime],
  ["form[data-again]", Again],
  ["form[data-appearance]", Looks],
];

start(PARTS);
// A page that came in place of this one, without the browser.
document.addEventListener("shown", (event) => start(PARTS, event.target));
