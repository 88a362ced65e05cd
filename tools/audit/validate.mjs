// Validates documents with html-validate. Takes a JSON list of {name, html} and gives a JSON list of {name, faults}.

import { HtmlValidate, StaticConfigLoader } from "html-validate";

const config = {
  root: true,
  extends: ["html-validate:standard", "html-validate:a11y", "html-validate:document"],
  rules: {
    // How the source is laid out says nothing to anybody.
    "no-trailing-whitespace": "off",
    "attr-quotes": "off",
    "void-style": "off",
    "long-title": "off",
    // Phone numbers stand isolated (bdi) and say how they are written.
    "tel-non-breaking": "off",
    // Old screen readers lose the list without its role, and the landmark without its own.
    "no-redundant-role": "off",
    "prefer-native-element": "off",
    // The error summary, with its h2, stands before the h1, as in the design system. Each page has one h1: tests see to that.
    "heading-level": ["error", { minInitialRank: "h2" }],
    // Everything comes from the site itself.
    "require-sri": "off",
    "no-inline-style": "error",
  },
};

let given = "";
for await (const part of process.stdin) {
  given += part;
}
const validator = new HtmlValidate(new StaticConfigLoader(config));
const answer = [];
for (const { name, html } of JSON.parse(given)) {
  const report = await validator.validateString(html, name);
  const messages = report.results.flatMap((each) => each.messages);
  const faults = messages.map((each) => `${each.ruleId}: ${each.message}${each.selector ? ` (${each.selector})` : ""}`);
  answer.push({ name, faults: [...new Set(faults)] });
}
process.stdout.write(JSON.stringify(answer));
