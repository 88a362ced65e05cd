/**
 * Radios and checkboxes: shows what belongs to a chosen option, and lets an exclusive option clear the others.
 *
 * Our own, because the design system's scripts set aria-expanded on radios, which ARIA does not allow there.
 * Without this script all such content is simply visible.
 */
export class Options {
  constructor(root) {
    this.inputs = root.querySelectorAll('input[type="radio"], input[type="checkbox"]');
    for (let i = 0; i < this.inputs.length; i += 1) {
      const input = this.inputs[i];
      const controls = input.getAttribute("data-aria-controls");
      if (controls && document.getElementById(controls)) {
        input.setAttribute("aria-controls", controls);
        input.removeAttribute("data-aria-controls");
      }
    }
    root.addEventListener("change", (event) => this.changed(event.target));
    // A browser that brings back a page also brings back its ticks, later than this.
    window.addEventListener("pageshow", () => this.reveal());
    this.reveal();
  }

  changed(changed) {
    if (changed.type === "checkbox" && changed.checked) {
      const alone = changed.getAttribute("data-behaviour") === "exclusive";
      for (let i = 0; i < this.inputs.length; i += 1) {
        const other = this.inputs[i];
        const exclusive = other.getAttribute("data-behaviour") === "exclusive";
        if (other !== changed && other.name === changed.name && (alone || exclusive)) {
          other.checked = false;
        }
      }
    }
    this.reveal();
  }

  reveal() {
    for (let i = 0; i < this.inputs.length; i += 1) {
      const input = this.inputs[i];
      const controls = input.getAttribute("aria-controls");
      if (controls) {
        const target = document.getElementById(controls);
        const kind = target.classList.contains("govuk-radios__conditional") ? "radios" : "checkboxes";
        target.classList.toggle(`govuk-${kind}__conditional--hidden`, !input.checked);
        if (input.type === "checkbox") {
          input.setAttribute("aria-expanded", String(input.checked));
        }
      }
    }
  }
}
