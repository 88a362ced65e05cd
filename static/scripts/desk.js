// Entry for the staff side: the same behaviour of forms, without the exit button.
import { Button } from "govuk-frontend/dist/govuk/components/button/button.mjs";
import { ErrorSummary } from "govuk-frontend/dist/govuk/components/error-summary/error-summary.mjs";
import { SkipLink } from "govuk-frontend/dist/govuk/components/skip-link/skip-link.mjs";

import { Keys } from "./desk-keys.js";
import { Options } from "./options.js";
import { start } from "./start.js";

start([
  ["body", Keys],
  ['[data-module="govuk-error-summary"]', ErrorSummary],
  ['[data-module="govuk-radios"], [data-module="govuk-checkboxes"]', Options],
  ['[data-module="govuk-button"]', Button],
  ['[data-module="govuk-skip-link"]', SkipLink],
]);
