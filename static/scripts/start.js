/**
 * Starts each part on every element that its selector finds below `root`, in order.
 * A part that fails - an old browser, odd markup - leaves plain HTML behind, which works, and does not stop the next.
 *
 * @param {[string, new (element: Element) => unknown][]} parts
 * @param {ParentNode} root
 */
export function start(parts, root = document) {
  for (const [selector, Part] of parts) {
    const elements = root.querySelectorAll(selector);
    for (let i = 0; i < elements.length; i += 1) {
      try {
        new Part(elements[i]);
      } catch (fault) {
        // Nothing to do: the page is complete without this part.
      }
    }
  }
}
