/**
 * Looks: shows a choice of appearance on the page at once. It is kept only when the form is sent.
 */
export class Looks {
  /** root: the form. Each of its choices says in data-looks which class name of the document it stands for. */
  constructor(root) {
    this.choices = root.querySelectorAll("[data-looks]");
    root.addEventListener("change", () => this.show());
    // A browser that comes back to this page may have filled the form in again.
    window.addEventListener("pageshow", () => this.show());
  }

  show() {
    const worn = document.documentElement.classList;
    // First off, then on: several choices stand for no class name at all.
    for (const on of [false, true]) {
      for (let i = 0; i < this.choices.length; i += 1) {
        const name = this.choices[i].getAttribute("data-looks");
        if (name && this.choices[i].checked === on) {
          worn[on ? "add" : "remove"](name);
        }
      }
    }
  }
}
