/**
 * Exit this page: one press of the button, or Shift three times, covers the page and leaves by replacing it in the history.
 *
 * Never the Escape key: people press it for other reasons, and a screen reader may use it. Without this script the button
 * is a plain link to the same address, which the server answers in the same way.
 */

const PRESSES = 3;
/** After this many milliseconds without a press the count starts again. */
const PATIENCE = 5000;

export class Exit {
  constructor(root) {
    this.root = root;
    this.button = root.querySelector(".govuk-exit-this-page__button");
    this.presses = 0;
    this.shiftAlone = false;
    this.announced = false;
    this.timer = 0;
    this.overlay = null;

    this.lights = this.add(this.button, "div", "govuk-exit-this-page__indicator");
    this.lights.setAttribute("aria-hidden", "true");
    for (let i = 0; i < PRESSES; i += 1) {
      this.add(this.lights, "div", "govuk-exit-this-page__indicator-light");
    }
    this.status = this.add(root, "span", "govuk-visually-hidden");
    this.status.setAttribute("role", "status");

    const ways = document.querySelectorAll(".govuk-js-exit-this-page-button, .govuk-js-exit-this-page-skiplink");
    for (let i = 0; i < ways.length; i += 1) {
      ways[i].addEventListener("click", (event) => {
        event.preventDefault();
        this.leave();
      });
    }
    document.addEventListener("keydown", (event) => this.keyDown(event), true);
    document.addEventListener("keyup", (event) => this.keyUp(event), true);
    window.addEventListener("pageshow", (event) => this.shown(event));
    this.stayInView();
  }

  add(parent, tag, className) {
    const element = document.createElement(tag);
    element.className = className;
    return parent.appendChild(element);
  }

  word(name) {
    return this.root.getAttribute(`data-i18n.${name}`) || "";
  }

  leave() {
    const address = this.button.getAttribute("href");
    // Cover first: the answer may take a while on a slow line, and nobody may read on meanwhile.
    this.overlay = this.add(document.body, "div", "govuk-exit-this-page-overlay");
    this.overlay.setAttribute("role", "alert");
    this.overlay.textContent = this.word("activated");
    document.body.classList.add("govuk-exit-this-page-hide-content");
    window.location.replace(address);
  }

  // A press counts when Shift goes down and up with no other key between: capital letters do not count.
  keyDown(event) {
    this.shiftAlone = event.key === "Shift" && !event.ctrlKey && !event.altKey && !event.metaKey;
    if (event.key !== "Shift" && this.presses > 0) {
      this.forget();
    }
  }

  keyUp(event) {
    if (event.key !== "Shift" || !this.shiftAlone) {
      return;
    }
    this.shiftAlone = false;
    this.presses += 1;
    window.clearTimeout(this.timer);
    if (this.presses >= PRESSES) {
      this.presses = 0;
      this.leave();
      return;
    }
    this.timer = window.setTimeout(() => this.forget(), PATIENCE);
    this.showLights();
    // Said once a page, at the first press: a screen reader that speaks at each press would call attention.
    if (!this.announced) {
      this.announced = true;
      this.status.textContent = this.word("press-two-more-times");
    }
  }

  forget() {
    window.clearTimeout(this.timer);
    this.presses = 0;
    this.status.textContent = "";
    this.showLights();
  }

  showLights() {
    this.lights.classList.toggle("govuk-exit-this-page__indicator--visible", this.presses > 0);
    for (let i = 0; i < PRESSES; i += 1) {
      this.lights.children[i].classList.toggle("govuk-exit-this-page__indicator-light--on", i < this.presses);
    }
  }

  shown(event) {
    document.body.classList.remove("govuk-exit-this-page-hide-content");
    if (this.overlay) {
      this.overlay.parentNode.removeChild(this.overlay);
      this.overlay = null;
    }
    this.forget();
    // Brought back from the browser's memory, perhaps after exit: ask the server what may be shown now.
    if (event.persisted && document.body.classList.contains("personal")) {
      window.location.reload();
    }
  }

  // An on-screen keyboard or a pinch moves what is seen within the page, and "sticky" does not follow: we do.
  stayInView() {
    const seen = window.visualViewport;
    if (!seen) {
      return;
    }
    const follow = () => {
      const moved = seen.offsetTop > 0.5 || seen.offsetLeft > 0.5 || seen.scale > 1.01;
      this.root.style.transformOrigin = "0 0";
      this.root.style.transform = moved
        ? `translate(${seen.offsetLeft}px, ${seen.offsetTop}px) scale(${1 / seen.scale})`
        : "";
    };
    seen.addEventListener("resize", follow);
    seen.addEventListener("scroll", follow);
  }
}
