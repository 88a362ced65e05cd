/**
 * More time: two minutes before a visit or a draft ends, asks whether somebody needs more (WCAG 2.2.1, 2.2.6).
 *
 * It says a clock time once and never counts down. Before it asks, and before it says that the time is over, it asks the
 * server: another tab may have added time. Without this script the page says the time, and opening it again adds the same.
 */

const SOON = 120 * 1000;
const FIELDS = "main textarea, main input";
const UNWRITTEN = ["hidden", "submit", "button"];

export class MoreTime {
  /** root: the template of the dialog. */
  constructor(root) {
    this.address = root.getAttribute("data-address");
    this.said = root.getAttribute("data-said");
    this.clock = root.getAttribute("data-clock");
    this.dialog = document.importNode(root.content, true).querySelector("dialog");
    this.stayButton = this.dialog.querySelector("[data-stay]");
    this.goOnButton = this.dialog.querySelector("[data-go-on]");
    this.failed = this.dialog.querySelector("p[data-failed]");
    this.others = [];
    this.before = null;
    this.isOver = false;
    // A visit cannot last beyond its twelve hours: near them, asking again would be of no use.
    this.isLast = false;
    this.timer = 0;

    document.body.appendChild(this.dialog);
    this.status = document.body.appendChild(document.createElement("div"));
    this.status.className = "govuk-visually-hidden";
    this.status.setAttribute("role", "status");

    this.stayButton.addEventListener("click", () => this.stay());
    this.goOnButton.addEventListener("click", () => this.goOn());
    this.dialog.querySelector("[data-exit]").addEventListener("click", (event) => {
      event.preventDefault();
      document.querySelector(".govuk-exit-this-page__button").click();
    });
    this.dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.answer();
    });
    this.dialog.addEventListener("keydown", (event) => this.keyDown(event));
    // A device that slept, or a page out of the browser's memory, has missed its timer.
    document.addEventListener("visibilitychange", () => this.wait());
    this.lasts(Number(root.getAttribute("data-seconds")));
  }

  get left() {
    return this.until - Date.now();
  }

  lasts(seconds) {
    this.until = Date.now() + seconds * 1000;
    this.wait();
  }

  wait() {
    window.clearTimeout(this.timer);
    if (!this.isOver) {
      // Once it is asked, the end is what comes next; a little after it, so that it has come.
      const next = this.isLast || this.dialog.hasAttribute("open") ? this.left + 1000 : this.left - SOON;
      this.timer = window.setTimeout(() => this.look(), Math.max(next, 0));
    }
  }

  ask(method) {
    return fetch(this.address, { method, credentials: "same-origin", headers: { Accept: "application/json" } }).then(
      (answer) => (answer.ok ? answer.json() : Promise.reject(answer.status)),
    );
  }

  look() {
    this.ask("GET").then(
      (found) => this.found(found),
      () => this.show(this.left > 0), // by our own clock, when nobody answers
    );
  }

  found(found) {
    this.until = Date.now() + found.seconds * 1000;
    if (this.left > SOON) {
      this.added(found.time);
    } else if (this.isLast && found.seconds > 0) {
      this.wait();
    } else {
      this.say(found.time || this.clock);
      this.show(found.seconds > 0);
    }
  }

  /** isSoon: there is still time; otherwise it is over. */
  show(isSoon) {
    // Somebody has pressed Exit: nothing may come between.
    if (document.body.classList.contains("govuk-exit-this-page-hide-content")) {
      return;
    }
    this.isOver = !isSoon;
    if (this.isOver) {
      this.dialog.classList.add("more-time--over");
      this.dialog.querySelector('[data-when="soon"]').hidden = true;
      this.dialog.querySelector('[data-when="over"]').hidden = false;
      this.dialog.setAttribute("aria-labelledby", "more-time-over");
      this.dialog.setAttribute("aria-describedby", "more-time-over-words");
    }
    this.open();
    (this.isOver ? this.goOnButton : this.stayButton).focus();
    this.wait();
  }

  open() {
    if (this.dialog.hasAttribute("open")) {
      return;
    }
    this.before = document.activeElement;
    if (this.dialog.showModal) {
      this.dialog.showModal();
      return;
    }
    // Browsers without dialogs: the same by hand.
    this.dialog.setAttribute("open", "");
    this.dialog.setAttribute("role", "dialog");
    this.dialog.setAttribute("aria-modal", "true");
    for (let i = 0; i < document.body.children.length; i += 1) {
      const other = document.body.children[i];
      if (other !== this.dialog && !other.hasAttribute("aria-hidden")) {
        other.setAttribute("aria-hidden", "true");
        this.others.push(other);
      }
    }
  }

  close() {
    if (!this.dialog.hasAttribute("open")) {
      return;
    }
    this.sayFailed("");
    if (this.dialog.showModal) {
      this.dialog.close();
    } else {
      this.dialog.removeAttribute("open");
      this.others.forEach((other) => other.removeAttribute("aria-hidden"));
      this.others = [];
    }
    if (this.before && this.before.focus) {
      this.before.focus();
    }
  }

  keyDown(event) {
    if (this.dialog.showModal) {
      return;
    }
    if (event.key === "Escape") {
      this.answer();
    } else if (event.key === "Tab") {
      // Between the button and the way out, and nowhere else.
      event.preventDefault();
      const button = this.isOver ? this.goOnButton : this.stayButton;
      (document.activeElement === button ? this.dialog.querySelector("[data-exit]") : button).focus();
    }
  }

  answer() {
    if (this.isOver) {
      this.goOn();
    } else {
      this.stay();
    }
  }

  stay() {
    this.sayFailed("");
    this.ask("POST").then(
      (found) => {
        this.until = Date.now() + found.seconds * 1000;
        this.isLast = this.left <= SOON;
        if (found.seconds > 0) {
          this.added(found.time);
          this.status.textContent = this.said.replace("{}", found.time);
        } else {
          this.show(false);
        }
      },
      () => {
        this.sayFailed(this.stayButton.getAttribute("data-failed"));
      },
    );
  }

  /** There is time again: says so on the page. time: when it ends now, in words. */
  added(time) {
    this.close();
    this.say(time);
    this.wait();
  }

  say(time) {
    const limit = document.getElementById("time-limit");
    if (limit && time !== this.clock) {
      limit.textContent = limit.textContent.replace(this.clock, time);
    }
    this.dialog.querySelector("[data-clock]").textContent = time;
    this.clock = time;
  }

  /** words: why a press did nothing; none takes them away. */
  sayFailed(words) {
    this.failed.textContent = words;
    this.failed.hidden = !words;
  }

  goOn() {
    if (this.hasWords()) {
      this.close();
    } else {
      window.location.replace(window.location.href.split("#")[0]);
    }
  }

  hasWords() {
    const fields = document.querySelectorAll(FIELDS);
    for (let i = 0; i < fields.length; i += 1) {
      const { type, checked, value } = fields[i];
      if (type === "radio" || type === "checkbox" ? checked : UNWRITTEN.indexOf(type) < 0 && value) {
        return true;
      }
    }
    return false;
  }
}
