/**
 * How the page writes: text nodes and attributes, never HTML. Invariant: what comes from a machine (names, sentences) is
 * only ever text, and what has not changed is not touched, so that the focus, an open `details` and a screen reader stay.
 */
export type Child = Node | string

export function byId(id: string): HTMLElement {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`cannot find the element ${id}: the page and its script do not match`)
  return found
}

export function write(element: Element, words: string): void {
  if (element.textContent !== words) element.textContent = words
}

/** Exactly one of the classes of `all`. */
export function dress(element: Element, name: string, all: readonly string[]): void {
  for (const one of all) element.classList.toggle(one, one === name)
}

export function make(
  name: string,
  attributes: Readonly<Record<string, string>> = {},
  ...children: Child[]
): HTMLElement {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  element.append(...children)
  return element
}

const drawn = new WeakMap<Element, string>()

/** New children, when `facts` (all that they are made of) are others than the last time. */
export function fill(element: Element, facts: unknown, children: () => readonly Child[]): void {
  const key = JSON.stringify(facts)
  if (drawn.get(element) === key) return
  drawn.set(element, key)
  element.replaceChildren(...children())
}
