/**
 * Keys at the desk: one letter presses the link or button that carries it as `data-key`, j and k go along the lines.
 *
 * Nothing happens while somebody types, or together with another key; and all of it can be turned off (WCAG 2.1.4).
 * Without this script everything is there as links and buttons.
 */
const DOWN = ["j", "ArrowDown"];
const UP = ["k", "ArrowUp"];

export class Keys {
  constructor(root) {
    this.root = root;
    this.dialog = document.getElementById("keys");
    document.addEventListener("keydown", (event) => this.pressed(event));
    const opener = root.querySelector("[data-opens]");
    if (opener && this.dialog && this.dialog.showModal) {
      opener.addEventListener("click", (event) => {
        event.preventDefault();
        this.dialog.showModal();
      });
    }
  }

  /** Somebody who turned keys off finds them off on every page, until they turn them on or sign out. */
  isOff() {
    return Boolean(this.dialog && this.dialog.hasAttribute("data-off"));
  }

  pressed(event) {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target) || this.isOff()) {
      return;
    }
    if (this.dialog && this.dialog.open) {
      return;
    }
    const step = DOWN.indexOf(event.key) >= 0 ? 1 : UP.indexOf(event.key) >= 0 ? -1 : 0;
    if (step) {
      if (this.move(step)) {
        event.preventDefault();
      }
      return;
    }
    const target = this.find(event.key);
    if (target) {
      event.preventDefault();
      if (target.nodeName === "SUMMARY") {
        open(target.parentNode);
      } else {
        target.click();
      }
    }
  }

  /** To the next line, or the one before; at the ends it stays. */
  move(step) {
    const lines = this.root.querySelectorAll("[data-row]");
    if (!lines.length) {
      return false;
    }
    const now = Array.prototype.indexOf.call(lines, lineOf(document.activeElement));
    const next = now < 0 ? (step > 0 ? 0 : lines.length - 1) : Math.min(lines.length - 1, Math.max(0, now + step));
    const link = lines[next].querySelector("a[href]");
    link.focus();
    return true;
  }

  /** What a key presses: in the line where somebody is, else anywhere outside of lines. */
  find(key) {
    const line = lineOf(document.activeElement);
    return (line && carrying(line, key)[0]) || carrying(this.root, key).filter((each) => !lineOf(each))[0];
  }
}

/** Somebody who asks for what is folded wants to go there, also where it is open already. */
function open(details) {
  details.open = true;
  const first = details.querySelector("select, input:not([type=hidden])");
  if (first) {
    first.focus();
  }
}

function carrying(root, key) {
  return Array.prototype.filter.call(
    root.querySelectorAll("[data-key]"),
    (each) => each.getAttribute("data-key") === key && each.getClientRects().length > 0,
  );
}

function lineOf(element) {
  return element && element.closest ? element.closest("[data-row]") : null;
}

function isTyping(target) {
  return Boolean(
    target && target.closest && target.closest("input:not([type=checkbox]):not([type=radio]), select, textarea"),
  );
}
