/**
 * One entry: on a device that others may see, a whole request keeps to one place in the history of the browser. Each page
 * takes the place of the one before it, so Back leads to where somebody was before they began.
 *
 * A browser adds an entry for every form that it sends. So forms are sent from here, and the server answers with the address
 * of the next page, which is then opened in place of this one. A page with something to put right comes as it is, and its
 * main part is shown. When anything fails, the browser sends the form itself, as it does without scripts.
 */

const REQUEST = /^\/[^/]+\/refer\//;
const ADDRESS = "text/uri-list";

export class OneEntry {
  /** root: the body of a page of the request, or a link that leads to the request from elsewhere. */
  constructor(root) {
    this.pressed = null;
    this.waits = false;
    this.leaves = false;
    root.addEventListener("click", (event) => this.clicked(event));
    root.addEventListener("submit", (event) => this.submitted(event));
    window.addEventListener("beforeunload", () => {
      this.leaves = true;
    });
  }

  clicked(event) {
    const pressed = event.target.closest("a[href], button");
    if (pressed && pressed.tagName === "BUTTON") {
      this.pressed = pressed; // the Enter key in a field presses one too
    }
    const isPlain = !event.defaultPrevented && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    if (pressed && isPlain && pressed.origin === window.location.origin && REQUEST.test(pressed.pathname)) {
      event.preventDefault();
      window.location.replace(pressed.href);
    }
  }

  submitted(event) {
    const form = event.target;
    const button = this.pressed && this.pressed.form === form ? this.pressed : null;
    const isOurs = REQUEST.test(new URL(form.action).pathname) && !(button && button.hasAttribute("data-new-entry"));
    if (event.defaultPrevented || !isOurs) {
      return;
    }
    event.preventDefault();
    if (this.waits) {
      return;
    }
    this.waits = true;
    this.leaves = false;
    form.setAttribute("aria-busy", "true");
    const fields = new URLSearchParams(new FormData(form));
    if (button && button.name) {
      fields.append(button.name, button.value);
    }
    fetch(form.action, { method: "POST", body: fields, headers: { Accept: `${ADDRESS}, text/html` } })
      .then((answer) => answer.text().then((text) => this.answered(answer, text)))
      .catch(() => this.sendPlainly(form, button));
  }

  /** Somebody has pressed Exit, or something else that leads away: nothing may hold them here. */
  get isLeft() {
    return this.leaves || document.body.classList.contains("govuk-exit-this-page-hide-content");
  }

  answered(answer, text) {
    if (this.isLeft) {
      return;
    }
    if ((answer.headers.get("Content-Type") || "").startsWith(ADDRESS)) {
      window.location.replace(text);
    } else if (answer.redirected) {
      window.location.replace(answer.url);
    } else {
      this.show(new DOMParser().parseFromString(text, "text/html"));
    }
  }

  show(page) {
    const main = page.querySelector("main"); // without one this fails, and the browser sends the form itself
    main.setAttribute("tabindex", "-1");
    main.classList.add("govuk-skip-link-focused-element");
    document.title = page.title;
    const old = document.querySelector("main");
    old.parentNode.replaceChild(main, old);
    this.waits = false;
    main.focus();
    window.scrollTo(0, 0);
    main.dispatchEvent(new Event("shown", { bubbles: true }));
  }

  sendPlainly(form, button) {
    if (this.isLeft) {
      return;
    }
    if (button && button.name) {
      const pressed = form.appendChild(document.createElement("input"));
      pressed.type = "hidden";
      pressed.name = button.name;
      pressed.value = button.value;
    }
    HTMLFormElement.prototype.submit.call(form);
  }
}
