/**
 * Again: a page that could not be answered because many people are here sends its form once more by itself, with what was typed.
 *
 * Not at once, and not all at the same moment. Whoever touches the form first sends it themselves.
 */

const SOONEST = 3000;
const SPREAD = 3000;

export class Again {
  /** root: the form. */
  constructor(root) {
    const timer = window.setTimeout(() => this.send(root), SOONEST + Math.random() * SPREAD);
    for (const what of ["input", "submit"]) {
      root.addEventListener(what, () => window.clearTimeout(timer));
    }
    window.addEventListener("pagehide", () => window.clearTimeout(timer));
  }

  send(form) {
    // Somebody has pressed Exit: nothing may hold them here.
    if (!document.body.classList.contains("govuk-exit-this-page-hide-content")) {
      HTMLFormElement.prototype.submit.call(form);
    }
  }
}
